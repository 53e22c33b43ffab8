// Our gzip streams: independent members that come back in order, and nothing else passes for one.

import { afterAll, describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { startsMember } from "../../../src/core/archive/gzip/format.ts";
import { GzipPool, splitMembers } from "../../../src/core/archive/gzip.ts";
import { membersOf } from "../../helpers/damage.ts";
import {
	type Bytes,
	concat,
	gzip,
	noise,
	OWN_HEADER,
	ownGzip,
} from "../../helpers/hostile.ts";
import { collect, expectSame, inPieces } from "../../helpers/streams.ts";

const MIB = 1024 * 1024;
const pool = new GzipPool(2);
afterAll(() => pool[Symbol.dispose]());

async function* each(blocks: readonly Bytes[]): AsyncGenerator<Bytes> {
	for (const block of blocks) yield block.slice();
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

test("only the ten bytes of our members are taken for ours", () => {
	expect(startsMember(ownGzip(noise(5)))).toBe(true);
	expect(startsMember(gzip(noise(5)))).toBe(false);
	expect(startsMember(OWN_HEADER.slice(0, 9))).toBe(false);
});
