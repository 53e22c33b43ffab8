// What a location holds: its backups, newest first, and the one that a person means.
// One bad file never hides the others.

import { AppError } from "../../ground/errors.ts";
import { GzipPool } from "../archive/gzip.ts";
import { inspectArchive } from "../archive/inspect.ts";
import type { Metadata } from "../archive/metadata.ts";
import { readArchive } from "../archive/unpack.ts";
import {
	type Entry,
	identityIn,
	type Location,
	type Named,
} from "./location.ts";
import { type Look, Looks, type Summary } from "./memory/looks.ts";
import type { Remembered, State } from "./memory/state.ts";
import {
	isSalvageName,
	SALVAGE_PREFIX,
	shortName,
	timeInName,
} from "./names.ts";
import {
	type Doubt,
	doubtAbout,
	type Facts,
	isAhead,
	type Viewer,
} from "./standing.ts";

/** An archive in a location. What is not known of a damaged one is null. */
export interface Backup extends Facts {
	readonly filename: string;
	readonly path: string;
	readonly entry: Entry;
	readonly archiveSizeBytes: number | null;
	/** From the metadata, else from the file name. */
	readonly createdAt: string | null;
	/** When the library was last known to be what it holds: later than `createdAt` where it was confirmed since. */
	readonly currentAt: string | null;
	readonly metadata: Summary | null;
	/** What is wrong with it; null if nothing shows. */
	readonly error: string | null;
	readonly remembered: Remembered;
	/** Why it does not count for who looks; null if it does. */
	readonly doubt: Doubt | null;
}

/** What a location holds, as one library sees it. */
export interface Catalog {
	readonly location: Location;
	/** Newest first, damaged ones and other libraries' included. */
	readonly backups: readonly Backup[];
	/** Of the library that looks; where it has none yet, and all that have one have the same, that one. */
	readonly libraryId: string | null;
	/** The libraries of which it may be any: it has no id, and there are backups of several. Else none. */
	readonly candidates: readonly string[];
	readonly state: State;
}

const AT_ONCE = 16;

/**
 * Looks at all backups of a location.
 * @throws AppError OPERATION_FAILED: it can't be read; one that is not there holds no backups
 */
export async function readCatalog(
	location: Location,
	viewer: Viewer,
	signal?: AbortSignal,
): Promise<Catalog> {
	const [state, entries, looks] = await Promise.all([
		location.readState(signal),
		location.list(signal),
		Looks.read(location.looksFile),
	]);
	using pool = new GzipPool(1); // starts a thread only where an archive is not ours
	const found: Described[] = [];
	const queue = entries.filter(isBackup).values();
	const work = async () => {
		for (const entry of queue) {
			signal?.throwIfAborted();
			const look = await lookAt(entry, location, looks, pool, signal);
			if (look !== null) found.push(describe(entry, look, state));
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
	await looks.keep(location.folder === null);
	const ids = new Set(
		found.sort(newestFirst).flatMap(({ metadata }) => {
			return metadata?.own?.libraryId ?? [];
		}),
	);
	const only = ids.size === 1 ? ([...ids][0] ?? null) : null;
	const libraryId = viewer.libraryId ?? only;
	const { now } = viewer;
	const backups = found.map((backup) => ({
		...backup,
		currentAt: currentAt(backup, now),
		doubt: doubtAbout(backup, { libraryId, now }),
	}));
	const candidates = libraryId === null ? [...ids] : [];
	return { location, backups, libraryId, candidates, state };
}

/** The newest file in a location that keeps the raw files of a damaged library, or null. */
export async function newestSalvage(
	location: Location,
	signal?: AbortSignal,
): Promise<string | null> {
	const found = await location.names(signal);
	const salvages = found.map(({ name }) => name).filter(isSalvageName);
	// Without their endings "…Z-2" comes after "…Z", and "…Z-10" after that.
	const { compare } = new Intl.Collator("en", { numeric: true });
	salvages.sort((a, b) => compare(shortName(a), shortName(b)));
	return salvages.at(-1) ?? null;
}

/** What has the names of backups by the times in them, newest first. No archive is opened. */
export async function backupsByName(
	location: Location,
	signal?: AbortSignal,
): Promise<Named[]> {
	const found = (await location.names(signal)).filter(isBackup);
	const dated = found.map((named) => {
		const { name } = named;
		return { named, name, time: timeInName(name) ?? "" };
	});
	const byText = (a: string, b: string) => (a < b ? 1 : a > b ? -1 : 0);
	dated.sort((a, b) => byText(a.time, b.time) || byText(a.name, b.name));
	return dated.map(({ named }) => named);
}

function isBackup({ name }: Pick<Entry, "name">): boolean {
	return !name.startsWith(SALVAGE_PREFIX);
}

type Described = Omit<Backup, "doubt" | "currentAt">;

function describe(entry: Entry, look: Look, state: State): Described {
	const { name: filename, path } = entry;
	const file = "problem" in entry ? null : entry;
	const { metadata } = look;
	return {
		filename,
		path,
		entry,
		archiveSizeBytes: file?.sizeBytes ?? null,
		remembered: state.of(filename, file && identityIn(file)),
		createdAt: metadata?.createdAt ?? timeInName(filename),
		metadata,
		error: look.metadata === null ? look.error : null,
	};
}

/** null: it has gone since it was listed, as when another machine prunes. */
async function lookAt(
	entry: Entry,
	location: Location,
	looks: Looks,
	pool: GzipPool,
	signal: AbortSignal | undefined,
): Promise<Look | null> {
	const isGone = async ({ code }: AppError) =>
		code === "NOT_FOUND" && (await location.find(entry.name, signal)) === null;
	if ("problem" in entry) {
		const { problem } = entry;
		if (await isGone(problem)) return null;
		return { metadata: null, error: problem.message };
	}
	const known = looks.recall(entry);
	if (known) return known;
	try {
		const own = await inspectArchive(entry, signal);
		const metadata =
			own ?? (await readArchive(entry, { pool, signal })).metadata;
		const look = { metadata: summaryOf(metadata) };
		looks.remember(entry, look, own ? 0 : entry.sizeBytes);
		return look;
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
		if (await isGone(error)) return null;
		const look = { metadata: null, error: error.message };
		// What could not be read this time says nothing about the archive.
		if (error.code === "INVALID_ARCHIVE") {
			looks.remember(entry, look, entry.sizeBytes);
		}
		return look;
	}
}

function summaryOf({ own, ...metadata }: Metadata): Summary {
	if (own === null) return { ...metadata, own };
	const { tableRows: _, ...shown } = own;
	return { ...metadata, own: shown };
}

function currentAt(
	{ createdAt, remembered: { confirmedAt } }: Described,
	now: Date,
): string | null {
	if (createdAt === null || confirmedAt === null) return createdAt;
	const counts = confirmedAt > createdAt && !isAhead(confirmedAt, now);
	return counts ? confirmedAt : createdAt;
}

function newestFirst(a: Described, b: Described): number {
	const time = ({ createdAt, entry }: Described) =>
		createdAt === null ? entry.modifiedMs : Date.parse(createdAt);
	return (
		time(b) - time(a) ||
		b.entry.modifiedMs - a.entry.modifiedMs ||
		(a.filename < b.filename ? 1 : -1)
	);
}
