// The library that stands where a backup would go: described, locked, and kept before it is replaced.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError, fileError, isMissing } from "../../ground/errors.ts";
import { makePrivateFolder } from "../../ground/files.ts";
import { exists } from "../../ground/paths.ts";
import { makeScratch } from "../../ground/scratch.ts";
import { packAhead } from "../archive/ahead.ts";
import { DEFAULT_LEVEL } from "../archive/gzip.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { RawFiles } from "../backup/salvage.ts";
import { storeSnapshot } from "../backup/store.ts";
import type { LibraryLock } from "../library/held/lock.ts";
import { type LibraryFacts, sidecars } from "../library/library.ts";
import { generatedIn } from "../location/destination.ts";
import type { Location } from "../location/location.ts";
import { backupName, PRE_RESTORE } from "../location/names.ts";

/** The library that stands where the backup would go. */
export interface CurrentLibrary {
	/** null: it is damaged, or no VPO library. */
	readonly facts: LibraryFacts | null;
	readonly sizeBytes: number;
	readonly changedAt: Date;
}

/**
 * Looks at what stands in the library's place.
 * @returns null if nothing does
 * @throws AppError OPERATION_FAILED: no regular file; DATABASE_LOCKED
 */
export async function describeCurrent(
	libraryPath: string,
	lockTimeoutMs: number,
	{ sqlite, signal }: Workshop,
): Promise<CurrentLibrary | null> {
	const paths = [libraryPath, ...sidecars(libraryPath)];
	const found = await Promise.all(
		paths.map((path) =>
			stat(path).catch((cause) => {
				if (isMissing(cause)) return null;
				throw fileError(`cannot look at ${path}`, cause);
			}),
		),
	);
	const files = found.filter((file) => file !== null);
	if (files.length === 0) return null;
	const odd = found.findIndex((file) => file?.isFile() === false);
	if (odd !== -1) {
		throw new AppError(
			"OPERATION_FAILED",
			`not a regular file: ${paths[odd]}`,
			{ hint: "name the library with --database, or see what this is" },
		);
	}
	const facts = await sqlite
		.describe(libraryPath, { lockTimeoutMs, signal })
		.catch(orNullIfNoLibrary);
	return {
		facts,
		sizeBytes: files.reduce((sum, file) => sum + file.size, 0),
		changedAt: new Date(Math.max(...files.map((file) => file.mtimeMs))),
	};
}

/** A damaged or foreign file in the library's place, or a WAL without its library, never blocks a restore. */
export function orNullIfNoLibrary(error: unknown): null {
	const codes = ["DATABASE_ERROR", "NOT_FOUND"];
	if (error instanceof AppError && codes.includes(error.code)) return null;
	throw error;
}

/**
 * Locks the library against everybody else.
 * @returns null if there is none, or one that is too damaged to be locked
 * @throws AppError DATABASE_LOCKED: somebody has it open
 */
export async function lockCurrent(
	libraryPath: string,
	{ sqlite }: Workshop,
): Promise<LibraryLock | null> {
	if (!(await exists(libraryPath))) return null;
	try {
		return await sqlite.lock(libraryPath);
	} catch (error) {
		return orNullIfNoLibrary(error);
	}
}

/** What `keepCurrent` needs to know of one restore. */
export interface KeepOptions {
	readonly libraryPath: string;
	readonly backups: Location;
	/** Where the snapshot is made; it is made where missing. */
	readonly scratchParent: string;
	readonly createdAt: Date;
	readonly vpoVersion: string;
	/** By which the library is known after the restore. */
	readonly libraryId: string;
}

/** Where the library that is about to be replaced is kept. */
export interface Kept {
	readonly path: string;
	/** Whether it is too damaged for a backup, so that these are its raw files. */
	readonly isRaw: boolean;
}

/**
 * Keeps the library that is about to be replaced: as a backup of kind pre-restore, or if it is too damaged for that,
 * its raw files together.
 * @param raw the library's files, opened before it was locked
 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE: it could not be kept, and must not be replaced
 */
export async function keepCurrent(
	current: CurrentLibrary,
	lock: LibraryLock | null,
	raw: RawFiles,
	options: KeepOptions,
	workshop: Workshop,
): Promise<Kept> {
	const { libraryPath, backups, createdAt } = options;
	if (lock && current.facts) {
		try {
			const path = await keepAsBackup(current.facts, lock, options, workshop);
			return { path, isRaw: false };
		} catch (error) {
			orNullIfNoLibrary(error);
		}
	}
	const { pool, signal } = workshop;
	const path = await raw.salvage(libraryPath, backups, createdAt, pool, signal);
	return { path, isRaw: true };
}

async function keepAsBackup(
	{ journalMode }: LibraryFacts,
	lock: LibraryLock,
	options: KeepOptions,
	workshop: Workshop,
): Promise<string> {
	const { libraryPath, libraryId, backups, scratchParent, createdAt } = options;
	await makePrivateFolder(scratchParent);
	await using scratch = await makeScratch(scratchParent);
	const snapshotPath = join(scratch.path, "snapshot.db");
	{
		using _ = packAhead(snapshotPath, workshop.pool, DEFAULT_LEVEL);
		await lock.snapshot(snapshotPath, workshop.signal);
	}
	const name = (attempt: number) => backupName(createdAt, PRE_RESTORE, attempt);
	const { path } = await storeSnapshot(
		snapshotPath,
		generatedIn(backups, name),
		{
			createdAt,
			kind: PRE_RESTORE,
			note: null,
			level: DEFAULT_LEVEL,
			vpoVersion: options.vpoVersion,
			libraryId,
			before: { newest: null, largest: null },
			sourceJournalMode: journalMode,
			libraryPath,
		},
		workshop,
	);
	return path;
}
