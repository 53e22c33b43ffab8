// One block in, one gzip member out, and back. Runs on a core of its own; see gzip.ts.

import { gunzipSync } from "node:zlib";
import { AppError } from "../errors.ts";
import { BLOCK_BYTES, MEMBER_HEADER, release } from "./gzip.format.ts";
import { serve } from "./thread.ts";

export type GzipOperations = typeof operations;

const operations = {
	/** Compresses one block into one gzip member with the fixed header. */
	gzip(block: Uint8Array<ArrayBuffer>, level: number): Uint8Array<ArrayBuffer> {
		const member = Bun.gzipSync(block, {
			library: "libdeflate",
			level: level as 6,
		});
		release(block);
		member.set(MEMBER_HEADER);
		return member;
	},

	/**
	 * Decompresses exactly one member, to at most BLOCK_BYTES.
	 * @throws AppError INVALID_ARCHIVE: anything in it is wrong, or something follows it
	 */
	gunzip(member: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
		try {
			const block: Uint8Array<ArrayBuffer> = gunzipSync(member, {
				maxOutputLength: BLOCK_BYTES,
			});
			const trailer = new DataView(member.buffer, member.byteLength - 8, 8);
			// zlib stops at the member's end; only a trailer in the last eight bytes shows that nothing follows.
			if (
				trailer.getUint32(0, true) === Bun.hash.crc32(block) &&
				trailer.getUint32(4, true) === block.byteLength
			) {
				release(member);
				return block;
			}
		} catch (cause) {
			throw new AppError("INVALID_ARCHIVE", "damaged gzip data", { cause });
		}
		throw new AppError("INVALID_ARCHIVE", "damaged gzip data");
	},
};

serve(operations);
