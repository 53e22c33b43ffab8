// Removes the backups that no retention rule keeps: a plan first, then exactly what the plan says and nothing else.

import type { Removal } from "../location/location.ts";
import {
	heldUp,
	type PlannedFile,
	type PrunePlan,
	unreadablePins,
} from "./pruning/plan.ts";
import type { NotKept } from "./retention.ts";

export interface Pruned {
	readonly removed: readonly PlannedFile[];
	/** What has lost its name and takes its room all the same: the location keeps old versions. */
	readonly hidden: readonly PlannedFile[];
	/** What the plan would have removed, and why it is still there. */
	readonly left: readonly NotKept[];
	/** Whether some of it is still there because the location refuses to let it go. */
	readonly isStuck: boolean;
	readonly freedBytes: number;
}

/**
 * Removes the plan's files by their exact names; one that changed or was pinned since the plan is left, and one that
 * can't be removed does not stop the others.
 * @throws AppError OPERATION_FAILED: the pins can't be read; the signal's reason
 */
export async function executePrune(
	plan: PrunePlan,
	signal?: AbortSignal,
): Promise<Pruned> {
	const { location, remove } = heldUp(plan);
	const state = await location.readState(signal);
	if (state.warning !== null) throw unreadablePins(state.warning);
	const isPinned = ({ name }: PlannedFile) => state.of(name, null).pinned;
	const meant = remove.filter((planned) => !isPinned(planned));
	const files = meant.map(({ file }) => file);
	const removals = await location.remove(files, signal);
	const outcomes = removals.map(({ outcome }) => outcome);
	const having = (outcome: Removal["outcome"]) =>
		meant.filter((_, index) => outcomes[index] === outcome);
	const removed = having("removed");
	return {
		removed,
		hidden: having("hidden"),
		left: [
			...remove
				.filter(isPinned)
				.map(({ name }) => ({ name, reason: "pinned since the plan" })),
			...removals.flatMap(({ name, reason }) =>
				reason === null ? [] : { name, reason },
			),
		],
		isStuck: outcomes.includes("stuck"),
		freedBytes: removed.reduce((sum, { file }) => sum + file.sizeBytes, 0),
	};
}

/** What a person should know of backups that were only hidden; null if none was. */
export function hiddenWarning({ hidden }: Pruned): string | null {
	const [first] = hidden;
	if (!first) return null;
	const what = hidden.length === 1 ? first.name : `${hidden.length} backups`;
	return `only hidden, not removed: ${what}; the bucket keeps old versions, until a lifecycle rule of its own ends them`;
}
