// Writes the archive: parts and their SHA256SUMS in a .tar.gz whose gzip members can be made and checked in parallel.
// A part is read only once: its checksum is taken of the very bytes that are compressed.

import { type OnBytes, readBlocks, writeNewFile } from "../files.ts";
import { fileSize } from "../paths.ts";
import { BLOCK_BYTES, gzipMember } from "./gzip.format.ts";
import type { GzipPool } from "./gzip.ts";
import { encodeHeader, endOfArchive, type Member, padding } from "./tar.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export const METADATA_NAME = "backup_metadata.json";
export const DATABASE_NAME = "library.db";
export const CHECKSUMS_NAME = "SHA256SUMS";

/** Something that goes into an archive. */
export interface Part extends Member {
	/** Its bytes in blocks of at most BLOCK_BYTES, each of which is the reader's own. */
	read(): AsyncIterable<Bytes>;
}

/** A part that is a file, which nobody changes meanwhile. */
export async function filePart(
	name: string,
	path: string,
	signal?: AbortSignal,
): Promise<Part> {
	const sizeBytes = await fileSize(path);
	return {
		name,
		sizeBytes,
		read: () => readBlocks(path, BLOCK_BYTES, { signal }),
	};
}

/** What SHA256SUMS says of one part. */
export interface Checksum {
	readonly name: string;
	/** In hexadecimal. */
	readonly sha256: string;
}

/** A short text that stands before the parts, and tells of the first of them. */
export interface Head {
	readonly name: string;
	/** Called twice: only its length counts as long as the checksum isn't known, and it must be the same both times. */
	text(sha256: string): Promise<string>;
}

export interface WriteOptions {
	readonly pool: GzipPool;
	/** gzip level, 1 (fast) to 12 (small). */
	readonly level: number;
	readonly modifiedAt: Date;
	readonly onBytes?: OnBytes | undefined;
	readonly head?: Head;
}

/** The gzip level that does not compress. */
const STORED = 0;

const UNKNOWN_SHA256 = "0".repeat(64);

/**
 * Writes a new archive of the parts and their SHA256SUMS; syncing it is left to the caller. Each part begins a gzip
 * member of its own. The head's is stored as it is: so its length is known before its content.
 * @returns the SHA256SUMS that it holds
 */
export async function writeArchive(
	path: string,
	parts: readonly Part[],
	options: WriteOptions,
): Promise<string> {
	const { pool, level, modifiedAt, head } = options;
	const sums: Checksum[] = [];
	let checksums = "";
	const headText = async (): Promise<string> =>
		(await head?.text(sums[0]?.sha256 ?? UNKNOWN_SHA256)) ?? "";
	const headMember = async () =>
		head
			? gzipMember(textMember(head.name, await headText(), modifiedAt), STORED)
			: new Uint8Array(0);
	const blocks = async function* () {
		yield* partBlocks(parts, sums, options);
		const own = head ? [checksumOf(head.name, await headText())] : [];
		checksums = formatChecksums([...own, ...sums]);
		const last = textMember(CHECKSUMS_NAME, checksums, modifiedAt);
		yield joined(last, endOfArchive());
	};
	await writeNewFile(path, pool.compress(blocks(), level), headMember);
	return checksums;
}

async function* partBlocks(
	parts: readonly Part[],
	sums: Checksum[],
	{ modifiedAt, onBytes }: WriteOptions,
): AsyncGenerator<Bytes> {
	let done = 0;
	for (const { name, sizeBytes, read } of parts) {
		const hash = new Bun.CryptoHasher("sha256");
		const end = done + sizeBytes;
		yield encodeHeader(name, sizeBytes, modifiedAt);
		for await (const block of read()) {
			hash.update(block);
			done += block.byteLength;
			onBytes?.(done);
			yield block;
		}
		if (done !== end) throw new Error(`${name} changed while it was packed`);
		const gap = padding(sizeBytes);
		if (gap.byteLength > 0) yield gap;
		sums.push({ name, sha256: hash.digest("hex") });
	}
}

function textMember(name: string, text: string, modifiedAt: Date): Bytes {
	const body = new TextEncoder().encode(text);
	const header = encodeHeader(name, body.byteLength, modifiedAt);
	return joined(header, body, padding(body.byteLength));
}

function joined(...pieces: readonly Bytes[]): Bytes {
	return new Uint8Array(Buffer.concat(pieces));
}

/** The checksum of a short text. */
export function checksumOf(name: string, text: string | Bytes): Checksum {
	return { name, sha256: Bun.SHA256.hash(text, "hex") };
}

/** In the format of sha256sum, so that `sha256sum -c` checks it. */
export function formatChecksums(sums: readonly Checksum[]): string {
	return sums.map(({ sha256, name }) => `${sha256}  ${name}\n`).join("");
}
