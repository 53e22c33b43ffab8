// A head start: a file's blocks are compressed while the file is still being written, on cores that have nothing to do then.
// What was read may change yet. So this only guesses: packing reads the file again, and takes a member that was made
// ahead where the very bytes that it holds come by.

import { open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { blockStart } from "./archive.ts";
import { BLOCK_BYTES, type GzipPool } from "./gzip.ts";

/** What one core compresses while a library of 100 MB is copied. More would only take more memory where it is larger. */
const MOST_BYTES = 8 * 1024 * 1024;

const POLL_MS = 4;

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
	let isOver = pool.size < 2;
	const follow = async () => {
		const busy = new Set<Promise<void>>();
		let preparedBytes = 0;
		// The first block is the last to be complete: it holds the file's header.
		for (let index = 1; preparedBytes < MOST_BYTES && !isOver; ) {
			if (busy.size === pool.size) await Promise.race(busy);
			const block = await readBlock(path, blockStart(index));
			if (isOver) return;
			if (block) {
				index++;
				const work: Promise<void> = pool
					.prepare(block, level)
					.catch(() => 0) // whoever asks for it fails with it
					.then((bytes) => {
						preparedBytes += bytes;
						busy.delete(work);
					});
				busy.add(work);
			} else await sleep(POLL_MS);
		}
	};
	follow();
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
		const { size } = await stat(path);
		if (size < start + 2 * BLOCK_BYTES) return null;
		await using file = await open(path, "r");
		const block = new Uint8Array(BLOCK_BYTES);
		const { bytesRead } = await file.read(block, 0, BLOCK_BYTES, start);
		return bytesRead === BLOCK_BYTES ? block : null;
	} catch {
		return null; // not there yet, or there again later: the copying may begin anew
	}
}
