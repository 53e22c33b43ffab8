// The shape of our gzip streams, shared by the pool and its workers.
// RFC 1952 allows a file to be a row of members; ours all start with the same ten bytes, so that a reader finds the borders.

import { AppError, errnoOf } from "../../../ground/errors.ts";
import { incomplete } from "../reader.ts";

/** Input bytes of one gzip member. */
export const BLOCK_BYTES = 1024 * 1024;

/** magic, deflate, no flags, no time, no extra flags, unknown system (RFC 1952, 2.3). */
export const MEMBER_HEADER = Uint8Array.of(
	0x1f,
	0x8b,
	8,
	0,
	0,
	0,
	0,
	0,
	0,
	255,
);

/** Whether a file that begins with these bytes is a row of our own members. */
export function startsMember(bytes: Uint8Array): boolean {
	return MEMBER_HEADER.every((byte, index) => bytes[index] === byte);
}

/** What zlib found wrong with the last bytes of a file: damaged, or cut off. */
export function damagedGzip(cause: unknown): AppError {
	const isCutOff = errnoOf(cause) === "Z_BUF_ERROR";
	return isCutOff
		? incomplete(cause)
		: new AppError("INVALID_ARCHIVE", "damaged gzip data", { cause });
}

/** The most that one of our members can take: an incompressible block is stored, 5 bytes for each 64 KiB and 18 around. */
export const MAX_MEMBER_BYTES = BLOCK_BYTES + 1024;

/** What a member says that it holds: the last four of its bytes (RFC 1952, 2.3.1). */
export function declaredBytes(member: Uint8Array): number {
	const { buffer, byteOffset, byteLength } = member;
	if (byteLength < 18) return 0;
	return new DataView(buffer, byteOffset + byteLength - 4, 4).getUint32(
		0,
		true,
	);
}

/** Gives the memory of an array back at once; nothing that shares it may be used afterwards. */
export function release(bytes: Uint8Array<ArrayBuffer>): void {
	bytes.buffer.transfer(0);
}

/**
 * Whether a member's last eight bytes are the trailer of what it holds: its CRC and its size (RFC 1952, 2.3.1).
 * Decompressors stop at a member's end; only this shows that nothing follows it.
 */
export function endsWithTrailer(
	member: Uint8Array,
	block: Uint8Array,
): boolean {
	const { buffer, byteOffset, byteLength } = member;
	if (byteLength < 18) return false;
	const trailer = new DataView(buffer, byteOffset + byteLength - 8, 8);
	return (
		trailer.getUint32(0, true) === Bun.hash.crc32(block) &&
		trailer.getUint32(4, true) === block.byteLength
	);
}
