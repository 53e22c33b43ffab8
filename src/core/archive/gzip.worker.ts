// One block in, one gzip member out, and back. Runs on a core of its own; see gzip.ts.

import { gunzipSync } from "node:zlib";
import { AppError } from "../../ground/errors.ts";
import { lowerPriorityFurther } from "../../ground/process.ts";
import { serve } from "../work/thread.ts";
import {
	BLOCK_BYTES,
	damagedGzip,
	declaredBytes,
	endsWithTrailer,
	MEMBER_HEADER,
	release,
} from "./gzip/format.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export type GzipOperations = typeof operations;

/** libdeflate is several times faster with these, and knows no limit: one that lies of its size takes 512 KB for a moment. */
const SHORT_BYTES = 512;
/** zlib's own lower limit. */
const LEAST_CHUNK_BYTES = 64;

const operations = {
	/** Compresses one block into gzip members with the fixed header: one, or several if it holds such headers itself. */
	gzip(block: Bytes, level: number): Bytes {
		const members = compress(block, level);
		release(block);
		const [first, second] = members;
		return first && !second ? first : new Uint8Array(Buffer.concat(members));
	},

	/**
	 * Decompresses members that hold at most BLOCK_BYTES together.
	 * @param isLast whether they end the file, and may have been cut off with it
	 * @throws AppError INVALID_ARCHIVE: anything in them is wrong, or something follows one, or one holds nothing, as none of ours does
	 */
	gunzip(members: Bytes, isLast: boolean): Bytes {
		const { buffer, byteOffset, byteLength } = members;
		const searched = Buffer.from(buffer, byteOffset, byteLength);
		const blocks: Bytes[] = [];
		for (let start = 0; start < members.byteLength; ) {
			const next = searched.indexOf(MEMBER_HEADER, start + 1);
			const isLastOfFile = isLast && next < 0;
			const end = next < 0 ? members.byteLength : next;
			blocks.push(gunzipOne(members.subarray(start, end), isLastOfFile));
			start = end;
		}
		const [first, second] = blocks;
		const block = first && !second ? first : joined(blocks);
		if (block.byteLength > BLOCK_BYTES) throw damaged();
		release(members);
		return block;
	},
};

function gunzipOne(member: Bytes, isLast: boolean): Bytes {
	// What was cut off declares anything.
	const declared = isLast ? BLOCK_BYTES : declaredBytes(member);
	if (declared > BLOCK_BYTES) throw damaged();
	const isShort = !isLast && member.byteLength <= SHORT_BYTES;
	try {
		// A chunk for all of it: in zlib's 16 KB chunks, gathering them takes half as long again.
		const block: Bytes = isShort
			? Bun.gunzipSync(member, { library: "libdeflate" })
			: gunzipSync(member, {
					chunkSize: Math.max(LEAST_CHUNK_BYTES, declared),
					maxOutputLength: BLOCK_BYTES,
				});
		if (block.byteLength > 0 && endsWithTrailer(member, block)) return block;
	} catch (cause) {
		throw isLast ? damagedGzip(cause) : damaged(cause);
	}
	throw damaged();
}

function joined(blocks: readonly Bytes[]): Bytes {
	return new Uint8Array(Buffer.concat(blocks));
}

function damaged(cause?: unknown): AppError {
	return new AppError("INVALID_ARCHIVE", "damaged gzip data", { cause });
}

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
