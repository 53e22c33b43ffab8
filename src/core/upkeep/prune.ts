// Removes the backups that no retention rule keeps: a plan first, then exactly what the plan says and nothing else.

import { AppError } from "../../ground/errors.ts";
import type { GzipPool } from "../archive/gzip.ts";
import { readArchive } from "../archive/unpack.ts";
import { type Backup, readCatalog } from "../location/catalog.ts";
import { requireOneLibrary } from "../location/latest.ts";
import {
	type Location,
	type Removal,
	requireStored,
	type Stored,
} from "../location/location.ts";
import { PRE_RESTORE } from "../location/names.ts";
import type { Viewer } from "../location/standing.ts";
import {
	type Kept,
	type NotKept,
	planRetention,
	type RetentionCandidate,
	type RetentionRules,
} from "./retention.ts";

const DAMAGED_PROTECTION_MS = 7 * 24 * 3600 * 1000;

export interface PruneOptions {
	readonly location: Location;
	readonly rules: RetentionRules;
	/** An IANA name, or "UTC": where days and weeks begin. */
	readonly timeZone: string;
	readonly viewer: Viewer;
	readonly pool: GzipPool;
	readonly signal?: AbortSignal | undefined;
}

/** A file as it was when the plan was made. */
export interface PlannedFile extends NotKept {
	readonly createdAt: string | null;
	readonly file: Stored;
}

export interface PrunePlan {
	readonly location: Location;
	readonly keep: readonly Kept[];
	readonly remove: readonly PlannedFile[];
	/** Damaged and foreign files: reported, never removed. */
	readonly untouched: readonly NotKept[];
}

/**
 * Decides what to keep and what to remove. If anything would go, the newest good backup is read to its last byte first:
 * one that is damaged doesn't count, and the plan is made anew without it.
 * @throws AppError OPERATION_FAILED: the folder can't be read
 */
export async function planPrune(options: PruneOptions): Promise<PrunePlan> {
	const { location, rules, viewer, timeZone, signal } = options;
	const { now } = viewer;
	const catalog = await readCatalog(location, viewer, signal);
	const { warning } = catalog.state;
	if (warning !== null) throw unreadablePins(warning);
	requireOneLibrary(catalog);
	const backups = catalog.backups.filter(isOwn);
	const damaged = new Map<string, string>();
	const byName = new Map(backups.map((backup) => [backup.filename, backup]));
	for (const { filename, entry, doubt } of backups) {
		if (doubt?.kind === "damaged") damaged.set(filename, doubt.reason);
		else if (entry.isLink)
			damaged.set(filename, "a link: what it leads to counts");
	}
	for (;;) {
		const candidates = backups.map((backup) => toCandidate(backup, damaged));
		const when = { now: now.toISOString(), timeZone };
		const plan = planRetention(candidates, rules, when);
		const newest = plan.remove.length > 0 ? newestGood(candidates, now) : null;
		const entry = newest && byName.get(newest)?.entry;
		const problem = entry && (await findDamage(requireStored(entry), options));
		if (newest && problem) {
			damaged.set(newest, problem);
			continue;
		}
		const untouched = [
			...plan.untouched.map(({ name, reason }) => ({
				name,
				reason: damaged.get(name) ?? reason,
			})),
			...catalog.backups
				.filter((backup) => !isOwn(backup))
				.map(({ filename: name }) => ({ name, reason: "of another library" })),
		];
		const remove = plan.remove.flatMap(({ name, reason }) => {
			const backup = byName.get(name);
			if (!backup) return [];
			const { createdAt, entry } = backup;
			return { name, reason, createdAt, file: requireStored(entry) };
		});
		remove.push(...(await oldDamaged(options)));
		return { location, keep: plan.keep, remove, untouched };
	}
}

// What a repair has kept had its time to be missed.
async function oldDamaged({
	location,
	viewer,
	signal,
}: PruneOptions): Promise<PlannedFile[]> {
	const kept = await location.listDamaged(signal);
	const isOld = ({ modifiedMs }: Stored) =>
		viewer.now.getTime() - modifiedMs > DAMAGED_PROTECTION_MS;
	return kept.filter(isOld).map((file) => ({
		name: file.name,
		reason: "repaired more than 7 days ago",
		createdAt: null,
		file,
	}));
}

function isOwn({ doubt }: Backup): boolean {
	return doubt?.kind !== "other library";
}

function toCandidate(
	{ filename, currentAt, metadata, remembered }: Backup,
	damaged: ReadonlyMap<string, string>,
): RetentionCandidate {
	const isPinned = remembered.pinned;
	return {
		name: filename,
		createdAt: currentAt,
		kind: metadata?.own?.kind ?? "manual",
		valid: metadata !== null && !damaged.has(filename),
		pinned: isPinned,
		shrunk: !isPinned && (metadata?.own?.shrinkWarning ?? null) !== null,
	};
}

function newestGood(
	candidates: readonly RetentionCandidate[],
	now: Date,
): string | null {
	const good = candidates.filter(
		({ valid, shrunk, kind, createdAt }) =>
			valid &&
			!shrunk &&
			kind !== PRE_RESTORE &&
			Date.parse(createdAt ?? "") <= now.getTime(),
	);
	const time = ({ createdAt }: RetentionCandidate) => createdAt ?? "";
	good.sort((a, b) => (time(a) < time(b) ? 1 : -1));
	return good[0]?.name ?? null;
}

async function findDamage(
	source: Stored,
	{ pool, signal }: PruneOptions,
): Promise<string | null> {
	try {
		await readArchive(source, { pool, signal });
		return null;
	} catch (error) {
		signal?.throwIfAborted();
		if (error instanceof AppError) return error.message;
		throw error;
	}
}

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
	{ location, remove }: PrunePlan,
	signal?: AbortSignal,
): Promise<Pruned> {
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

// Without its pins a backup that somebody wants to keep might go.
function unreadablePins(warning: string): AppError {
	return new AppError("OPERATION_FAILED", `pins can't be read: ${warning}`, {
		hint: "nothing was removed; remove that file if no pin matters, then try again",
	});
}

/** What a person should know of backups that were only hidden; null if none was. */
export function hiddenWarning({ hidden }: Pruned): string | null {
	const [first] = hidden;
	if (!first) return null;
	const what = hidden.length === 1 ? first.name : `${hidden.length} backups`;
	return `only hidden, not removed: ${what}; the bucket keeps old versions, until a lifecycle rule of its own ends them`;
}
