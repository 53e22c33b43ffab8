// The head start of packing: what was read of a growing file is used where it stayed, and nothing shows of it where not.

import { expect, spyOn, test } from "bun:test";
import {
	closeSync,
	openSync,
	readFileSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { packAhead } from "../../../src/core/archive/ahead.ts";
import {
	blockStart,
	filePart,
	writeArchive,
} from "../../../src/core/archive/archive.ts";
import { BLOCK_BYTES, GzipPool } from "../../../src/core/archive/gzip.ts";
import { membersOf } from "../../helpers/damage.ts";
import { type Bytes, concat } from "../../helpers/hostile.ts";
import { Home } from "../../helpers/program.ts";

const LEVEL = 1;
const BLOCKS = 6;
/** The first block has no head start, and the last one is followed by nothing. */
const AHEAD = BLOCKS - 2;

/** A file of BLOCKS blocks grows, is followed until nothing more can be prepared, and then changed. */
async function grow(
	home: Home,
	pool: GzipPool,
	mayPrepare: number,
	change: (fd: number) => void = () => {},
): Promise<Bytes> {
	const path = join(home.path, "growing");
	const prepare = spyOn(pool, "prepare");
	using _ = packAhead(path, pool, LEVEL);
	await sleep(10);
	const fd = openSync(path, "w");
	for (let block = 0; block < BLOCKS; block++) {
		writeSync(fd, new Uint8Array(BLOCK_BYTES).fill(block + 1));
		await sleep(10);
	}
	while (prepare.mock.results.length < mayPrepare) await sleep(1);
	await Promise.all(prepare.mock.results.map(({ value }) => value));
	change(fd);
	closeSync(fd);
	expect(prepare).toHaveBeenCalledTimes(mayPrepare);
	return new Uint8Array(readFileSync(path));
}

async function pack(pool: GzipPool, file: Bytes): Promise<Bytes> {
	const blocks = async function* () {
		for (let index = 1; index <= AHEAD; index++) {
			yield file.slice(blockStart(index), blockStart(index + 1));
		}
	};
	const members: Bytes[] = [];
	for await (const member of pool.compress(blocks(), LEVEL)) {
		members.push(member.slice());
	}
	return concat(...members);
}

function expectHolds(packed: Bytes, file: Bytes): void {
	const body = file.slice(blockStart(1), blockStart(AHEAD + 1));
	expect(Buffer.compare(gunzipSync(packed), body)).toBe(0);
}

test("what stayed as it was is packed when it is asked for: no worker need live any more", async () => {
	using home = new Home();
	using pool = new GzipPool(2);
	const file = await grow(home, pool, AHEAD);
	pool[Symbol.dispose]();
	expectHolds(await pack(pool, file), file);
});

test("what is read ahead are the blocks that packing asks for", async () => {
	using home = new Home();
	using pool = new GzipPool(2);
	const body = new Uint8Array(4 * BLOCK_BYTES).map((_, at) => at >> 9);
	const [from, to] = [join(home.path, "body"), join(home.path, "a.tar.gz")];
	writeFileSync(from, body);
	await writeArchive(to, [await filePart("library.db", from)], {
		pool,
		level: LEVEL,
		modifiedAt: new Date(0),
	});
	const members = membersOf(new Uint8Array(readFileSync(to)));
	for (const index of [1, 2, 3]) {
		const block = body.slice(blockStart(index), blockStart(index + 1));
		const packed = members[index] ?? new Uint8Array(0);
		expect(Buffer.compare(gunzipSync(packed), block)).toBe(0);
	}
});

test("what changed after it was read is packed as it is now", async () => {
	using home = new Home();
	using pool = new GzipPool(2);
	const file = await grow(home, pool, AHEAD, (fd) => {
		writeSync(fd, Uint8Array.of(99), 0, 1, blockStart(2));
		writeSync(fd, Uint8Array.of(99), 0, 1, blockStart(4) - 1);
	});
	expectHolds(await pack(pool, file), file);
});

test("what was packed with another level is not what is asked for", async () => {
	using pool = new GzipPool(2);
	const block = new Uint8Array(Buffer.from("a library ".repeat(50_000)));
	await pool.prepare(block.slice(), LEVEL);
	pool[Symbol.dispose]();
	const asked = (async function* () {
		yield block.slice();
	})();
	const packed = pool.compress(asked, LEVEL + 1);
	await expect(packed.next()).rejects.toThrow("interrupted");
});

test("a lone worker does nothing ahead", async () => {
	using home = new Home();
	using pool = new GzipPool(1);
	await grow(home, pool, 0);
});
