// Puts a schedule where cron or systemd finds it, and takes it out again: shown first, asked for, and once only.

import { isoSeconds } from "../../core/archive/metadata.ts";
import type { Change } from "../../core/schedule/installed/change.ts";
import { planCrontab } from "../../core/schedule/installed/crontab.ts";
import { planUnits, type Units } from "../../core/schedule/installed/units.ts";
import { AppError } from "../../ground/errors.ts";
import { resolveLinks } from "../../ground/paths.ts";
import { cancelled, confirmOnTerminal, isTerminal } from "../confirm.ts";
import type { Context } from "../context.ts";
import type { Result } from "../output.ts";
import type { Call } from "./call.ts";
import { toCrontab } from "./crontab.ts";
import { formatNext, requireNoSecret, warningsOf } from "./printed.ts";
import { toService, toTimer, toUserService } from "./systemd.ts";
import { type Format, nextTimes, type Timing } from "./timing.ts";

/**
 * Puts a schedule into the crontab, or into systemd's units. A second time nothing is changed.
 * @throws AppError USAGE: it can't be kept there; CONFIRMATION_REQUIRED, CANCELLED; as `planCrontab` and `planUnits`
 */
export async function installSchedule(
	call: Call,
	timing: Timing,
	format: Format,
	isSure: boolean,
	context: Context,
): Promise<Result> {
	const { environment, now } = context;
	requireNoSecret(call);
	const library = await resolveLinks(call.settings.databasePath);
	const change =
		format === "systemd"
			? await planUnits(library, unitsFor(call, timing), environment)
			: await planCrontab(
					library,
					orThrow(toCrontab(call, timing, now, "")),
					environment,
				);
	const nextRuns = nextTimes(timing, format, now).map(isoSeconds);
	const next = formatNext(nextRuns);
	const json = {
		where: change.where,
		installed: change.after,
		next_runs: nextRuns,
	};
	const warnings = warningsOf(call, environment);
	if (!change.isNeeded) {
		return {
			text: `Nothing to change: it is in ${change.where} already; ${next}`,
			json: { success: true, changed: false, ...json, warnings },
			warnings,
		};
	}
	const instead = change.before ? `instead of:\n\n${change.before}\n\n` : "";
	const what = `Into ${change.where}:\n\n${change.after}\n\n${instead}${next}`;
	await requireYes(what, "Install it?", isSure, context);
	const told = [...warnings, ...(await change.apply())];
	return {
		text: `Installed in ${change.where}; ${next}`,
		json: { success: true, changed: true, ...json, warnings: told },
		warnings: told,
	};
}

/**
 * Takes out what `installSchedule` put there for this library.
 * @param format where; undefined: wherever it is
 */
export async function uninstallSchedule(
	call: Call,
	format: Format | undefined,
	isSure: boolean,
	context: Context,
): Promise<Result> {
	const { environment } = context;
	const library = await resolveLinks(call.settings.databasePath);
	const plans = [
		...(format === "systemd" ? [] : [planCrontab(library, null, environment)]),
		...(format === "crontab" ? [] : [planUnits(library, null, environment)]),
	].map((plan) => (format === undefined ? ifThere(plan) : plan));
	const changes = (await Promise.all(plans)).filter(
		(change): change is Change => change?.isNeeded ?? false,
	);
	const places = changes.map(({ where }) => where).join(" and ");
	if (changes.length === 0) {
		return {
			text: `Nothing to remove: --install has put nothing there for ${library}`,
			json: { success: true, changed: false, removed: [] },
		};
	}
	const what = changes.map(
		({ where, before }) => `Out of ${where}:\n\n${before}\n`,
	);
	await requireYes(what.join("\n"), "Remove it?", isSure, context);
	const warnings: string[] = [];
	for (const change of changes) warnings.push(...(await change.apply()));
	return {
		text: `Removed from ${places}`,
		json: {
			success: true,
			changed: true,
			removed: changes.map(({ where }) => where),
			warnings,
		},
		warnings,
	};
}

function unitsFor(call: Call, timing: Timing): Units {
	const isRoot = process.getuid?.() === 0;
	return {
		service: isRoot ? toService(call) : toUserService(call),
		timer: orThrow(toTimer(timing)),
	};
}

function orThrow(text: string | AppError): string {
	if (text instanceof AppError) throw text;
	return text;
}

/** A tool that is not here keeps no schedule. */
async function ifThere(plan: Promise<Change>): Promise<Change | null> {
	return plan.catch((error) => {
		if (error instanceof AppError && error.code === "NOT_FOUND") return null;
		throw error;
	});
}

async function requireYes(
	what: string,
	question: string,
	isSure: boolean,
	context: Context,
): Promise<void> {
	if (isSure || isTerminal()) context.output.info(what);
	if (isSure) return;
	if (!(await confirmOnTerminal(question, context))) throw cancelled();
}
