// What a location holds: its backups, newest first, and the one that a person means.
// One bad file never hides the others.

import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { AppError, errnoOf, fileError } from "../../ground/errors.ts";
import { GzipPool } from "../archive/gzip.ts";
import { inspectArchive } from "../archive/inspect.ts";
import type { Metadata } from "../archive/metadata.ts";
import { readArchive } from "../archive/unpack.ts";
import {
	isArchiveName,
	PRE_RESTORE,
	SALVAGE_PREFIX,
	shortName,
	timeInName,
} from "./names.ts";
import { type Identity, identityOf } from "./state.ts";

/** An archive in a backup folder. What is not known of a damaged one is null. */
export interface Backup {
	readonly filename: string;
	readonly path: string;
	readonly archiveSizeBytes: number | null;
	/** By which the state knows it; null for what is no file. */
	readonly identity: Identity | null;
	/** From the metadata, else from the file name. */
	readonly createdAt: string | null;
	readonly metadata: Metadata | null;
	/** What is wrong with it; null if nothing shows. */
	readonly error: string | null;
}

const AT_ONCE = 16;

/**
 * Lists the backups of a folder, newest first, damaged ones included.
 * @throws AppError OPERATION_FAILED: the folder can't be read; a missing one holds no backups
 */
export async function listBackups(
	folder: string,
	signal?: AbortSignal,
): Promise<Backup[]> {
	const names = await backupNames(folder);
	using pool = new GzipPool(1); // starts a thread only where an archive is not ours
	const found: (Backup & { modifiedMs: number })[] = [];
	const queue = names.values();
	const work = async () => {
		for (const name of queue) {
			signal?.throwIfAborted();
			found.push(await describeBackup(folder, name, pool, signal));
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
	return found.sort(newestFirst).map(({ modifiedMs: _, ...backup }) => backup);
}

/** The newest file in a folder that keeps the raw files of a damaged library, or null. */
export async function newestSalvage(folder: string): Promise<string | null> {
	const names = await archiveNames(folder);
	const salvages = names.filter((name) => name.startsWith(SALVAGE_PREFIX));
	// Without their endings "…Z-2" comes after "…Z", and "…Z-10" after that.
	const { compare } = new Intl.Collator("en", { numeric: true });
	salvages.sort((a, b) => compare(shortName(a), shortName(b)));
	return salvages.at(-1) ?? null;
}

/**
 * The newest of our own backups that nothing speaks against: undamaged as far as a look at its ends tells, no safety
 * backup of a restore, and not shrunk unless somebody pinned it. Costs a few KB an archive.
 */
export async function newestGoodBackup(
	folder: string,
	pinned: ReadonlySet<string>,
	signal?: AbortSignal,
): Promise<GoodBackup | null> {
	let newest: GoodBackup | null = null;
	for (const filename of await backupNames(folder)) {
		signal?.throwIfAborted();
		const path = join(folder, filename);
		const look = await inspectArchive(path).catch(nullIfBad);
		const metadata = look?.metadata;
		if (!metadata || !isGood(metadata, pinned.has(filename))) continue;
		if (newest && newest.metadata.createdAt >= metadata.createdAt) continue;
		newest = { filename, path, metadata };
	}
	return newest;
}

/** A backup that a retention rule and the shrink alarm may build on. */
export interface GoodBackup {
	readonly filename: string;
	readonly path: string;
	readonly metadata: Metadata;
}

/** Whether a backup counts as a good one; pinning a shrunk one accepts it. */
export function isGood({ own }: Metadata, isPinned: boolean): boolean {
	if (own?.kind === PRE_RESTORE) return false;
	return isPinned || (own?.shrinkWarning ?? null) === null;
}

function nullIfBad(error: unknown): null {
	if (error instanceof AppError) return null; // damaged, unreadable or just removed: not a good one
	throw error;
}

async function backupNames(folder: string): Promise<string[]> {
	const names = await archiveNames(folder);
	return names.filter((name) => !name.startsWith(SALVAGE_PREFIX));
}

export async function archiveNames(folder: string): Promise<string[]> {
	try {
		const names = await readdir(folder);
		return names.filter((name) => isArchiveName(name) && !name.startsWith("."));
	} catch (cause) {
		if (errnoOf(cause) === "ENOENT") return [];
		throw fileError(`cannot read the backup folder ${folder}`, cause);
	}
}

async function describeBackup(
	folder: string,
	filename: string,
	pool: GzipPool,
	signal: AbortSignal | undefined,
): Promise<Backup & { modifiedMs: number }> {
	const path = join(folder, filename);
	try {
		const { file, metadata: own } = await inspectArchive(path);
		const metadata =
			own ?? (await readArchive(path, { pool, signal })).metadata;
		const { createdAt } = metadata;
		return { ...entry(path, file), createdAt, metadata, error: null };
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
		const file = await stat(path).catch(() => null);
		const createdAt = timeInName(filename);
		const { message } = error;
		return { ...entry(path, file), createdAt, metadata: null, error: message };
	}
}

function entry(path: string, found: Stats | null) {
	const file = found?.isFile() ? found : null;
	return {
		filename: basename(path),
		path,
		archiveSizeBytes: file?.size ?? null,
		identity: file && identityOf(file),
		modifiedMs: found?.mtimeMs ?? 0,
	};
}

function newestFirst(
	a: Backup & { modifiedMs: number },
	b: Backup & { modifiedMs: number },
): number {
	const time = ({ createdAt, modifiedMs }: typeof a) =>
		createdAt === null ? modifiedMs : Date.parse(createdAt);
	return (
		time(b) - time(a) ||
		b.modifiedMs - a.modifiedMs ||
		(a.filename < b.filename ? 1 : -1)
	);
}
