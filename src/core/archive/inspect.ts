// A look at an archive that costs a few KB, whatever its size: its metadata from the front, its checksums from the end.
// It tells a whole archive from a truncated or foreign one; only reading it all tells that every byte is right.

import { gunzipSync } from "node:zlib";
import { AppError } from "../../ground/errors.ts";
import { CHECKSUMS_NAME, METADATA_NAME } from "./archive.ts";
import { requireGzip } from "./format.ts";
import { endsWithTrailer, MEMBER_HEADER, startsMember } from "./gzip/format.ts";
import { endsWithSeal, SEAL_BYTES } from "./gzip/seal.ts";
import {
	MAX_METADATA_BYTES,
	type Metadata,
	type OwnPart,
	parseMetadata,
} from "./metadata.ts";
import { incomplete } from "./reader.ts";
import { type ArchiveSource, readStart } from "./source.ts";
import { TAR_BLOCK_BYTES } from "./tar.ts";
import { atPath } from "./unpack.ts";

const HEAD_BYTES = 2048;
const TAIL_BYTES = 1024;
/** A longer one may be a bomb; of ours it is one whose note or tables are at their longest. */
const MOST_UNLIMITED_BYTES = 4096;
/** Room for the longest metadata, its tar header and what gzip puts around it. */
const MOST_HEAD_BYTES = MAX_METADATA_BYTES + 4096;

/**
 * Reads the metadata of one of our archives.
 * @returns null for an archive that is not ours: it must be read in full
 * @throws AppError INVALID_ARCHIVE, NOT_FOUND, OPERATION_FAILED
 */
export async function inspectArchive(
	source: ArchiveSource,
	signal?: AbortSignal,
): Promise<Metadata | null> {
	try {
		return await lookInto(source, signal);
	} catch (error) {
		throw atPath(source.path, error);
	}
}

async function lookInto(
	source: ArchiveSource,
	signal: AbortSignal | undefined,
): Promise<Metadata | null> {
	const ends = await source.readEnds(HEAD_BYTES, TAIL_BYTES, signal);
	const head = asBuffer(ends.head);
	const tail = ends.tail && asBuffer(ends.tail);
	requireGzip(source.path, head);
	if (!startsMember(head)) return null;
	const isLonger = head.indexOf(MEMBER_HEADER, 1) < 0;
	return readEnds(
		isLonger
			? asBuffer(await readStart(source, MOST_HEAD_BYTES, signal))
			: head,
		tail,
	);
}

function readEnds(
	head: Buffer<ArrayBuffer>,
	tail: Buffer<ArrayBuffer> | null,
): Metadata {
	const second = head.indexOf(MEMBER_HEADER, 1);
	if (second < 0) throw incomplete();
	const metadata = parseMetadata(
		bodyOf(METADATA_NAME, gunzip(head.subarray(0, second))),
	);
	if (!metadata.own) throw incomplete();
	if (tail !== null) requireEnd(tail, metadata.own);
	return metadata;
}

function requireEnd(tail: Buffer<ArrayBuffer>, own: OwnPart): void {
	const hasSeal = endsWithSeal(tail);
	const end = hasSeal ? tail.subarray(0, -SEAL_BYTES) : tail;
	const last = end.lastIndexOf(MEMBER_HEADER);
	const sums = last < 0 ? null : checksumsIn(end.subarray(last));
	if (!sums?.includes(own.databaseSha256)) throw incomplete();
	if (own.isSealed && !hasSeal) throw incomplete();
}

function checksumsIn(gzipMember: Buffer<ArrayBuffer>): string | null {
	try {
		return bodyOf(CHECKSUMS_NAME, gunzip(gzipMember)).toString();
	} catch {
		return null; // an end that can't be read is a damaged end, which the caller reports
	}
}

// Of a tar header only the name matters here, with which it begins; decoding all of it would take longer than the rest.
function bodyOf(
	name: string,
	member: Buffer<ArrayBuffer>,
): Buffer<ArrayBuffer> {
	if (member.toString("latin1", 0, name.length + 1) !== `${name}\0`) {
		throw new AppError("INVALID_ARCHIVE", `${name} is not where it belongs`);
	}
	const end = member.indexOf(0, TAR_BLOCK_BYTES);
	return member.subarray(TAR_BLOCK_BYTES, end < 0 ? member.length : end);
}

function asBuffer({
	buffer,
	byteOffset,
	byteLength,
}: Uint8Array<ArrayBuffer>): Buffer<ArrayBuffer> {
	return Buffer.from(buffer, byteOffset, byteLength);
}

// At its worst, 1,032 times its input, a short one takes 4 MB for a moment. zlib has a limit, and takes five times as long.
function gunzip(member: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
	try {
		const bytes =
			member.byteLength > MOST_UNLIMITED_BYTES
				? gunzipSync(member, { maxOutputLength: MOST_HEAD_BYTES })
				: Bun.gunzipSync(member, { library: "libdeflate" });
		if (endsWithTrailer(member, bytes)) return asBuffer(bytes);
	} catch (cause) {
		throw new AppError("INVALID_ARCHIVE", "damaged gzip data", { cause });
	}
	throw new AppError("INVALID_ARCHIVE", "damaged gzip data");
}
