// A look at an archive that costs a few KB, whatever its size: its metadata from the front, its checksums from the end.
// It tells a whole archive from a truncated or foreign one; only reading it all tells that every byte is right.

import { open } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { AppError, fileError } from "../errors.ts";
import { CHECKSUMS_NAME, METADATA_NAME } from "./archive.ts";
import { requireSupportedFormat } from "./format.ts";
import { MEMBER_HEADER } from "./gzip.format.ts";
import { startsMember } from "./gzip.ts";
import {
	MAX_METADATA_BYTES,
	type Metadata,
	parseMetadata,
} from "./metadata.ts";
import { ByteReader } from "./reader.ts";
import { nextMember } from "./tar.ts";
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
	await requireSupportedFormat(path);
	try {
		await using file = await open(path, "r");
		const read = async (count: number, at: number): Promise<Buffer> => {
			const bytes = Buffer.alloc(count);
			const { bytesRead } = await file.read(bytes, 0, count, Math.max(0, at));
			return bytes.subarray(0, bytesRead);
		};
		let head = await read(HEAD_BYTES, 0);
		if (!startsMember(head)) return null;
		if (head.indexOf(MEMBER_HEADER, 1) < 0)
			head = await read(MOST_HEAD_BYTES, 0);
		const { size } = await file.stat();
		return await readEnds(head, await read(TAIL_BYTES, size - TAIL_BYTES));
	} catch (error) {
		throw error instanceof AppError
			? atPath(path, error)
			: fileError(`cannot read ${path}`, error);
	}
}

async function readEnds(head: Buffer, tail: Buffer): Promise<Metadata> {
	const second = head.indexOf(MEMBER_HEADER, 1);
	if (second < 0) throw new AppError("INVALID_ARCHIVE", "truncated");
	const json = await onlyMember(head.subarray(0, second), METADATA_NAME);
	const metadata = parseMetadata(json);
	const last = tail.lastIndexOf(MEMBER_HEADER);
	const sums = last < 0 ? null : await lastMember(tail.subarray(last));
	if (!metadata.own || !sums?.includes(metadata.own.databaseSha256)) {
		throw new AppError("INVALID_ARCHIVE", "truncated, or damaged at its end");
	}
	return metadata;
}

async function lastMember(member: Buffer): Promise<string | null> {
	try {
		return new TextDecoder().decode(await onlyMember(member, CHECKSUMS_NAME));
	} catch {
		return null; // an end that can't be read is a damaged end, which the caller reports
	}
}

async function onlyMember(gzipMember: Buffer, name: string): Promise<Bytes> {
	const reader = new ByteReader(one(gunzip(gzipMember)));
	const member = await nextMember(reader);
	if (member?.name !== name) {
		throw new AppError("INVALID_ARCHIVE", `${name} is not where it belongs`);
	}
	return reader.exactly(member.sizeBytes);
}

function gunzip(member: Buffer): Bytes {
	try {
		return new Uint8Array(
			gunzipSync(member, { maxOutputLength: MOST_HEAD_BYTES }),
		);
	} catch (cause) {
		throw new AppError("INVALID_ARCHIVE", "damaged gzip data", { cause });
	}
}

async function* one(bytes: Bytes): AsyncGenerator<Bytes> {
	yield bytes;
}
