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

/** What is known of a library once it is proven. */
export type Proven = Pick<Candidate, "metadata" | "schemaVersion" | "warnings">;

/** A library that is being proven, in a private file. Gone with everything beside it when disposed of. */
export interface Unproven extends AsyncDisposable {
	readonly path: string;
	readonly scratch: Scratch;
	/** As the archive has it. */
	readonly metadata: Metadata;
	/** @throws AppError INVALID_ARCHIVE: it is not sound, or not what its archive says */
	readonly proof: Promise<Proven>;
}

/**
 * Unpacks an archive and validates it in full: what a restore accepts, and nothing else.
 * @throws AppError INVALID_ARCHIVE, NOT_FOUND, INSUFFICIENT_SPACE, OPERATION_FAILED
 */
export async function unpackCandidate(
	source: ArchiveSource,
	scratchParent: string,
	workshop: Workshop,
): Promise<Candidate> {
	const unproven = await unpackUnproven(source, scratchParent, workshop);
	try {
		stageCounter(workshop.onProgress, "Check", 0);
		return { ...unproven, ...(await unproven.proof) };
	} catch (error) {
		await unproven[Symbol.asyncDispose]();
		throw error;
	}
}

/**
 * Unpacks an archive and begins to validate what was in it: the archive is right by then, the library may not be.
 * @param stage what it is called where progress is shown
 * @throws AppError INVALID_ARCHIVE, NOT_FOUND, INSUFFICIENT_SPACE, OPERATION_FAILED
 */
export async function unpackUnproven(
	source: ArchiveSource,
	scratchParent: string,
	{ sqlite, pool, signal, onProgress }: Workshop,
	stage = "Unpack",
): Promise<Unproven> {
	await requireSupportedFormat(source, signal);
	const scratch = await makeScratch(await nearestFolder(scratchParent));
	try {
		const path = join(scratch.path, "library.db");
		sqlite.prepareExamination();
		const onBytes = stageCounter(onProgress, stage, source.sizeBytes);
		const options = { pool, to: path, signal, onBytes };
		const contents = await readArchive(source, options);
		const proof = prove(path, contents, sqlite, signal).catch((error) => {
			throw atPath(source.path, error);
		});
		proof.catch(() => undefined); // it may be waited for later
		return {
			path,
			scratch,
			metadata: contents.metadata,
			proof,
			[Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
		};
	} catch (error) {
		await scratch[Symbol.asyncDispose]();
		throw atPath(source.path, error);
	}
}

async function prove(
	path: string,
	contents: Contents,
	sqlite: SqliteThread,
	signal: AbortSignal | undefined,
): Promise<Proven> {
	const found = await examine(path, sqlite, signal).catch((error) =>
		asInvalid(path, error),
	);
	const { schemaVersion } = found.facts;
	return { ...agree(contents, found), schemaVersion };
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
