// Pins: what a person wants to keep, whatever the retention rules say. A pin is remembered beside the archive.

import { AppError } from "../../ground/errors.ts";
import { requireSupportedFormat } from "../archive/source.ts";
import { identityIn, type Location } from "./location.ts";
import { findBackup, followLink } from "./reference.ts";
import type { Viewer } from "./standing.ts";

/** An archive and its pin. */
export interface Pin {
	readonly filename: string;
	readonly path: string;
	readonly isPinned: boolean;
	readonly wasPinned: boolean;
	/** Why it is kept. */
	readonly note: string | null;
}

export interface PinChange {
	readonly isPinned: boolean;
	/** null: keep the note that it has. */
	readonly note: string | null;
	readonly isDryRun: boolean;
}

/**
 * Sets or removes a backup's pin; without it, it has no note of its own either. Doing it twice changes nothing more.
 * Through a link it is the backup that the link leads to which gets it.
 * @param reference a path, a file name or prefix, "latest"
 * @throws AppError NOT_FOUND; INVALID_ARCHIVE: what is to be pinned is no .tar.gz; OPERATION_FAILED: the state can't be written
 */
export async function changePin(
	reference: string,
	backups: Location,
	viewer: Viewer,
	change: PinChange,
	signal?: AbortSignal,
): Promise<Pin> {
	const named = await findBackup(reference, backups, viewer, signal);
	const { location, archive } = await followLink(named, signal);
	if (change.isPinned) await requireSupportedFormat(archive, signal);
	const { name: filename, path } = archive;
	const identity = identityIn(archive);
	const state = await location.readState(signal);
	const before = state.of(filename, identity);
	const { isPinned, note, isDryRun } = change;
	const changes = isPinned
		? { pinned: true, ...(note !== null && { note }) }
		: { pinned: false, note: null };
	if (!isDryRun) {
		await location.remember(filename, identity, changes, signal);
	} else if (state.warning !== null) {
		throw new AppError("OPERATION_FAILED", state.warning);
	}
	const { pinned: wasPinned } = before;
	const after = { ...before, ...changes };
	return { filename, path, isPinned, wasPinned, note: after.note };
}
