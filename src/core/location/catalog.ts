// What a location holds: its backups, newest first, and the one that a person means.
// One bad file never hides the others.

import { AppError } from "../../ground/errors.ts";
import { GzipPool } from "../archive/gzip.ts";
import { inspectArchive } from "../archive/inspect.ts";
import type { Metadata } from "../archive/metadata.ts";
import type { ArchiveSource } from "../archive/source.ts";
import { readArchive } from "../archive/unpack.ts";
import {
	type Entry,
	identityIn,
	type Location,
	requireStored,
} from "./location.ts";
import { PRE_RESTORE, SALVAGE_PREFIX, shortName, timeInName } from "./names.ts";
import type { Identity } from "./state.ts";

/** An archive in a location. What is not known of a damaged one is null. */
export interface Backup {
	readonly filename: string;
	readonly path: string;
	readonly entry: Entry;
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
 * Lists the backups of a location, newest first, damaged ones included.
 * @throws AppError OPERATION_FAILED: it can't be read; one that is not there holds no backups
 */
export async function listBackups(
	location: Location,
	signal?: AbortSignal,
): Promise<Backup[]> {
	const entries = (await location.list(signal)).filter(isBackup);
	using pool = new GzipPool(1); // starts a thread only where an archive is not ours
	const found: Backup[] = [];
	const queue = entries.values();
	const work = async () => {
		for (const entry of queue) {
			signal?.throwIfAborted();
			found.push(await describeBackup(entry, pool, signal));
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
	return found.sort(newestFirst);
}

/** The backups' names by the times in them, newest first. No archive is opened. */
export async function namesOfBackups(
	location: Location,
	signal?: AbortSignal,
): Promise<string[]> {
	const names = await location.names(signal);
	const dated = names
		.filter((name) => !name.startsWith(SALVAGE_PREFIX))
		.map((name) => ({ name, time: timeInName(name) ?? "" }));
	const byText = (a: string, b: string) => (a < b ? 1 : a > b ? -1 : 0);
	dated.sort((a, b) => byText(a.time, b.time) || byText(a.name, b.name));
	return dated.map(({ name }) => name);
}

/** The newest file in a location that keeps the raw files of a damaged library, or null. */
export async function newestSalvage(
	location: Location,
	signal?: AbortSignal,
): Promise<string | null> {
	const names = await location.names(signal);
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
	location: Location,
	pinned: ReadonlySet<string>,
	signal?: AbortSignal,
): Promise<GoodBackup | null> {
	let newest: GoodBackup | null = null;
	for (const entry of (await location.list(signal)).filter(isBackup)) {
		signal?.throwIfAborted();
		const { name: filename, path } = entry;
		if ("problem" in entry) continue;
		const metadata = await inspectArchive(entry, signal).catch(nullIfBad);
		if (!metadata || !isGood(metadata, pinned.has(filename))) continue;
		if (newest && newest.metadata.createdAt >= metadata.createdAt) continue;
		newest = { filename, path, source: entry, metadata };
	}
	return newest;
}

/** A backup that a retention rule and the shrink alarm may build on. */
export interface GoodBackup {
	readonly filename: string;
	readonly path: string;
	readonly source: ArchiveSource;
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

function isBackup({ name }: Entry): boolean {
	return !name.startsWith(SALVAGE_PREFIX);
}

async function describeBackup(
	entry: Entry,
	pool: GzipPool,
	signal: AbortSignal | undefined,
): Promise<Backup> {
	const { name: filename, path } = entry;
	const isFile = !("problem" in entry);
	const file = {
		filename,
		path,
		entry,
		archiveSizeBytes: isFile ? entry.sizeBytes : null,
		identity: isFile ? identityIn(entry) : null,
	};
	try {
		const source = requireStored(entry);
		const metadata =
			(await inspectArchive(source, signal)) ??
			(await readArchive(source, { pool, signal })).metadata;
		return { ...file, createdAt: metadata.createdAt, metadata, error: null };
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
		const createdAt = timeInName(filename);
		return { ...file, createdAt, metadata: null, error: error.message };
	}
}

function newestFirst(a: Backup, b: Backup): number {
	const time = ({ createdAt, entry }: Backup) =>
		createdAt === null ? entry.modifiedMs : Date.parse(createdAt);
	return (
		time(b) - time(a) ||
		b.entry.modifiedMs - a.entry.modifiedMs ||
		(a.filename < b.filename ? 1 : -1)
	);
}
