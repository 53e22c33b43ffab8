// Our gzip streams: independent members that come back in order, and any other stream read strictly.

import { afterAll, describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { gunzipStream } from "../../src/core/gunzip.ts";
import { startsMember } from "../../src/core/gzip.format.ts";
import { GzipPool, splitMembers } from "../../src/core/gzip.ts";
import { membersOf } from "../helpers/damage.ts";
import {
	type Bytes,
	concat,
	gzip,
	OWN_HEADER,
	ownGzip,
} from "../helpers/hostile.ts";

const MIB = 1024 * 1024;
const pool = new GzipPool(2);
afterAll(() => pool[Symbol.dispose]());

/** As readPieces does it: each piece is gone when the next one is asked for. */
async function* inPieces(bytes: Bytes, size: number): AsyncGenerator<Bytes> {
	for (let at = 0; at < bytes.byteLength; at += size) {
		const piece = bytes.slice(at, at + size);
		yield piece;
		piece.fill(0xee);
	}
}

async function* each(blocks: readonly Bytes[]): AsyncGenerator<Bytes> {
	for (const block of blocks) yield block.slice();
}

async function collect(pieces: AsyncIterable<Bytes>): Promise<Bytes> {
	const copies: Bytes[] = [];
	for await (const piece of pieces) copies.push(new Uint8Array(piece));
	return concat(...copies);
}

function noise(length: number): Bytes {
	const bytes = new Uint8Array(length);
	for (let at = 0; at < length; at += 65_536) {
		crypto.getRandomValues(bytes.subarray(at, at + 65_536));
	}
	return bytes;
}

function expectSame(bytes: Bytes, expected: Bytes): void {
	expect(Buffer.compare(bytes, expected)).toBe(0);
}

const decompress = (stream: Bytes, pieceBytes = MIB) =>
	collect(pool.decompress(splitMembers(inPieces(stream, pieceBytes))));

describe.each([1, 5, 9, 12])("level %d", (level) => {
	test("blocks of any content come back in order", async () => {
		const blocks = [
			noise(MIB),
			new Uint8Array(MIB),
			noise(1),
			new Uint8Array(1),
			noise(70_000),
		];
		const stream = await collect(pool.compress(each(blocks), level));
		expectSame(await decompress(stream), concat(...blocks));
		expectSame(new Uint8Array(gunzipSync(stream)), concat(...blocks));
	});
});

describe("a block that holds the header of a member", () => {
	test.each([
		["once", [noise(200_000), OWN_HEADER, noise(200_000)]],
		["at its start", [OWN_HEADER, noise(MIB - 10)]],
		["at its end", [noise(MIB - 10), OWN_HEADER]],
		["twice in a row", [noise(99_999), OWN_HEADER, OWN_HEADER, noise(99_999)]],
		["at its half", [noise(MIB / 2), OWN_HEADER, noise(MIB / 2 - 10)]],
		["across its half", [noise(MIB / 2 - 5), OWN_HEADER, noise(MIB / 2 - 5)]],
	])("%s comes back", async (_, parts) => {
		const block = concat(...parts);
		const stream = await collect(pool.compress(each([block]), 5));
		expectSame(await decompress(stream), block);
		for (const member of membersOf(stream)) {
			expect(() => gunzipSync(member)).not.toThrow();
		}
	});

	test("thousands of times comes back, in seconds", async () => {
		const parts = Array.from({ length: 20_000 }, () => [noise(40), OWN_HEADER]);
		const block = concat(...parts.flat());
		const stream = await collect(pool.compress(each([block]), 5));
		expectSame(await decompress(stream), block);
	}, 10_000);
});

test("members are found wherever a piece of the file ends", async () => {
	const blocks = [noise(300), noise(20), noise(700)];
	const stream = await collect(pool.compress(each(blocks), 5));
	for (let pieceBytes = 1; pieceBytes < stream.byteLength; pieceBytes += 3) {
		const bytes = await decompress(stream, pieceBytes);
		expectSame(bytes, concat(...blocks));
	}
});

describe("a member of ours", () => {
	const text = (length: number) => new Uint8Array(length).fill(65);
	test.each([
		["holds more than a block", ownGzip(text(MIB + 1))],
		["holds a thousand times more than a block", ownGzip(text(1000 * MIB))],
		["has nothing in it", OWN_HEADER],
		[
			"has another one behind it without a border",
			concat(ownGzip(text(1)), gzip(text(1))),
		],
		["has a byte behind it", concat(ownGzip(text(1)), text(1))],
		["has zeros behind it", concat(ownGzip(text(1)), new Uint8Array(8))],
		["never ends", concat(OWN_HEADER, noise(3 * MIB))],
	])("is refused if it %s", async (_, stream) => {
		await expect(decompress(stream)).rejects.toMatchObject({
			code: "INVALID_ARCHIVE",
		});
	});
});

describe("a foreign gzip stream", () => {
	const bytes = noise(3 * MIB);
	const stream = gzip(bytes);

	test.each([1, 10_000, MIB])("comes back in pieces of %d", async (size) => {
		const [given, want] =
			size === 1
				? [gzip(bytes.slice(0, 5000)), bytes.slice(0, 5000)]
				: [stream, bytes];
		const result = await collect(gunzipStream(inPieces(given, size)));
		expectSame(result, want);
	});

	test("of several members comes back", async () => {
		const members = concat(stream, gzip(bytes.slice(0, 9)), stream);
		const result = await collect(gunzipStream(inPieces(members, 10_000)));
		expect(result.byteLength).toBe(2 * bytes.byteLength + 9);
	});

	test.each([
		["zeros behind its end", concat(stream, new Uint8Array(5 * MIB))],
		["one zero byte behind its end", concat(stream, new Uint8Array(1))],
		["text behind its end", concat(stream, Buffer.from("text"))],
		["half a header behind its end", concat(stream, OWN_HEADER.slice(0, 5))],
		["a byte missing", stream.slice(0, -1)],
		["only a header", stream.slice(0, 10)],
		["half a header", stream.slice(0, 5)],
		["a wrong CRC", stream.with(-8, (stream.at(-8) ?? 0) ^ 1)],
		["a wrong length", stream.with(-1, (stream.at(-1) ?? 0) ^ 1)],
		["garbage from the start", noise(3 * MIB)],
	])(
		"is refused with %s, wherever a piece of it ends",
		async (_, damaged) => {
			for (const pieceBytes of [4096, stream.byteLength, MIB]) {
				const reading = collect(gunzipStream(inPieces(damaged, pieceBytes)));
				await expect(reading).rejects.toMatchObject({
					code: "INVALID_ARCHIVE",
				});
			}
		},
		20_000,
	);

	test("lets go of its file when it is refused, or read no further", async () => {
		let open = 0;
		const watched = async function* (given: Bytes) {
			open++;
			try {
				yield* inPieces(given, 10_000);
			} finally {
				open--;
			}
		};
		await collect(gunzipStream(watched(noise(MIB)))).catch(() => undefined);
		expect(open).toBe(0);
		for await (const _ of gunzipStream(watched(stream))) break;
		expect(open).toBe(0);
	});

	test("fails with the error of the file it comes from", async () => {
		const failing = async function* (): AsyncGenerator<Bytes> {
			yield stream.slice(0, 5000);
			throw new Error("input/output error");
		};
		const reading = collect(gunzipStream(failing()));
		await expect(reading).rejects.toMatchObject({
			cause: { message: "input/output error" },
		});
	});
});

test("only the ten bytes of our members are taken for ours", () => {
	expect(startsMember(ownGzip(noise(5)))).toBe(true);
	expect(startsMember(gzip(noise(5)))).toBe(false);
	expect(startsMember(OWN_HEADER.slice(0, 9))).toBe(false);
});
