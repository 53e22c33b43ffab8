// A look at an archive that costs a few KB, whatever its size: its metadata from the front, its checksums from the end.
// It tells a whole archive from a truncated or foreign one; only reading it all tells that every byte is right.

import * as fs from "node:fs";
import { promisify } from "node:util";
import { AppError, fileError } from "../../ground/errors.ts";
import { CHECKSUMS_NAME, METADATA_NAME } from "./archive.ts";
import { cannotOpen, requireGzip, requireRegularFile } from "./format.ts";
import { endsWithTrailer, MEMBER_HEADER, startsMember } from "./gzip/format.ts";
import { endsWithSeal, SEAL_BYTES } from "./gzip/seal.ts";
import {
	MAX_METADATA_BYTES,
	type Metadata,
	parseMetadata,
} from "./metadata.ts";
import { incomplete } from "./reader.ts";
import { TAR_BLOCK_BYTES } from "./tar.ts";
import { atPath } from "./unpack.ts";

// Only what may wait for a disk or a share is left to other threads: asking them costs more than the answer itself.
const open = promisify(fs.open);
const read = promisify(fs.read);
const close = promisify(fs.close);

const HEAD_BYTES = 2048;
const TAIL_BYTES = 1024;
/** Room for the longest metadata, its tar header and what gzip puts around it. */
const MOST_HEAD_BYTES = MAX_METADATA_BYTES + 4096;

/** What a look at an archive tells. */
export interface Look {
	readonly file: fs.Stats;
	/** null for an archive that is not ours: it must be read in full. */
	readonly metadata: Metadata | null;
}

/**
 * Reads the metadata of one of our archives.
 * @throws AppError INVALID_ARCHIVE, NOT_FOUND, OPERATION_FAILED
 */
export async function inspectArchive(path: string): Promise<Look> {
	const { O_RDONLY, O_NONBLOCK } = fs.constants;
	// A pipe then opens at once, to be refused.
	const fd = await open(path, O_RDONLY | O_NONBLOCK).catch((cause) => {
		throw cannotOpen(path, cause);
	});
	try {
		return await lookInto(fd, path);
	} catch (error) {
		throw error instanceof AppError
			? atPath(path, error)
			: fileError(`cannot read ${path}`, error);
	}
}

async function lookInto(fd: number, path: string): Promise<Look> {
	try {
		const file = fs.fstatSync(fd);
		requireRegularFile(path, file);
		let head = await readAt(fd, 0, HEAD_BYTES);
		requireGzip(path, head);
		if (!startsMember(head)) return { file, metadata: null };
		if (head.indexOf(MEMBER_HEADER, 1) < 0)
			head = await readAt(fd, 0, MOST_HEAD_BYTES);
		const tail = await readAt(fd, file.size - TAIL_BYTES, TAIL_BYTES);
		return { file, metadata: readEnds(head, tail) };
	} finally {
		await close(fd);
	}
}

async function readAt(
	fd: number,
	at: number,
	count: number,
): Promise<Buffer<ArrayBuffer>> {
	const bytes = Buffer.alloc(count);
	const { bytesRead } = await read(fd, bytes, 0, count, Math.max(0, at));
	return bytes.subarray(0, bytesRead);
}

function readEnds(
	head: Buffer<ArrayBuffer>,
	tail: Buffer<ArrayBuffer>,
): Metadata {
	const second = head.indexOf(MEMBER_HEADER, 1);
	if (second < 0) throw incomplete();
	const metadata = parseMetadata(
		bodyOf(METADATA_NAME, gunzip(head.subarray(0, second))),
	);
	const hasSeal = endsWithSeal(tail);
	const end = hasSeal ? tail.subarray(0, -SEAL_BYTES) : tail;
	const last = end.lastIndexOf(MEMBER_HEADER);
	const sums = last < 0 ? null : checksumsIn(end.subarray(last));
	const { own } = metadata;
	if (!own || !sums?.includes(own.databaseSha256)) throw incomplete();
	if (own.isSealed && !hasSeal) throw incomplete();
	return metadata;
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

// At its worst, 1,032 times its input, it takes some 70 MB for a moment. zlib has a limit, and takes five times as long.
function gunzip(member: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
	try {
		const bytes = Bun.gunzipSync(member, { library: "libdeflate" });
		if (endsWithTrailer(member, bytes))
			return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	} catch (cause) {
		throw new AppError("INVALID_ARCHIVE", "damaged gzip data", { cause });
	}
	throw new AppError("INVALID_ARCHIVE", "damaged gzip data");
}
