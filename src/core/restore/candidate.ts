// What a restore would bring in: an archive unpacked into a private file and proven, as an archive and as a database.

import { join } from "node:path";
import { AppError, toldOf } from "../../ground/errors.ts";
import { nearestFolder } from "../../ground/paths.ts";
import { makeScratch, type Scratch } from "../../ground/scratch.ts";
import type { Contents } from "../archive/contents.ts";
import type { Metadata } from "../archive/metadata.ts";
import {
	type ArchiveSource,
	requireSupportedFormat,
} from "../archive/source.ts";
import { atPath, readArchive } from "../archive/unpack.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { LibraryFacts } from "../library/library.ts";
import type { SqliteThread } from "../library/sqlite-thread.ts";
import { usableCores } from "../work/cores.ts";
import { stageCounter } from "../work/progress.ts";

/** A proven library, in a private file. Gone with everything beside it when disposed of. */
export interface Candidate extends AsyncDisposable {
	readonly path: string;
	/** The folder that it is in. */
	readonly scratch: Scratch;
	readonly metadata: Metadata;
	/** Read from the database, not from the metadata. */
	readonly schemaVersion: number;
	readonly warnings: readonly string[];
}

/**
 * Unpacks an archive and validates it in full: what a restore accepts, and nothing else.
 * @throws AppError INVALID_ARCHIVE, NOT_FOUND, INSUFFICIENT_SPACE, OPERATION_FAILED
 */
export async function unpackCandidate(
	source: ArchiveSource,
	scratchParent: string,
	{ sqlite, pool, signal, onProgress }: Workshop,
): Promise<Candidate> {
	await requireSupportedFormat(source, signal);
	const scratch = await makeScratch(await nearestFolder(scratchParent));
	try {
		const path = join(scratch.path, "library.db");
		sqlite.prepareExamination();
		const onBytes = stageCounter(onProgress, "Unpack", source.sizeBytes);
		const contents = await readArchive(source, {
			pool,
			to: path,
			signal,
			onBytes,
		});
		stageCounter(onProgress, "Check", 0);
		const found = await examine(path, sqlite, signal).catch((error) =>
			asInvalid(path, error),
		);
		return {
			path,
			scratch,
			...agree(contents, found),
			schemaVersion: found.facts.schemaVersion,
			[Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
		};
	} catch (error) {
		await scratch[Symbol.asyncDispose]();
		throw atPath(source.path, error);
	}
}

interface Found {
	readonly facts: LibraryFacts;
	readonly warnings: readonly string[];
}

async function examine(
	path: string,
	sqlite: SqliteThread,
	signal: AbortSignal | undefined,
): Promise<Found> {
	const found = await sqlite.examine(path, usableCores(), signal);
	const { damage, facts, warnings } = found;
	if (facts === null) throw invalid(`library.db is damaged: ${damage}`);
	return { facts, warnings };
}

// A database that the check can't even ask is the archive's fault.
function asInvalid(path: string, error: unknown): never {
	const told = toldOf("library.db", path, error);
	if (told instanceof AppError && told.code === "DATABASE_ERROR") {
		throw new AppError("INVALID_ARCHIVE", told.message, { cause: error });
	}
	throw told;
}

/**
 * What an archive says of its database is what that holds. VPO asks for its counts before it copies, while its daemon may
 * write, and records its own schema version whatever the database has: there the database is right.
 */
function agree(
	{ metadata, warnings }: Contents,
	{ facts, warnings: others }: Found,
): Pick<Candidate, "metadata" | "warnings"> {
	const differences = [
		...(facts.fileCount === metadata.fileCount
			? []
			: [
					`it holds ${facts.fileCount} files, its metadata says ${metadata.fileCount}`,
				]),
		...(facts.totalLibrarySizeBytes === metadata.totalLibrarySizeBytes
			? []
			: ["its metadata says another total size of the files"]),
		...(facts.schemaVersion === metadata.schemaVersion
			? []
			: [
					`its database has schema ${facts.schemaVersion}, its metadata says ${metadata.schemaVersion}`,
				]),
	];
	const [first] = differences;
	if (metadata.own && first !== undefined) throw invalid(first);
	const { fileCount, totalLibrarySizeBytes } = facts;
	return {
		metadata: { ...metadata, fileCount, totalLibrarySizeBytes },
		warnings: [
			...warnings,
			...others,
			...differences.map((what) => `${what}; the database is right`),
		],
	};
}

function invalid(what: string): AppError {
	return new AppError("INVALID_ARCHIVE", what);
}
