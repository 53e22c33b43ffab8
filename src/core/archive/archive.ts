// Writes the archive: parts and their SHA256SUMS in a .tar.gz whose gzip members can be made and checked in parallel.

import { type OnBytes, readPieces, writeNewFile } from "../../ground/files.ts";
import { sealed } from "./gzip/seal.ts";
import { BLOCK_BYTES, type GzipPool } from "./gzip.ts";
import {
	encodeHeader,
	endOfArchive,
	type Member,
	padding,
	TAR_BLOCK_BYTES,
} from "./tar.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export const METADATA_NAME = "backup_metadata.json";
export const DATABASE_NAME = "library.db";
export const CHECKSUMS_NAME = "SHA256SUMS";

/** What SHA256SUMS says of one part. */
export interface Checksum {
	readonly name: string;
	/** In hexadecimal. */
	readonly sha256: string;
}

/** Something that goes into an archive. */
export interface Part extends Member, Checksum {
	read(): AsyncIterable<Bytes>;
}

/**
 * A part that is a file. It is read twice, now for its checksum and then to be packed: of one reading alone nothing
 * would show that it went wrong.
 */
export async function filePart(
	name: string,
	path: string,
	signal?: AbortSignal,
): Promise<Part> {
	const hash = new Bun.CryptoHasher("sha256");
	let sizeBytes = 0;
	for await (const piece of readPieces(path, signal)) {
		hash.update(piece);
		sizeBytes += piece.byteLength;
	}
	const read = () => readPieces(path, signal);
	return { name, sizeBytes, sha256: hash.digest("hex"), read };
}

/** A part that is a short text. */
export function textPart(name: string, text: string): Part {
	const bytes = new TextEncoder().encode(text);
	return {
		name,
		sizeBytes: bytes.byteLength,
		sha256: Bun.SHA256.hash(bytes, "hex"),
		async *read() {
			yield bytes;
		},
	};
}

export interface WriteOptions {
	readonly pool: GzipPool;
	/** gzip level, 1 (fast) to 12 (small). */
	readonly level: number;
	readonly modifiedAt: Date;
	readonly onBytes?: OnBytes | undefined;
}

/**
 * Writes a new archive of the parts and their SHA256SUMS, and seals it; syncing it is left to the caller. Each part begins
 * a gzip member of its own.
 * @returns the SHA256SUMS that it holds
 */
export async function writeArchive(
	path: string,
	parts: readonly Part[],
	options: WriteOptions,
): Promise<string> {
	const checksums = formatChecksums(parts);
	const members = [...parts, textPart(CHECKSUMS_NAME, checksums)];
	const blocks = tarBlocks(members, options);
	const stream = options.pool.compress(blocks, options.level);
	await writeNewFile(path, sealed(stream));
	return checksums;
}

async function* tarBlocks(
	members: readonly Part[],
	{ modifiedAt, onBytes }: WriteOptions,
): AsyncGenerator<Bytes> {
	let done = 0;
	for (const part of members) {
		const end = part === members.at(-1) ? endOfArchive() : null;
		for await (const block of inBlocks(tarMember(part, modifiedAt, end))) {
			done += block.byteLength;
			onBytes?.(done);
			yield block;
		}
	}
}

async function* tarMember(
	part: Part,
	modifiedAt: Date,
	end: Bytes | null,
): AsyncGenerator<Bytes> {
	yield encodeHeader(part.name, part.sizeBytes, modifiedAt);
	yield* part.read();
	yield padding(part.sizeBytes);
	if (end) yield end;
}

async function* inBlocks(pieces: AsyncIterable<Bytes>): AsyncGenerator<Bytes> {
	let block = new Uint8Array(BLOCK_BYTES);
	let filled = 0;
	for await (const piece of pieces) {
		for (let at = 0; at < piece.byteLength; ) {
			const part = piece.subarray(at, at + BLOCK_BYTES - filled);
			block.set(part, filled);
			filled += part.byteLength;
			at += part.byteLength;
			if (filled === BLOCK_BYTES) {
				yield block;
				block = new Uint8Array(BLOCK_BYTES);
				filled = 0;
			}
		}
	}
	if (filled > 0) yield block.slice(0, filled);
}

/**
 * Where a block of a part begins in its body.
 * @param index at least 1: the first block begins with the header
 */
export function blockStart(index: number): number {
	return index * BLOCK_BYTES - TAR_BLOCK_BYTES;
}

/** In the format of sha256sum, so that `sha256sum -c` checks it. */
export function formatChecksums(parts: readonly Checksum[]): string {
	return parts.map(({ sha256, name }) => `${sha256}  ${name}\n`).join("");
}
