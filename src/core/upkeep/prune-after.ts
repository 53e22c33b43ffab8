// Pruning by the configured rules once a backup stands: what goes wrong there is told, and takes nothing from the backup.

import { AppError } from "../../ground/errors.ts";
import type { Settings } from "../../ground/settings.ts";
import type { Workshop } from "../archive/workshop.ts";
import { readMarks } from "../location/marks.ts";
import { openBackups } from "../location/open.ts";
import type { RetentionRules } from "./policy.ts";
import { executePrune, planPrune } from "./prune.ts";

/** What the pruning after a backup did. */
export interface Pruning {
	readonly removed: readonly string[];
	readonly freedBytes: number;
	/** Why it failed, or left something; null if it did not. */
	readonly problem: string | null;
}

/** Prunes by the configured rules once a new backup stands. Its failure is reported, not thrown: the backup is good. */
export async function pruneAfter(
	settings: Settings,
	rules: RetentionRules,
	now: Date,
	{ pool, signal }: Workshop,
): Promise<Pruning> {
	try {
		const location = openBackups(settings);
		const marks = await readMarks(location, signal);
		if (marks.warning !== null) throw unreadablePins(marks.warning);
		const timeZone = Temporal.Now.timeZoneId();
		const options = { location, rules, timeZone, now, ...marks, pool, signal };
		const { removed, left, freedBytes } = await executePrune(
			await planPrune(options),
			signal,
		);
		const problem =
			left.length === 0
				? null
				: `left ${left.map(({ name, reason }) => `${name} (${reason})`).join(", ")}`;
		return { removed: removed.map(({ name }) => name), freedBytes, problem };
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
		return {
			removed: [],
			freedBytes: 0,
			problem: `pruning failed: ${error.message}`,
		};
	}
}

/** Without its pins a backup that somebody wants to keep might go. */
export function unreadablePins(warning: string): AppError {
	return new AppError("OPERATION_FAILED", `pins can't be read: ${warning}`, {
		hint: "nothing was removed; remove that file if no pin matters, then try again",
	});
}
