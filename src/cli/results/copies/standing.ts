// How copy locations stand, as lines below a list and as keys of a document.

import type { PlaceStanding } from "../../../core/upkeep/copies/overview.ts";
import {
	formatAgo,
	formatBytes,
	formatCount,
	printableLine,
} from "../../format.ts";

/** One line for each copy location. */
export function standingLine(
	{ address, problem, ...standing }: PlaceStanding,
	now: Date,
): string {
	const where = `Copies in ${printableLine(address)}`;
	if (problem !== null) return `${where}: ${printableLine(problem)}`;
	const { backupCount, totalBytes, damagedCount, currentAt } = standing;
	const facts = [
		`${formatCount(backupCount)} ${backupCount === 1 ? "backup" : "backups"}`,
		formatBytes(totalBytes),
		currentAt === null
			? "no good one"
			: `newest good ${formatAgo(currentAt, now)}`,
		...(standing.verifiedCount > 0
			? [`${formatCount(standing.verifiedCount)} verified`]
			: []),
		...(damagedCount > 0 ? [`${formatCount(damagedCount)} damaged`] : []),
	];
	return `${where}: ${facts.join(", ")}`;
}

/** The keys of one copy location. */
export function standingJson(standing: PlaceStanding): object {
	return {
		location: standing.address,
		error: standing.problem,
		total_count: standing.backupCount,
		total_size_bytes: standing.totalBytes,
		damaged_count: standing.damagedCount,
		verified_count: standing.verifiedCount,
		newest_backup: standing.newest?.path ?? null,
		newest_backup_created_at: standing.newest?.createdAt ?? null,
		current_at: standing.currentAt,
	};
}
