// The seal: what ends each archive of ours. An empty gzip member (RFC 1952 lets every reader pass over it) whose extra
// field holds the SHA-256 of all bytes before it, so that not one bit of an archive can change unseen.

import { AppError } from "../../../ground/errors.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** magic, deflate, FEXTRA, no time, no extra flags, unknown system; an extra field of one subfield "VP" of 32 bytes. */
const SEAL_HEAD = Uint8Array.of(
	...[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255],
	...[36, 0, 0x56, 0x50, 32, 0],
);
/** An empty deflate block, the CRC and the size of nothing. */
const SEAL_TAIL = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const HASH_BYTES = 32;

/** So many bytes at the end of an archive are its seal. */
export const SEAL_BYTES =
	SEAL_HEAD.byteLength + HASH_BYTES + SEAL_TAIL.byteLength;

/** "broken": what stands at the end is no seal of what stands before it. */
export type SealState = "intact" | "broken" | "missing";

/** Passes a stream on, and seals it. */
export async function* sealed(
	pieces: AsyncIterable<Bytes>,
): AsyncGenerator<Bytes> {
	const hash = new Bun.CryptoHasher("sha256");
	for await (const piece of pieces) {
		hash.update(piece);
		yield piece;
	}
	yield sealOf(hash);
}

/** A stream without its seal, and what became of that; a piece is valid until the next one is asked for. */
export class SealedStream {
	readonly #pieces: AsyncIterable<Bytes>;
	/** Known once the content was read to its end. */
	state: SealState = "missing";

	constructor(pieces: AsyncIterable<Bytes>) {
		this.#pieces = pieces;
	}

	/**
	 * All that stands before the seal, or before the end where there is none.
	 * @throws AppError INVALID_ARCHIVE at the end: the seal is broken
	 */
	async *content(): AsyncGenerator<Bytes> {
		const hash = new Bun.CryptoHasher("sha256");
		let held: Bytes = new Uint8Array(0);
		for await (const piece of this.#pieces) {
			const { before, last } = holdBack(held, piece);
			held = last;
			for (const part of before) {
				hash.update(part);
				yield part;
			}
		}
		this.state = stateOf(held, hash);
		if (this.state === "broken") throw brokenSeal();
		if (this.state === "missing") yield held;
	}
}

/**
 * Whether a file is byte for byte the archive that was made, without unpacking it; "missing" where an earlier version
 * or another program made it.
 */
export async function readSeal(
	pieces: AsyncIterable<Bytes>,
): Promise<SealState> {
	const stream = new SealedStream(pieces);
	try {
		for await (const _ of stream.content());
	} catch (error) {
		if (stream.state !== "broken") throw error;
	}
	return stream.state;
}

/** Whether these bytes end with what may be a seal. */
export function endsWithSeal(bytes: Uint8Array): boolean {
	const seal = bytes.subarray(-SEAL_BYTES);
	return (
		seal.byteLength === SEAL_BYTES &&
		SEAL_HEAD.every((byte, at) => seal[at] === byte) &&
		SEAL_TAIL.every((byte, at) => seal.at(at - SEAL_TAIL.byteLength) === byte)
	);
}

// Of the stream so far, the last SEAL_BYTES may be the seal. They are copied: the piece's memory is lent.
function holdBack(
	held: Bytes,
	piece: Bytes,
): { before: readonly Bytes[]; last: Bytes } {
	const excess = held.byteLength + piece.byteLength - SEAL_BYTES;
	if (excess <= 0) return { before: [], last: joined(held, piece) };
	const fromHeld = Math.min(excess, held.byteLength);
	const fromPiece = excess - fromHeld;
	const last = joined(held.subarray(fromHeld), piece.subarray(fromPiece));
	const before = [held.subarray(0, fromHeld), piece.subarray(0, fromPiece)];
	return { before: before.filter((part) => part.byteLength > 0), last };
}

function joined(one: Bytes, other: Bytes): Bytes {
	const both = new Uint8Array(one.byteLength + other.byteLength);
	both.set(one);
	both.set(other, one.byteLength);
	return both;
}

function stateOf(last: Bytes, hash: Bun.CryptoHasher): SealState {
	if (!endsWithSeal(last)) return "missing";
	const expected = sealOf(hash);
	return expected.every((byte, at) => last[at] === byte) ? "intact" : "broken";
}

function sealOf(hash: Bun.CryptoHasher): Bytes {
	const seal = new Uint8Array(SEAL_BYTES);
	seal.set(SEAL_HEAD);
	seal.set(hash.digest(), SEAL_HEAD.byteLength);
	seal.set(SEAL_TAIL, SEAL_HEAD.byteLength + HASH_BYTES);
	return seal;
}

function brokenSeal(): AppError {
	return new AppError(
		"INVALID_ARCHIVE",
		"its bytes are not those that were written (seal)",
	);
}
