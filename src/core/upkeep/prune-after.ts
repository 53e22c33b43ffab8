// Pruning by the configured rules once a backup stands: what goes wrong there is told, and takes nothing from the backup.

import { AppError } from "../../ground/errors.ts";
import type { Settings } from "../../ground/settings.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { Location } from "../location/location.ts";
import { viewerOf } from "../location/standing.ts";
import type { CopyPlace } from "./copies/places.ts";
import { executePrune, hiddenWarning } from "./prune.ts";
import { planPrune } from "./pruning/plan.ts";
import { ruleZone } from "./rules.ts";

/** What the pruning of one location after a backup did. */
export interface Pruning {
	readonly location: Location;
	readonly removed: readonly string[];
	readonly freedBytes: number;
	/** Why it failed, or left something; null if it did not. */
	readonly problem: string | null;
}

/** Prunes a location once a new backup stands. Its failure is reported, not thrown: the backup is good. */
export async function pruneAfter(
	{ location, rules }: CopyPlace,
	settings: Settings,
	now: Date,
	workshop: Workshop,
): Promise<Pruning> {
	const { signal } = workshop;
	try {
		const viewer = await viewerOf(settings, now);
		const timeZone = ruleZone(settings.backup.utc);
		const plan = await planPrune(
			{
				location,
				rules,
				timeZone,
				viewer,
				settings,
				trustsClock: false,
				isDryRun: false,
			},
			workshop,
		);
		const pruned = await executePrune(plan, signal);
		const { removed, hidden, left, freedBytes } = pruned;
		const reasons = left.map(({ name, reason }) => `${name} (${reason})`);
		const problems = [
			...(plan.obstacle === null ? [] : [plan.obstacle]),
			...(left.length > 0 ? [`left ${reasons.join(", ")}`] : []),
			...[hiddenWarning(pruned) ?? []].flat(),
		];
		return {
			location,
			removed: [...removed, ...hidden].map(({ name }) => name),
			freedBytes,
			problem: problems.length > 0 ? problems.join("; ") : null,
		};
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
		return {
			location,
			removed: [],
			freedBytes: 0,
			problem: `pruning failed: ${error.message}`,
		};
	}
}
