// Tells a monitor and the user's own commands how a run went. Nothing that goes wrong here changes the run: it is a warning.

import type { ArgsDef } from "citty";
import { runHook } from "../core/hook.ts";
import {
	type Ping,
	type PingOptions,
	parsePingUrl,
	sendPing,
} from "../core/notify.ts";
import { resolveSettings } from "../settings.ts";
import { version } from "../version.ts";
import { usage } from "./args.ts";
import type { Context } from "./context.ts";
import { failureJson, type Result } from "./output.ts";

export const notifyArgs = {
	"ping-url": {
		type: "string",
		valueHint: "URL",
		description: "Report the run there as to healthchecks.io; a secret",
	},
	"on-success": {
		type: "string",
		valueHint: "CMD",
		description: "Run this if all went well, the JSON result on its stdin",
	},
	"on-failure": {
		type: "string",
		valueHint: "CMD",
		description: "Run this if not, the JSON error on its stdin",
	},
} as const satisfies ArgsDef;

export interface NotifyArgs {
	readonly "ping-url"?: string | undefined;
	readonly "on-success"?: string | undefined;
	readonly "on-failure"?: string | undefined;
	readonly "dry-run"?: boolean | undefined;
}

/** How patient to be; after a signal somebody waits for our end, and gives a container 10 s for it. */
const PATIENT = {
	ping: { timeoutMs: 5000, retryDelaysMs: [500, 1500] },
	hookTimeoutMs: 300_000,
};
const HURRIED = {
	ping: { timeoutMs: 2000, retryDelaysMs: [] },
	hookTimeoutMs: 5000,
};

/** A run's outcome as others hear of it. */
interface Outcome {
	readonly ping: Ping;
	readonly body: string;
	readonly json: object;
}

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
	const target = pingTarget(args, context);
	if (args["dry-run"]) return work();
	const started = target.url && startPing(target.url, context.signal);
	const tell = async (outcome: Outcome) => [
		...target.warnings,
		...warningOf("--ping-url", "start", await started),
		...(await tellOthers(outcome, target.url, args, context)),
	];
	let result: Result;
	try {
		result = await work();
	} catch (error) {
		// What a signal breaks off fails in many ways; the signal is the reason.
		const { signal, output } = context;
		await output.warn(
			await tell(failed(signal.aborted ? signal.reason : error)),
		);
		throw error;
	}
	const told = await tell(finished(result));
	const warnings = [...(result.warnings ?? []), ...told];
	return { ...result, warnings, json: { ...result.json, warnings } };
}

async function startPing(
	url: URL,
	signal: AbortSignal,
): Promise<string | null> {
	const limits = { ...PATIENT.ping, retryDelaysMs: [] };
	const reason = await sendPing(url, "start", "", withAgent(limits, signal));
	return signal.aborted ? null : reason;
}

async function tellOthers(
	{ ping, body, json }: Outcome,
	url: URL | null,
	args: NotifyArgs,
	{ environment, signal: runSignal }: Context,
): Promise<string[]> {
	const signal = runSignal.aborted ? undefined : runSignal;
	const limits = signal ? PATIENT : HURRIED;
	const flag = ping === "success" ? "on-success" : "on-failure";
	const command = args[flag];
	const { VPO_BACKUP_PING_URL: _, ...safe } = environment;
	const hook = {
		environment: safe,
		timeoutMs: limits.hookTimeoutMs,
		signal,
	};
	const [pingReason, hookReason] = await Promise.all([
		url && sendPing(url, ping, body, withAgent(limits.ping, signal)),
		command ? runHook(command, `${JSON.stringify(json)}\n`, hook) : null,
	]);
	return [
		...warningOf("--ping-url", ping, pingReason),
		...warningOf(`--${flag}`, null, hookReason),
	];
}

function withAgent(
	limits: Pick<PingOptions, "timeoutMs" | "retryDelaysMs">,
	signal: AbortSignal | undefined,
): PingOptions {
	return { ...limits, signal, userAgent: `vpo-library/${version}` };
}

function warningOf(
	flag: string,
	ping: Ping | null,
	reason: string | null,
): string[] {
	if (reason === null) return [];
	const what = ping === null ? "the command failed" : `no ping of ${ping}`;
	return [`${flag}: ${what}: ${reason}`];
}

/** The settings may be what is wrong, and that must be told too; then flag and environment decide. */
function pingTarget(
	args: NotifyArgs,
	{ environment }: Context,
): { readonly url: URL | null; readonly warnings: readonly string[] } {
	const flag = args["ping-url"];
	let text = flag ?? environment.VPO_BACKUP_PING_URL ?? null;
	let origin = flag ? "--ping-url" : "VPO_BACKUP_PING_URL";
	try {
		const settings = resolveSettings({ pingUrl: flag }, environment);
		text = settings.pingUrl;
		origin = settings.origins.pingUrl;
	} catch {
		// The work meets the same error and reports it.
	}
	const url = text ? parsePingUrl(text) : null;
	if (url || !text) return { url, warnings: [] };
	const need = "must be an http:// or https:// address";
	if (flag) throw usage(`--ping-url ${need}`);
	const where = origin === "config.toml" ? "ping_url in config.toml" : origin;
	return { url, warnings: [`${where} ${need}: nobody was told of this run`] };
}

function finished({ text, json, warnings = [], exitCode }: Result): Outcome {
	const lines = warnings.map((warning) => `Warning: ${warning}`);
	const body = [text, ...lines].join("\n");
	return { ping: exitCode ? "fail" : "success", body, json };
}

function failed(error: unknown): Outcome {
	const json = failureJson(error);
	const title = `Failed with exit code ${json.exit_code} (${json.code})`;
	const body = [title, json.error, json.hint ?? ""].join("\n").trimEnd();
	return { ping: "fail", body, json };
}
