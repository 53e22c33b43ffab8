// A look at an archive that costs a few KB, whatever its size: its metadata from the front, its checksums from the end.
// It tells a whole archive from a truncated or foreign one; only reading it all tells that every byte is right.

import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { AppError, fileError } from "../errors.ts";
import { CHECKSUMS_NAME, METADATA_NAME } from "./archive.ts";
import { cannotOpen, requireGzip, requireRegularFile } from "./format.ts";
import { endsWithTrailer, MEMBER_HEADER } from "./gzip.format.ts";
import { startsMember } from "./gzip.ts";
import {
	MAX_METADATA_BYTES,
	type Metadata,
	parseMetadata,
} from "./metadata.ts";
import { firstMember } from "./tar.ts";
import { atPath } from "./unpack.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const HEAD_BYTES = 4096;
const TAIL_BYTES = 4096;
/** Room for the longest metadata, its tar header and what gzip puts around it. */
const MOST_HEAD_BYTES = MAX_METADATA_BYTES + 4096;

/**
 * Reads the metadata of one of our archives.
 * @returns null for an archive that is not ours: it must be read in full
 * @throws AppError INVALID_ARCHIVE, NOT_FOUND, OPERATION_FAILED
 */
export async function inspectArchive(path: string): Promise<Metadata | null> {
	// A pipe then opens at once, to be refused.
	const flags = constants.O_RDONLY | constants.O_NONBLOCK;
	const opened = await open(path, flags).catch((cause) => {
		throw cannotOpen(path, cause);
	});
	try {
		await using file = opened;
		const found = await file.stat();
		requireRegularFile(path, found);
		const read = async (
			count: number,
			at: number,
		): Promise<Buffer<ArrayBuffer>> => {
			const bytes = Buffer.alloc(count);
			const { bytesRead } = await file.read(bytes, 0, count, Math.max(0, at));
			return bytes.subarray(0, bytesRead);
		};
		let head = await read(HEAD_BYTES, 0);
		requireGzip(path, head);
		if (!startsMember(head)) return null;
		if (head.indexOf(MEMBER_HEADER, 1) < 0)
			head = await read(MOST_HEAD_BYTES, 0);
		const tail = await read(TAIL_BYTES, found.size - TAIL_BYTES);
		return readEnds(head, tail);
	} catch (error) {
		throw error instanceof AppError
			? atPath(path, error)
			: fileError(`cannot read ${path}`, error);
	}
}

function readEnds(
	head: Buffer<ArrayBuffer>,
	tail: Buffer<ArrayBuffer>,
): Metadata {
	const second = head.indexOf(MEMBER_HEADER, 1);
	if (second < 0) throw new AppError("INVALID_ARCHIVE", "truncated");
	const metadata = parseMetadata(
		bodyOf(head.subarray(0, second), METADATA_NAME),
	);
	const last = tail.lastIndexOf(MEMBER_HEADER);
	const sums = last < 0 ? null : checksumsIn(tail.subarray(last));
	if (!metadata.own || !sums?.includes(metadata.own.databaseSha256)) {
		throw new AppError("INVALID_ARCHIVE", "truncated, or damaged at its end");
	}
	return metadata;
}

function checksumsIn(gzipMember: Buffer<ArrayBuffer>): string | null {
	try {
		return new TextDecoder().decode(bodyOf(gzipMember, CHECKSUMS_NAME));
	} catch {
		return null; // an end that can't be read is a damaged end, which the caller reports
	}
}

function bodyOf(gzipMember: Buffer<ArrayBuffer>, name: string): Bytes {
	const member = firstMember(gunzip(gzipMember));
	if (member.name !== name) {
		throw new AppError("INVALID_ARCHIVE", `${name} is not where it belongs`);
	}
	return member.body;
}

// At its worst, 1,032 times its input, it takes some 70 MB for a moment. zlib has a limit, and takes five times as long.
function gunzip(member: Buffer<ArrayBuffer>): Bytes {
	try {
		const bytes = Bun.gunzipSync(member, { library: "libdeflate" });
		if (endsWithTrailer(member, bytes)) return bytes;
	} catch (cause) {
		throw new AppError("INVALID_ARCHIVE", "damaged gzip data", { cause });
	}
	throw new AppError("INVALID_ARCHIVE", "damaged gzip data");
}
