// Reads an archive in one pass. It is believed only when every byte up to the end of the file was seen to be right.

import { dirname } from "node:path";
import { AppError, shortened } from "../../ground/errors.ts";
import { type OnBytes, writeNewFile } from "../../ground/files.ts";
import { ownCommand } from "../../ground/program.ts";
import { measureSpace, requireSpace } from "../library/space.ts";
import { requireSqliteFile } from "../library/sqlite-file.ts";
import { CHECKSUMS_NAME, DATABASE_NAME, METADATA_NAME } from "./archive.ts";
import {
	agree,
	type Contents,
	type Found,
	invalid,
	requireDeclaredSize,
} from "./contents.ts";
import { startsMember } from "./gzip/format.ts";
import { gunzipStream } from "./gzip/gunzip.ts";
import { SealedStream, type SealState } from "./gzip/seal.ts";
import { type GzipPool, splitMembers } from "./gzip.ts";
import { MAX_METADATA_BYTES, parseMetadata } from "./metadata.ts";
import { ByteReader, isIncomplete } from "./reader.ts";
import {
	type ArchiveSource,
	readStart,
	requireSupportedFormat,
} from "./source.ts";
import { type Member, nextMember, skipPadding } from "./tar.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const MAX_CHECKSUMS_BYTES = 4096;

const MOST_MESSAGE_LENGTH = 300;

/** Deflate makes no more of a byte (258 bytes of two bits). */
const BEST_RATIO = 1032;
const TOO_SMALL = "it is too small for the library.db that it says it holds";

export interface ReadOptions {
	readonly pool: GzipPool;
	/** Where to write the library, in a scratch folder; it is only checked if left out. */
	readonly to?: string;
	readonly signal?: AbortSignal | undefined;
	readonly onBytes?: OnBytes | undefined;
}

/**
 * Reads an archive, ours or VPO's, to its last byte in one pass, and checks all that it says of itself:
 * gzip CRCs, tar structure, member names and sizes, checksums, nothing behind the end.
 * The library is checked as a file here, not as a database.
 * @throws AppError INVALID_ARCHIVE, OPERATION_FAILED, INSUFFICIENT_SPACE (before the library is written)
 */
export async function readArchive(
	source: ArchiveSource,
	options: ReadOptions,
): Promise<Contents> {
	await requireSupportedFormat(source, options.signal);
	try {
		const content = await openContent(source, options);
		await using reader = new ByteReader(content.blocks);
		const found = await readMembers(reader, source.sizeBytes, options);
		return agree(found, content.seal());
	} catch (error) {
		throw atPath(source.path, error);
	}
}

/** Says of which archive an INVALID_ARCHIVE error is, unless it does already. What an archive makes us say is kept short. */
export function atPath(path: string, error: unknown): unknown {
	if (
		!(error instanceof AppError) ||
		error.code !== "INVALID_ARCHIVE" ||
		error.message.includes(path)
	) {
		return error;
	}
	const short = shortened(error.message, MOST_MESSAGE_LENGTH);
	const kind = isIncomplete(error) ? "incomplete" : "damaged";
	return new AppError("INVALID_ARCHIVE", `${kind} archive ${path}: ${short}`, {
		hint: `take another backup: ${ownCommand("backups")}`,
		cause: error,
	});
}

/** What is in a gzip stream. */
export interface Content {
	readonly blocks: AsyncIterable<Bytes>;
	/** What became of its seal, once it was read to its end; "foreign" where its first bytes are not ours. */
	seal(): SealState | "foreign";
}

/** The content of any archive of ours or of VPO's, decompressed. */
export async function openContent(
	source: ArchiveSource,
	{ pool, signal, onBytes }: ReadOptions,
): Promise<Content> {
	const head = await readStart(source, 16, signal);
	const pieces = source.readPieces(signal, onBytes);
	if (!startsMember(head)) {
		return { blocks: gunzipStream(pieces), seal: () => "foreign" };
	}
	const stream = new SealedStream(pieces);
	const blocks = pool.decompress(splitMembers(stream.content()));
	return { blocks, seal: () => stream.state };
}

async function readMembers(
	reader: ByteReader,
	archiveBytes: number,
	options: ReadOptions,
): Promise<Found> {
	const found: Found = { members: [] };
	for (let member = await nextMember(reader); member; ) {
		const { name, sizeBytes } = member;
		found.members.push(member);
		if (name === METADATA_NAME && !found.metadata) {
			found.metadata = await small(reader, member, MAX_METADATA_BYTES);
			parseMetadata(found.metadata);
		} else if (name === CHECKSUMS_NAME && !found.checksums) {
			found.checksums = await small(reader, member, MAX_CHECKSUMS_BYTES);
		} else if (name === DATABASE_NAME && !found.database) {
			requireDeclaredSize(found.metadata, sizeBytes);
			if (sizeBytes > archiveBytes * BEST_RATIO) throw invalid(TOO_SMALL);
			const sha256 = await readDatabase(reader, sizeBytes, options);
			found.database = { sizeBytes, sha256 };
		} else {
			throw invalid(`the member "${name}" does not belong there`);
		}
		await skipPadding(reader, sizeBytes);
		member = await nextMember(reader);
	}
	return found;
}

function small(
	reader: ByteReader,
	member: Member,
	mostBytes: number,
): Promise<Bytes> {
	if (member.sizeBytes > mostBytes) {
		throw invalid(`${member.name} is longer than ${mostBytes / 1024} KiB`);
	}
	return reader.exactly(member.sizeBytes);
}

async function readDatabase(
	reader: ByteReader,
	sizeBytes: number,
	{ to }: ReadOptions,
): Promise<string> {
	const hash = new Bun.CryptoHasher("sha256");
	const pieces = async function* () {
		let isFirst = true;
		for await (const piece of sqlitePieces(reader, sizeBytes)) {
			if (isFirst && to) await requireSpaceFor(to, sizeBytes);
			isFirst = false;
			hash.update(piece);
			yield piece;
		}
	};
	if (to) await writeNewFile(to, pieces());
	else for await (const _ of pieces());
	return hash.digest("hex");
}

// The header comes first, so that a bomb which is no library of its declared size ends before a byte is written.
async function* sqlitePieces(
	reader: ByteReader,
	sizeBytes: number,
): AsyncGenerator<Bytes> {
	const header = await reader.exactly(Math.min(100, sizeBytes));
	requireSqliteFile(header, sizeBytes);
	yield header;
	yield* reader.pieces(sizeBytes - header.byteLength);
}

// Told of the folder that the scratch folder is in, which a person knows.
async function requireSpaceFor(path: string, bytes: number): Promise<void> {
	const folder = dirname(dirname(path));
	requireSpace(await measureSpace([{ folder, bytes }]));
}
