// Tells a monitor and the user's own commands how a run went. Nothing that goes wrong here changes the run: it is a warning.

import { runHook } from "../core/schedule/hook.ts";
import {
	type PingOptions,
	parsePingUrl,
	pingUrlProblem,
	sendPing,
} from "../core/schedule/notify.ts";
import type { AppError } from "../ground/errors.ts";
import { withGrace } from "../ground/process.ts";
import { type Environment, resolveSettings } from "../ground/settings.ts";
import { version } from "../ground/version.ts";
import { usage } from "./arguments/args.ts";
import type { NotifyArgs } from "./arguments/notify.ts";
import type { Context } from "./context.ts";
import { failed, finished, type Outcome } from "./outcome.ts";
import type { Result } from "./output.ts";

/** How patient to be; after a signal somebody waits for our end, and gives a container 10 s for it. */
const PATIENT = {
	ping: { timeoutMs: 5000, retryDelaysMs: [500, 1500] },
	hookTimeoutMs: 300_000,
};
const HURRIED = {
	ping: { timeoutMs: 2000, retryDelaysMs: [] },
	hookTimeoutMs: 5000,
};

/**
 * Does the work of a command and tells of its start and its end; a dry run tells nobody.
 * @returns the work's result, with a warning for each who could not be told
 * @throws what the work throws, and AppError USAGE if --ping-url is malformed
 */
export async function notified(
	context: Context,
	args: NotifyArgs,
	work: () => Promise<Result>,
): Promise<Result> {
	const { signal, output } = context;
	const target = await withGrace(pingTarget(args, context), signal);
	if (args["dry-run"]) return withGrace(work(), signal);
	const started = target.url && startPing(target.url, context.signal);
	const tell = (outcome: Outcome) =>
		tellOthers(outcome, { ...target, started }, args, context);
	let result: Result;
	try {
		result = await withGrace(work(), signal);
	} catch (error) {
		// What a signal breaks off fails in many ways; the signal is the reason.
		await output.warn(
			await tell(failed(signal.aborted ? signal.reason : error)),
		);
		throw error;
	}
	const told = await tell(finished(result));
	const warnings = [...(result.warnings ?? []), ...told];
	return { ...result, warnings, json: { ...result.json, warnings } };
}

/** Tells of a run that could not tell of its own end. */
export async function tellFailure(
	error: AppError,
	args: NotifyArgs,
	context: Context,
): Promise<void> {
	const target = { ...(await pingTarget(args, context)), started: null };
	const told = await tellOthers(failed(error), target, args, context);
	await context.output.warn(told);
}

/** @returns a warning for each who could not be told */
async function tellOthers(
	outcome: Outcome,
	{
		url,
		warnings,
		started,
	}: Target & { started: Promise<string | null> | null },
	args: NotifyArgs,
	{ environment, signal: runSignal }: Context,
): Promise<string[]> {
	const limits = runSignal.aborted ? HURRIED : PATIENT;
	// The signal that ended the run must not silence the news of it.
	const signal = limits === PATIENT ? runSignal : undefined;
	const patience = { ...limits, signal };
	const told = await Promise.all([
		tellMonitor(url, started, outcome, patience),
		runOwnCommand(args, outcome, environment, patience),
	]);
	return [...warnings, ...told.flat()];
}

async function startPing(
	url: URL,
	signal: AbortSignal,
): Promise<string | null> {
	const limits = { ...PATIENT.ping, retryDelaysMs: [] };
	const reason = await sendPing(url, "start", "", withAgent(limits, signal));
	return signal.aborted ? null : reason;
}

interface Patience {
	readonly ping: Pick<PingOptions, "timeoutMs" | "retryDelaysMs">;
	readonly hookTimeoutMs: number;
	readonly signal: AbortSignal | undefined;
}

/** In order: a start that comes after the end would look like a run that never ends. */
async function tellMonitor(
	url: URL | null,
	started: Promise<string | null> | null,
	{ ping, body }: Outcome,
	{ ping: limits, signal }: Patience,
): Promise<string[]> {
	if (url === null) return [];
	const startReason = await started;
	const endReason = await sendPing(url, ping, body, withAgent(limits, signal));
	const reason = endReason ?? startReason;
	if (reason === null) return [];
	const what = endReason === null ? "start" : "outcome";
	return [`the monitor at the ping URL did not hear of the ${what}: ${reason}`];
}

async function runOwnCommand(
	args: NotifyArgs,
	{ ping, json }: Outcome,
	environment: Environment,
	{ hookTimeoutMs: timeoutMs, signal }: Patience,
): Promise<string[]> {
	const flag = ping === "success" ? "on-success" : "on-failure";
	const command = args[flag];
	if (!command) return [];
	const { VPO_BACKUP_PING_URL: _, ...harmless } = environment;
	const options = { environment: harmless, timeoutMs, signal };
	const reason = await runHook(command, `${JSON.stringify(json)}\n`, options);
	return reason === null ? [] : [`--${flag}: the command failed: ${reason}`];
}

function withAgent(
	limits: Pick<PingOptions, "timeoutMs" | "retryDelaysMs">,
	signal: AbortSignal | undefined,
): PingOptions {
	return { ...limits, signal, userAgent: `vpo-library/${version}` };
}

interface Target {
	readonly url: URL | null;
	readonly warnings: readonly string[];
}

/** The settings may be what is wrong, and that must be told too; then flag and environment decide. */
async function pingTarget(
	args: NotifyArgs,
	{ environment }: Context,
): Promise<Target> {
	const flag = args["ping-url"];
	let text = flag ?? environment.VPO_BACKUP_PING_URL ?? null;
	let origin = flag ? "--ping-url" : "VPO_BACKUP_PING_URL";
	try {
		const settings = await resolveSettings({ pingUrl: flag }, environment);
		text = settings.pingUrl;
		origin = settings.origins.pingUrl;
	} catch {
		// The work meets the same error and reports it.
	}
	const problem = pingUrlProblem(text, origin);
	if (problem === null) {
		return { url: text ? parsePingUrl(text) : null, warnings: [] };
	}
	if (flag) throw usage(problem);
	return { url: null, warnings: [`${problem}: nobody was told of this run`] };
}
