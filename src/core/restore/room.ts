// How much room a restore needs and where, so that it fails before it touches anything, and a dry run can say it.

import { dirname } from "node:path";
import { fileSize } from "../../ground/paths.ts";
import {
	measureSpace,
	requireSpace,
	type Space,
	tightestOf,
} from "../library/space.ts";
import type { Candidate } from "./candidate.ts";
import type { CurrentLibrary } from "./current.ts";

/** Each page of a WAL or a journal has a header, and some pages are written more than once; measured, rounded up. */
const JOURNAL_FACTOR = 1.1;

/** What decides how much is written. */
export interface RoomRequest {
	readonly candidate: Candidate;
	readonly current: CurrentLibrary | null;
	readonly libraryPath: string;
	readonly isInPlace: boolean;
	/** Where the safety backup goes, and where its snapshot is made; null for none. */
	readonly safety: { readonly scratch: string; readonly output: string } | null;
}

/**
 * Requires room for what comes after the backup is unpacked: first the safety backup, then the replacing.
 * @returns what all of it takes where it is tightest, the unpacked backup included
 * @throws AppError INSUFFICIENT_SPACE
 */
export async function requireRoom(request: RoomRequest): Promise<Space> {
	const { candidate, current, libraryPath, isInPlace, safety } = request;
	const candidateBytes = await fileSize(candidate.path);
	const unpackedIn = dirname(candidate.scratch.path);
	const unpacked = { folder: unpackedIn, bytes: candidateBytes, isThere: true };
	const keptBytes =
		current?.facts?.databaseSizeBytes ?? current?.sizeBytes ?? 0;
	const archive = safety ? [{ folder: safety.output, bytes: keptBytes }] : [];
	const snapshot = safety ? [{ folder: safety.scratch, bytes: keptBytes }] : [];
	const replacing = {
		folder: dirname(libraryPath),
		bytes: isInPlace ? inPlaceBytes(current, candidateBytes) : candidateBytes,
	};
	const journals = {
		folder: unpackedIn,
		bytes: isInPlace ? statementBytes(current, candidateBytes) : 0,
	};
	const phases = await Promise.all(
		[
			[unpacked, ...snapshot, ...archive],
			[unpacked, ...archive, replacing, journals],
		].map(measureSpace),
	);
	for (const phase of phases) requireSpace(phase);
	return tightestOf(phases);
}

// SQLite's journal of one statement: such pages of one table that were there before.
function statementBytes(
	current: CurrentLibrary | null,
	candidateBytes: number,
): number {
	return Math.min(current?.facts?.databaseSizeBytes ?? 0, candidateBytes);
}

// The transaction's own: in WAL mode all that is new, else a journal of all that was there; and what the file grows by.
function inPlaceBytes(
	current: CurrentLibrary | null,
	candidateBytes: number,
): number {
	const before = current?.facts?.databaseSizeBytes ?? 0;
	const isWal = current?.facts?.journalMode === "wal";
	const journal = (isWal ? candidateBytes : before) * JOURNAL_FACTOR;
	return Math.ceil(journal) + Math.max(0, candidateBytes - before);
}
