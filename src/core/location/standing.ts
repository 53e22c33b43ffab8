// What a backup counts for whoever looks at it: is it good, is it of this library, is it dated as it can be.

import { withoutPath } from "../../ground/errors.ts";
import { resolveLinks } from "../../ground/paths.ts";
import type { Settings } from "../../ground/settings.ts";
import type { Summary } from "./memory/looks.ts";
import { readMemory } from "./memory/memory.ts";
import type { Remembered } from "./memory/state.ts";
import { PRE_RESTORE } from "./names.ts";

/** How far the clocks of two machines that share a location may differ unnoticed. */
const CLOCK_TOLERANCE_MS = 5 * 60 * 1000;

/** Who looks at backups: one library, at one moment. */
export interface Viewer {
	/** null: it has no id yet. */
	readonly libraryId: string | null;
	readonly now: Date;
}

/** The library of the settings, as it looks now; it need not be there. */
export async function viewerOf(
	{ databasePath }: Settings,
	now: Date,
): Promise<Viewer> {
	// Beside a library that can't even be looked at, nothing is remembered.
	const path = await resolveLinks(databasePath).catch(() => databasePath);
	return { libraryId: (await readMemory(path)).libraryId, now };
}

/** Why a backup takes no part in what is decided for a library. */
export interface Doubt {
	readonly kind:
		| "damaged"
		| "other library"
		| "pre-restore"
		| "in the future"
		| "shrunk";
	/** For people, without the backup's name. */
	readonly reason: string;
}

/** What a look at a backup and the memory of its location tell. */
export interface Facts {
	readonly path: string;
	readonly createdAt: string | null;
	readonly metadata: Summary | null;
	readonly error: string | null;
	readonly remembered: Remembered;
}

/** What speaks against a backup; null: it is a good one of this library. Pinning a shrunk one accepts it. */
export function doubtAbout(backup: Facts, viewer: Viewer): Doubt | null {
	const { path, metadata, createdAt, remembered } = backup;
	const error = backup.error ?? remembered.verifiedError;
	if (error !== null || metadata === null) {
		const found = backup.error === null ? "a verification found: " : "";
		const what = error === null ? "unknown" : withoutPath(error, path);
		return { kind: "damaged", reason: found + what };
	}
	const { own } = metadata;
	if (!isOf(metadata, viewer)) {
		return { kind: "other library", reason: "of another library" };
	}
	if (createdAt !== null && isAhead(createdAt, viewer.now)) {
		return { kind: "in the future", reason: "dated in the future" };
	}
	if (own?.kind === PRE_RESTORE) {
		return { kind: "pre-restore", reason: "what a restore replaced" };
	}
	if (own?.shrinkWarning && !remembered.pinned) {
		return { kind: "shrunk", reason: own.shrinkWarning };
	}
	return null;
}

/** Whether a backup counts for this library: it is of it, or has no library id. */
export function isOf(
	{ own }: Pick<Summary, "own">,
	{ libraryId }: Pick<Viewer, "libraryId">,
): boolean {
	return (own?.libraryId ?? null) === null || own?.libraryId === libraryId;
}

/** Whether a time is ahead of the clock by more than clocks differ. */
export function isAhead(at: string, now: Date): boolean {
	return Date.parse(at) > now.getTime() + CLOCK_TOLERANCE_MS;
}
