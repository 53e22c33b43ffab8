// One archive from one location to another, byte by byte, and checked where it arrives before it has a name there.

import { dirname, join } from "node:path";
import { AppError } from "../../../ground/errors.ts";
import {
	makePrivateFolder,
	type OnBytes,
	readPieces,
	syncFile,
	writeNewFile,
} from "../../../ground/files.ts";
import { resolveLinks } from "../../../ground/paths.ts";
import { makeScratch, type Scratch } from "../../../ground/scratch.ts";
import type { Settings } from "../../../ground/settings.ts";
import { type ArchiveSource, archiveFile } from "../../archive/source.ts";
import { readArchive } from "../../archive/unpack.ts";
import type { Workshop } from "../../archive/workshop.ts";
import {
	chooseScratchFolder,
	measureSpace,
	requireSpace,
} from "../../library/space.ts";
import type { Location } from "../../location/location.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A whole archive in a private file, from which a location can publish it. */
export interface Carried {
	readonly path: string;
	readonly scratch: Scratch;
}

/**
 * Brings an archive to where a location can publish it, proves that every byte arrived and is right, and has `put` do so.
 * @throws AppError INVALID_ARCHIVE: it is damaged where it comes from; INSUFFICIENT_SPACE, OPERATION_FAILED, NOT_FOUND
 */
export async function carry<T>(
	source: ArchiveSource,
	to: Location,
	settings: Settings,
	{ pool, signal }: Workshop,
	put: (carried: Carried) => Promise<T>,
	onBytes?: OnBytes,
): Promise<T> {
	const folder = to.folder ?? (await scratchParent(settings));
	const { sizeBytes } = source;
	requireSpace(await measureSpace([{ folder, bytes: sizeBytes }]));
	await using scratch = await makeScratch(folder);
	const path = join(scratch.path, "copy.tar.gz");
	const sent = new Bun.CryptoHasher("sha256");
	await writeNewFile(path, hashed(source.readPieces(signal, onBytes), sent));
	await syncFile(path);
	const arrived = new Bun.CryptoHasher("sha256");
	for await (const piece of readPieces(path, signal)) arrived.update(piece);
	if (arrived.digest("hex") !== sent.digest("hex")) throw differs(path);
	const copy = { ...archiveFile(path, sizeBytes), path: source.path };
	await readArchive(copy, { pool, signal });
	return await put({ path, scratch });
}

async function* hashed(
	pieces: AsyncIterable<Bytes>,
	hash: Bun.CryptoHasher,
): AsyncGenerator<Bytes> {
	for await (const piece of pieces) {
		hash.update(piece);
		yield piece;
	}
}

async function scratchParent(settings: Settings): Promise<string> {
	const { databasePath } = settings;
	const library = await resolveLinks(databasePath).catch(() => databasePath);
	const folder = await chooseScratchFolder(settings, library, null);
	if (folder === settings.tempDir) await makePrivateFolder(folder);
	return folder;
}

function differs(path: string): AppError {
	return new AppError(
		"OPERATION_FAILED",
		`the copy read back differs from what was written: ${dirname(path)}`,
		{ hint: "suspect the disk or the memory; it was not kept" },
	);
}
