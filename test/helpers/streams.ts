// Bytes that come in pieces, and what became of them.

import { expect } from "bun:test";
import { type Bytes, concat } from "./hostile.ts";

/** As readPieces does it: each piece is gone when the next one is asked for. */
export async function* inPieces(
	bytes: Bytes,
	size: number,
): AsyncGenerator<Bytes> {
	for (let at = 0; at < bytes.byteLength; at += size) {
		const piece = bytes.slice(at, at + size);
		yield piece;
		piece.fill(0xee);
	}
}

export async function collect(pieces: AsyncIterable<Bytes>): Promise<Bytes> {
	const copies: Bytes[] = [];
	for await (const piece of pieces) copies.push(new Uint8Array(piece));
	return concat(...copies);
}

export function expectSame(bytes: Bytes, expected: Bytes): void {
	expect(Buffer.compare(bytes, expected)).toBe(0);
}
