// What was written is not believed: a new archive is read from its file, to the last byte, while the disk takes it.

import { AppError } from "../../ground/errors.ts";
import { syncFile } from "../../ground/files.ts";
import { stageCounter } from "../work/progress.ts";
import { together } from "../work/together.ts";
import {
	CHECKSUMS_NAME,
	type Checksum,
	formatChecksums,
	textPart,
} from "./archive.ts";
import { ByteReader } from "./reader.ts";
import { archiveAt } from "./source.ts";
import { nextMember, skipPadding } from "./tar.ts";
import { openContent, type ReadOptions, readArchive } from "./unpack.ts";
import type { Workshop } from "./workshop.ts";

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
	const source = await archiveAt(path);
	const { sizeBytes } = source;
	const onBytes = stageCounter(onProgress, "Verify", sizeBytes);
	const [found] = await together(
		signal,
		(stop) =>
			unlessDamaged(readArchive(source, { pool, signal: stop, onBytes })),
		() => syncFile(path),
	);
	if (found?.checksums === checksums) return sizeBytes;
	throw differs(path);
}

/**
 * Reads an archive back that is no backup, but holds any parts.
 * @param checksums the SHA256SUMS of what was packed
 * @throws AppError OPERATION_FAILED: it is not what was written, or cannot be read
 */
export async function readPartsBack(
	path: string,
	checksums: string,
	options: ReadOptions,
): Promise<void> {
	const last = formatChecksums([textPart(CHECKSUMS_NAME, checksums)]);
	const found = await unlessDamaged(sumMembers(path, options));
	if (found !== checksums + last) throw differs(path);
}

async function sumMembers(path: string, options: ReadOptions): Promise<string> {
	const { blocks } = await openContent(await archiveAt(path), options);
	await using reader = new ByteReader(blocks);
	const sums: Checksum[] = [];
	for (let member = await nextMember(reader); member; ) {
		const { name, sizeBytes } = member;
		const hash = new Bun.CryptoHasher("sha256");
		for await (const piece of reader.pieces(sizeBytes)) hash.update(piece);
		sums.push({ name, sha256: hash.digest("hex") });
		await skipPadding(reader, sizeBytes);
		member = await nextMember(reader);
	}
	return formatChecksums(sums);
}

async function unlessDamaged<T>(reading: Promise<T>): Promise<T | null> {
	try {
		return await reading;
	} catch (error) {
		if (error instanceof AppError && error.code === "INVALID_ARCHIVE") {
			return null;
		}
		throw error;
	}
}

function differs(path: string): AppError {
	return new AppError(
		"OPERATION_FAILED",
		`the archive read back differs from what was written: ${path}`,
		{ hint: "suspect the disk or the memory; it was not kept" },
	);
}
