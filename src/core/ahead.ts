// A head start: a file's blocks are compressed while the file is still being written, on cores that have nothing to do then.
// What was read may change yet. So this only guesses: packing reads the file again, and takes a member that was made
// ahead where the very bytes that it holds come by.

import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { blockStart } from "./archive.ts";
import { BLOCK_BYTES, type GzipPool } from "./gzip.ts";

/** As many as one core compresses while a library of 100 MB is copied. More take more memory where it is larger. */
const MOST_BLOCKS = 32;

const POLL_MS = 2;

/**
 * Compresses what a file gets until it is disposed of. A lone worker has no head start: it would only take the core from
 * whoever writes the file.
 * @param level gzip level, 1 to 12, that the file will be packed with
 */
export function packAhead(
	path: string,
	pool: GzipPool,
	level: number,
): Disposable {
	let isOver = false;
	let next = 1; // the first block is the last to be complete: it holds the file's header
	const nextBlock = async () => {
		const start = blockStart(next++);
		for (; !isOver; await sleep(POLL_MS)) {
			const block = await readBlock(path, start);
			if (block) return block;
		}
		return null;
	};
	const work = async () => {
		while (!isOver && next <= MOST_BLOCKS) {
			const block = await nextBlock();
			if (block && !isOver) await pool.prepare(block, level);
		}
	};
	pool.start();
	for (let worker = 0; pool.size > 1 && worker < pool.size; worker++) {
		work().catch(() => undefined); // whoever packs the file fails with it
	}
	return {
		[Symbol.dispose]() {
			isOver = true;
		},
	};
}

// Null while the file does not reach over the next block as well: its last pages are often written twice.
async function readBlock(
	path: string,
	start: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
	try {
		await using file = await open(path, "r");
		const { size } = await file.stat();
		if (size < start + 2 * BLOCK_BYTES) return null;
		const block = new Uint8Array(BLOCK_BYTES);
		const { bytesRead } = await file.read(block, 0, BLOCK_BYTES, start);
		return bytesRead === BLOCK_BYTES ? block : null;
	} catch {
		return null; // not there yet, or there again later: the copying may begin anew
	}
}
