// What was written is not believed: a new archive is read from its file, to the last byte, while the disk takes it.

import { AppError } from "../errors.ts";
import { syncFile } from "../files.ts";
import { fileSize } from "../paths.ts";
import { stageCounter } from "./progress.ts";
import type { Workshop } from "./store.ts";
import { together } from "./together.ts";
import { type ReadOptions, readArchive } from "./unpack.ts";

/**
 * Syncs an archive that was just written, and reads it back.
 * @param checksums the SHA256SUMS of what was packed
 * @returns its size in bytes
 * @throws AppError OPERATION_FAILED: it is not what was written, or cannot be read or synced
 */
export async function readBack(
	path: string,
	checksums: string,
	{ pool, signal, onProgress }: Workshop,
): Promise<number> {
	const sizeBytes = await fileSize(path);
	const onBytes = stageCounter(onProgress, "Verify", sizeBytes);
	const [found] = await together(
		signal,
		(stop) => readChecksums(path, { pool, signal: stop, onBytes }),
		() => syncFile(path),
	);
	if (found === checksums) return sizeBytes;
	throw new AppError(
		"OPERATION_FAILED",
		`the archive read back differs from what was written: ${path}`,
		{ hint: "suspect the disk or the memory; the backup was not kept" },
	);
}

// null: the archive is damaged
async function readChecksums(
	path: string,
	options: ReadOptions,
): Promise<string | null> {
	try {
		return (await readArchive(path, options)).checksums;
	} catch (error) {
		if (error instanceof AppError && error.code === "INVALID_ARCHIVE") {
			return null;
		}
		throw error;
	}
}
