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
import type { Examination, News } from "../library/check/examination.ts";
import { usableCores } from "../work/cores.ts";
import { stageCounter } from "../work/progress.ts";

/** What is known of a library once it is proven. */
export interface Proven {
	readonly metadata: Metadata;
	/** Read from the database, not from the metadata. */
	readonly schemaVersion: number;
	/** What was noticed of the archive, and then what the check did. */
	readonly warnings: readonly string[];
}

/** A library that is being proven, in a private file. Gone with everything beside it when disposed of. */
export interface Unproven extends AsyncDisposable {
	readonly path: string;
	/** The folder that it is in. */
	readonly scratch: Scratch;
	/** As the archive has it. */
	readonly metadata: Metadata;
	/** What was noticed of the archive. */
	readonly warnings: readonly string[];
	/** What tells its schema from another one; null where it can't be read. Known long before the proof. */
	readonly schema: Promise<string | null>;
	/** Settles before the proof, perhaps: what is left then can only add warnings. @throws as the proof */
	readonly soundness: Promise<Proven>;
	/** @throws AppError INVALID_ARCHIVE: it is not sound, or not what its archive says */
	readonly proof: Promise<Proven>;
}

/** A library as its proof has it; or, as long as that goes on, as its archive has it, which the proof holds against it. */
export type Candidate = Unproven & Proven;

/** How an archive is unpacked. */
export interface UnpackOptions {
	/** What it is called where progress is shown. */
	readonly stage?: string;
	/** How many cores have nothing else to do while it is checked. */
	readonly freeCores?: number;
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
		return await prove(unproven, workshop);
	} catch (error) {
		await unproven[Symbol.asyncDispose]();
		throw error;
	}
}

/** Waits for the proof. @throws as it does */
export async function prove(
	unproven: Unproven,
	{ onProgress }: Workshop,
): Promise<Candidate> {
	stageCounter(onProgress, "Check", 0);
	return { ...unproven, ...(await unproven.proof) };
}

/**
 * What the rest of the proof adds once a sound candidate is the library. That can't fail any more: what cuts the rest
 * short is a warning itself.
 */
export async function lateWarnings({
	proof,
	warnings,
}: Pick<Candidate, "proof" | "warnings">): Promise<readonly string[]> {
	try {
		return (await proof).warnings.slice(warnings.length);
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		const [why] = error.message.split(";");
		return [`the library is restored, its foreign keys were not asked: ${why}`];
	}
}

/**
 * Unpacks an archive and begins to validate what was in it: the archive is right by then, the library may not be.
 * @throws AppError INVALID_ARCHIVE, NOT_FOUND, INSUFFICIENT_SPACE, OPERATION_FAILED
 */
export async function unpackUnproven(
	source: ArchiveSource,
	scratchParent: string,
	{ sqlite, pool, signal, onProgress }: Workshop,
	{ stage = "Unpack", freeCores = usableCores() }: UnpackOptions = {},
): Promise<Unproven> {
	await requireSupportedFormat(source, signal);
	const scratch = await makeScratch(await nearestFolder(scratchParent));
	try {
		const path = join(scratch.path, "library.db");
		sqlite.prepareExamination();
		const onBytes = stageCounter(onProgress, stage, source.sizeBytes);
		const options = { pool, to: path, signal, onBytes };
		const contents = await readArchive(source, options);
		const schema = Promise.withResolvers<string | null>();
		const soundness = Promise.withResolvers<Proven>();
		const agreed = async (examining: Promise<Examination>) => {
			try {
				return agree(contents, await examining);
			} catch (error) {
				throw atPath(source.path, asInvalid(path, error));
			}
		};
		const onNews = (news: News) => {
			if ("schema" in news) schema.resolve(news.schema);
			else soundness.resolve(agreed(Promise.resolve(news.sound)));
		};
		const proof = agreed(sqlite.examine(path, freeCores, signal, onNews));
		proof.then(soundness.resolve, soundness.reject);
		proof.catch(() => undefined).finally(() => schema.resolve(null));
		soundness.promise.catch(() => undefined); // it may be waited for later
		return {
			path,
			scratch,
			metadata: contents.metadata,
			warnings: contents.warnings,
			schema: schema.promise,
			soundness: soundness.promise,
			proof,
			[Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
		};
	} catch (error) {
		await scratch[Symbol.asyncDispose]();
		throw atPath(source.path, error);
	}
}

// A database that the check can't even ask is the archive's fault.
function asInvalid(path: string, error: unknown): unknown {
	const told = toldOf("library.db", path, error);
	return told instanceof AppError && told.code === "DATABASE_ERROR"
		? new AppError("INVALID_ARCHIVE", told.message, { cause: error })
		: told;
}

/**
 * What an archive says of its database is what that holds. VPO asks for its counts before it copies, while its daemon may
 * write, and records its own schema version whatever the database has: there the database is right.
 */
function agree(
	{ metadata, warnings }: Contents,
	{ damage, facts, warnings: others }: Examination,
): Proven {
	if (facts === null) throw invalid(`library.db is damaged: ${damage}`);
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
	const { fileCount, totalLibrarySizeBytes, schemaVersion } = facts;
	return {
		metadata: { ...metadata, fileCount, totalLibrarySizeBytes },
		schemaVersion,
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
