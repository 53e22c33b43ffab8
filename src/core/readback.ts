// What was written is not believed: a new archive is read from its file, to the last byte, while the disk takes it.

import { AppError } from "../errors.ts";
import { syncFile } from "../files.ts";
import { fileSize } from "../paths.ts";
import type { Contents } from "./contents.ts";
import type { OwnMetadata } from "./metadata.ts";
import { stageCounter } from "./progress.ts";
import type { Workshop } from "./store.ts";
import { together } from "./together.ts";
import { type ReadOptions, readArchive } from "./unpack.ts";

/** What an archive that was just written turned out to be. */
export interface ReadBack {
	readonly archiveSizeBytes: number;
	readonly metadata: OwnMetadata;
}

/**
 * Syncs an archive that was just written, and reads it back.
 * @param checksums the SHA256SUMS of what was packed
 * @throws AppError OPERATION_FAILED: it is not what was written, or cannot be read or synced
 */
export async function readBack(
	path: string,
	checksums: string,
	{ pool, signal, onProgress }: Workshop,
): Promise<ReadBack> {
	const archiveSizeBytes = await fileSize(path);
	const onBytes = stageCounter(onProgress, "Verify", archiveSizeBytes);
	const [found] = await together(
		signal,
		(stop) => readUndamaged(path, { pool, signal: stop, onBytes }),
		() => syncFile(path),
	);
	const own = found?.metadata.own;
	if (own && found.checksums === checksums) {
		return { archiveSizeBytes, metadata: { ...found.metadata, own } };
	}
	throw new AppError(
		"OPERATION_FAILED",
		`the archive read back differs from what was written: ${path}`,
		{ hint: "suspect the disk or the memory; the backup was not kept" },
	);
}

// null: the archive is damaged
async function readUndamaged(
	path: string,
	options: ReadOptions,
): Promise<Contents | null> {
	try {
		return await readArchive(path, options);
	} catch (error) {
		if (error instanceof AppError && error.code === "INVALID_ARCHIVE") {
			return null;
		}
		throw error;
	}
}
