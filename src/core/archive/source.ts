// Where an archive's bytes come from: a file here, or an object in a store. Who reads archives knows of neither.

import * as fs from "node:fs";
import { promisify } from "node:util";
import { AppError, fileError } from "../../ground/errors.ts";
import { type OnBytes, readPieces } from "../../ground/files.ts";
import {
	cannotOpen,
	FORMAT_HEAD_BYTES,
	lookAt,
	requireGzip,
	requireRegularFile,
} from "./format.ts";

// Only what may wait for a disk or a share is left to other threads: asking them costs more than the answer itself.
const open = promisify(fs.open);
const read = promisify(fs.read);
const close = promisify(fs.close);

type Bytes = Uint8Array<ArrayBuffer>;

/** A part of an archive; it may reach beyond the end. */
export interface Range {
	readonly start: number;
	readonly count: number;
}

/** The bytes of one archive. Whoever has one holds nothing open. */
export interface ArchiveSource {
	/** Where it is, for messages: an absolute path, or an address. */
	readonly path: string;
	readonly sizeBytes: number;
	/**
	 * Reads some parts of it, in one go where that is cheaper; a part that reaches beyond the end is shorter.
	 * @throws AppError NOT_FOUND, OPERATION_FAILED
	 */
	readRanges(
		ranges: readonly Range[],
		signal?: AbortSignal,
	): Promise<readonly Bytes[]>;
	/**
	 * Reads so many bytes of its beginning and of its end.
	 * @returns no end where the place vouches for it: what was put there is there, to the last byte
	 * @throws as `readRanges`
	 */
	readEnds(
		headCount: number,
		tailCount: number,
		signal?: AbortSignal,
	): Promise<{ readonly head: Bytes; readonly tail: Bytes | null }>;
	/**
	 * Reads all of it. A piece is valid until the next one is asked for.
	 * @throws the signal's reason; AppError OPERATION_FAILED
	 */
	readPieces(signal?: AbortSignal, onBytes?: OnBytes): AsyncIterable<Bytes>;
}

/**
 * The archive at a path.
 * @throws AppError NOT_FOUND; INVALID_ARCHIVE: a folder, a pipe, …; OPERATION_FAILED
 */
export async function archiveAt(path: string): Promise<ArchiveSource> {
	const found = await lookAt(path);
	requireRegularFile(path, found);
	return archiveFile(path, found.size);
}

/** The archive at a path of which it is known that a regular file is there. */
export function archiveFile(path: string, sizeBytes: number): ArchiveSource {
	return {
		path,
		sizeBytes,
		readRanges: (ranges) => readRangesOf(path, ranges),
		async readEnds(headCount, tailCount) {
			const start = Math.max(0, sizeBytes - tailCount);
			const ends = await readRangesOf(path, [
				{ start: 0, count: headCount },
				{ start, count: tailCount },
			]);
			const [head = new Uint8Array(0), tail = new Uint8Array(0)] = ends;
			return { head, tail };
		},
		readPieces: (signal, onBytes) => readPieces(path, signal, onBytes),
	};
}

/** The first bytes of an archive, fewer if it is shorter. */
export async function readStart(
	source: ArchiveSource,
	count: number,
	signal?: AbortSignal,
): Promise<Bytes> {
	const [start] = await source.readRanges([{ start: 0, count }], signal);
	return start ?? new Uint8Array(0);
}

/**
 * Lets gzip files pass.
 * @throws AppError INVALID_ARCHIVE: anything else, by its name; NOT_FOUND, OPERATION_FAILED
 */
export async function requireSupportedFormat(
	source: ArchiveSource,
	signal?: AbortSignal,
): Promise<void> {
	requireGzip(source.path, await readStart(source, FORMAT_HEAD_BYTES, signal));
}

async function readRangesOf(
	path: string,
	ranges: readonly Range[],
): Promise<readonly Bytes[]> {
	const { O_RDONLY, O_NONBLOCK } = fs.constants;
	// A pipe that has taken the file's place then opens at once, to be refused.
	const fd = await open(path, O_RDONLY | O_NONBLOCK).catch((cause) => {
		throw cannotOpen(path, cause);
	});
	try {
		const parts: Bytes[] = [];
		for (const { start, count } of ranges) {
			const bytes = new Uint8Array(count);
			const { bytesRead } = await read(fd, bytes, 0, count, start);
			parts.push(bytes.subarray(0, bytesRead));
		}
		return parts;
	} catch (cause) {
		if (cause instanceof AppError) throw cause;
		throw fileError(`cannot read ${path}`, cause);
	} finally {
		await close(fd);
	}
}
