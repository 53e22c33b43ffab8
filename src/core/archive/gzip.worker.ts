// One block in, one gzip member out, and back. Runs on a core of its own; see gzip.ts.

import { gunzipSync } from "node:zlib";
import { AppError } from "../../ground/errors.ts";
import { lowerPriorityFurther } from "../../ground/process.ts";
import { serve } from "../work/thread.ts";
import {
	BLOCK_BYTES,
	damagedGzip,
	endsWithTrailer,
	MEMBER_HEADER,
	release,
} from "./gzip/format.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export type GzipOperations = typeof operations;

// A chunk for the whole block: in zlib's 16 KB chunks, gathering them takes half as long again.
const GUNZIP = { chunkSize: BLOCK_BYTES, maxOutputLength: BLOCK_BYTES };

const operations = {
	/** Compresses one block into gzip members with the fixed header: one, or several if it holds such headers itself. */
	gzip(block: Bytes, level: number): Bytes {
		const members = compress(block, level);
		release(block);
		const [first, second] = members;
		return first && !second ? first : new Uint8Array(Buffer.concat(members));
	},

	/**
	 * Decompresses exactly one member, to at most BLOCK_BYTES.
	 * @param isLast whether it ends the file, and may have been cut off with it
	 * @throws AppError INVALID_ARCHIVE: anything in it is wrong, or something follows it, or it holds nothing, as none of ours does
	 */
	gunzip(member: Bytes, isLast: boolean): Bytes {
		try {
			const block: Bytes = gunzipSync(member, GUNZIP);
			if (block.byteLength > 0 && endsWithTrailer(member, block)) {
				release(member);
				return block;
			}
		} catch (cause) {
			if (isLast) throw damagedGzip(cause);
			throw new AppError("INVALID_ARCHIVE", "damaged gzip data", { cause });
		}
		throw new AppError("INVALID_ARCHIVE", "damaged gzip data");
	},
};

// What does not compress is stored as it is, and a header in it would look like the next member's. Halves of the block
// are stored as well, until the border between two of them cuts the header in the block.
function compress(block: Bytes, level: number): Bytes[] {
	const member = Bun.gzipSync(block, {
		library: "libdeflate",
		level: level as 6,
	});
	member.set(MEMBER_HEADER);
	const bytes = Buffer.from(member.buffer, member.byteOffset, member.length);
	if (bytes.indexOf(MEMBER_HEADER, 1) < 0) return [member];
	const half = block.byteLength >> 1;
	return [block.subarray(0, half), block.subarray(half)].flatMap((part) =>
		compress(part, level),
	);
}

lowerPriorityFurther();
serve(operations);
