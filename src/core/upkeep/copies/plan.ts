// What a copy location lacks: of the good backups those that its own rules would keep, so that pruning it afterwards
// takes away nothing that was just brought.

import {
	type Backup,
	type Catalog,
	readCatalog,
} from "../../location/catalog.ts";
import {
	type Location,
	requireStored,
	type Stored,
} from "../../location/location.ts";
import type { Viewer } from "../../location/standing.ts";
import { planRetention, type RetentionCandidate } from "../retention.ts";
import type { CopyPlace } from "./places.ts";

/** What a copy location lacks. */
export interface CopyPlan {
	readonly to: Location;
	/** Newest first. */
	readonly missing: readonly Stored[];
	/** How many of the good backups stand there. */
	readonly presentCount: number;
	/** Names that other files have there. */
	readonly taken: readonly string[];
}

/**
 * Compares a copy location with the backups.
 * @throws AppError OPERATION_FAILED: it can't be read
 */
export async function planCopy(
	backups: Catalog,
	{ location: to, rules }: CopyPlace,
	viewer: Viewer,
	signal?: AbortSignal,
): Promise<CopyPlan> {
	const there = await readCatalog(
		to,
		{ ...viewer, libraryId: backups.libraryId },
		signal,
	);
	const good = backups.backups.filter(({ doubt }) => doubt === null);
	const known = new Map(
		there.backups.map((backup) => [backup.filename, backup]),
	);
	const absent = good.filter(({ filename }) => !known.has(filename));
	const candidates = [
		...absent.map(toCandidate),
		...there.backups
			.filter(({ doubt }) => doubt?.kind !== "other library")
			.map(toCandidate),
	];
	const when = {
		now: viewer.now.toISOString(),
		timeZone: Temporal.Now.timeZoneId(),
	};
	const { keep } = planRetention(candidates, rules, when);
	const kept = new Set(keep.map(({ name }) => name));
	const present = good.filter((backup) =>
		isSame(known.get(backup.filename), backup),
	);
	return {
		to,
		missing: absent
			.filter(({ filename }) => kept.has(filename))
			.map(({ entry }) => requireStored(entry)),
		presentCount: present.length,
		taken: good
			.filter(
				(backup) => known.has(backup.filename) && !present.includes(backup),
			)
			.map(({ filename }) => filename),
	};
}

function toCandidate({
	filename,
	createdAt,
	metadata,
	doubt,
	remembered,
}: Backup): RetentionCandidate {
	return {
		name: filename,
		createdAt,
		kind: metadata?.own?.kind ?? "manual",
		valid: metadata !== null && doubt?.kind !== "damaged",
		pinned: remembered.pinned,
		shrunk: doubt?.kind === "shrunk",
	};
}

function isSame(there: Backup | undefined, here: Backup): boolean {
	return (
		there?.archiveSizeBytes === here.archiveSizeBytes &&
		there.doubt?.kind !== "damaged"
	);
}
