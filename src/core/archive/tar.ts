// The tar format as backups use it: a few regular files, in sequence, and nothing else.
// The only home of the `tar` package, whose header codec does the bytes; reading is stricter than any tar program.

import { Header } from "tar/header";
import { AppError } from "../../ground/errors.ts";
import { type Extension, MAX_PAX_BYTES, parsePax } from "./pax.ts";
import type { ByteReader } from "./reader.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a header takes, and what bodies are filled up to. */
export const TAR_BLOCK_BYTES = 512;
/** Two empty blocks end an archive (POSIX.1-1988 ustar). */
const END_BYTES = 2 * TAR_BLOCK_BYTES;
/** tar programs fill the last record of their archives, which is 10 KiB and rarely more; a bomb would go on. */
const MAX_FILL_BYTES = 1024 * 1024;
/** The header of a member: a private regular file of nobody in particular. */
export function encodeHeader(
	name: string,
	sizeBytes: number,
	modifiedAt: Date,
): Bytes {
	const block = Buffer.alloc(TAR_BLOCK_BYTES);
	new Header({
		path: name,
		mode: 0o600,
		uid: 0,
		gid: 0,
		size: sizeBytes,
		mtime: modifiedAt,
		type: "File",
		uname: "root",
		gname: "root",
	}).encode(block);
	return new Uint8Array(block);
}

/** The zero bytes that fill a member's last block. */
export function padding(sizeBytes: number): Bytes {
	return new Uint8Array(-sizeBytes & (TAR_BLOCK_BYTES - 1));
}

/** What ends an archive. */
export function endOfArchive(): Bytes {
	return new Uint8Array(END_BYTES);
}

export interface Member {
	readonly name: string;
	readonly sizeBytes: number;
}

/** A member as it was read, with all that its header says. */
export interface ReadMember extends Member {
	readonly header: Bytes;
	/** Whether an extended header says more. */
	readonly isExtended: boolean;
}

/**
 * Reads the next member's header; the caller then reads its body and its padding.
 * @returns null at the end of the archive, once everything up to the end of the stream was seen to be empty
 * @throws AppError INVALID_ARCHIVE: not a plain regular file, or anything else that our own archives never have
 */
export async function nextMember(
	reader: ByteReader,
): Promise<ReadMember | null> {
	const block = await reader.exactly(TAR_BLOCK_BYTES);
	const header = decodeHeader(block);
	if (header === null) {
		await expectEnd(reader);
		return null;
	}
	if (header.type !== "ExtendedHeader") {
		return { ...regularFile(header), header: block, isExtended: false };
	}
	const extension = await readPax(reader, header.size ?? 0);
	const next = await reader.exactly(TAR_BLOCK_BYTES);
	const extended = decodeHeader(next);
	if (extended === null) throw invalid("an extended header without a member");
	const member = regularFile(extended);
	const sizeBytes = extension.sizeBytes ?? member.sizeBytes;
	return { ...member, sizeBytes, header: next, isExtended: true };
}

/** Reads over the zero bytes that follow a member's body. */
export async function skipPadding(
	reader: ByteReader,
	sizeBytes: number,
): Promise<void> {
	const bytes = await reader.exactly(padding(sizeBytes).byteLength);
	if (!isEmpty(bytes)) throw invalid("the padding of a member is not empty");
}

function decodeHeader(block: Bytes): Header | null {
	if (isEmpty(block)) return null;
	let header: Header;
	try {
		header = new Header(Buffer.from(block));
	} catch (cause) {
		throw new AppError("INVALID_ARCHIVE", "damaged tar header", { cause });
	}
	if (!header.cksumValid) throw invalid("damaged tar header");
	return header;
}

function regularFile(header: Header): Member {
	const name = header.path ?? "";
	if (header.type !== "File" && header.type !== "OldFile") {
		throw invalid(`the member "${name}" is not a regular file`);
	}
	if (header.linkpath) throw invalid(`the member "${name}" is a link`);
	const sizeBytes = header.size ?? -1;
	if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
		throw invalid(`the member "${name}" has an impossible size`);
	}
	return { name, sizeBytes };
}

// Python's tarfile writes one before each member: for the fractions of a second of its times, and for what fits no header.
async function readPax(
	reader: ByteReader,
	sizeBytes: number,
): Promise<Extension> {
	if (sizeBytes > MAX_PAX_BYTES) throw invalid("an oversized extended header");
	const bytes = await reader.exactly(sizeBytes);
	await skipPadding(reader, sizeBytes);
	return parsePax(bytes);
}

async function expectEnd(reader: ByteReader): Promise<void> {
	if (!isEmpty(await reader.exactly(TAR_BLOCK_BYTES))) {
		throw invalid("damaged end of the archive");
	}
	let fillBytes = 0;
	for await (const bytes of reader.rest()) {
		fillBytes += bytes.byteLength;
		if (!isEmpty(bytes) || fillBytes > MAX_FILL_BYTES) {
			throw invalid("something follows its end");
		}
	}
}

function isEmpty(bytes: Bytes): boolean {
	return bytes.every((byte) => byte === 0);
}

function invalid(what: string): AppError {
	return new AppError("INVALID_ARCHIVE", what);
}
