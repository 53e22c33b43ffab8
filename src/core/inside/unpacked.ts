// A backup unpacked to be looked at, as one of many: what is known of it by its checksum is not checked again.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Scratch } from "../../ground/scratch.ts";
import type { Metadata } from "../archive/metadata.ts";
import type { ArchiveSource } from "../archive/source.ts";
import { readArchive } from "../archive/unpack.ts";
import type { Workshop } from "../archive/workshop.ts";
import { unpackCandidate } from "../restore/candidate.ts";
import { stageCounter } from "../work/progress.ts";

/** A database to look at; gone when disposed of. */
export interface Unpacked extends AsyncDisposable {
	readonly path: string;
	readonly metadata: Metadata;
	readonly warnings: readonly string[];
}

/**
 * Unpacks a backup. One of ours was checked as a database when it was made, and by its checksum it is what it was then;
 * another one is checked in full.
 * @param isOurs as a look at it told
 * @param stage what it is called where progress is shown
 * @throws AppError NOT_FOUND, INVALID_ARCHIVE, INSUFFICIENT_SPACE, OPERATION_FAILED
 */
export async function unpackOne(
	source: ArchiveSource,
	isOurs: boolean,
	scratch: Scratch,
	stage: string,
	workshop: Workshop,
): Promise<Unpacked> {
	const { pool, signal, onProgress } = workshop;
	if (!isOurs) {
		const quiet = { ...workshop, onProgress: undefined };
		return await unpackCandidate(source, scratch.path, quiet);
	}
	const to = join(scratch.path, `${crypto.randomUUID()}.db`);
	const onBytes = stageCounter(onProgress, stage, source.sizeBytes);
	const { metadata } = await readArchive(source, { pool, to, signal, onBytes });
	return {
		path: to,
		metadata,
		warnings: [],
		// What can't be removed goes with the scratch folder.
		[Symbol.asyncDispose]: () => rm(to, { force: true }).catch(() => undefined),
	};
}
