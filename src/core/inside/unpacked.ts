// A backup unpacked to be looked at, as one of many: what is known of it by its checksum is not checked again.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Scratch } from "../../ground/scratch.ts";
import { readArchive } from "../archive/unpack.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { Backup } from "../location/catalog.ts";
import { requireStored } from "../location/location.ts";
import { unpackCandidate } from "../restore/candidate.ts";
import { stageCounter } from "../work/progress.ts";

/** A database to look at; gone when disposed of. */
export interface Unpacked extends AsyncDisposable {
	readonly path: string;
}

/**
 * Unpacks a backup. One of ours was checked as a database when it was made, and by its checksum it is what it was then;
 * another one is checked in full.
 * @param stage what it is called where progress is shown
 * @throws AppError NOT_FOUND, INVALID_ARCHIVE, INSUFFICIENT_SPACE, OPERATION_FAILED
 */
export async function unpackOne(
	{ entry, metadata }: Backup,
	scratch: Scratch,
	stage: string,
	workshop: Workshop,
): Promise<Unpacked> {
	const source = requireStored(entry);
	if (!metadata?.own) {
		const quiet = { ...workshop, onProgress: undefined };
		return await unpackCandidate(source, scratch.path, quiet);
	}
	const { pool, signal, onProgress } = workshop;
	const to = join(scratch.path, `${crypto.randomUUID()}.db`);
	const onBytes = stageCounter(onProgress, stage, source.sizeBytes);
	await readArchive(source, { pool, to, signal, onBytes });
	return {
		path: to,
		[Symbol.asyncDispose]: async () => rm(to, { force: true }),
	};
}
