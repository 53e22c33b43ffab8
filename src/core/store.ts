// A snapshot becomes a backup: checked, packed, read back, and only then named.

import { join } from "node:path";
import { AppError } from "../errors.ts";
import { makePrivateFolder } from "../files.ts";
import { makeScratch } from "../scratch.ts";
import {
	DATABASE_NAME,
	filePart,
	METADATA_NAME,
	textPart,
	writeArchive,
} from "./archive.ts";
import { usableCores } from "./cores.ts";
import type { Destination } from "./destination.ts";
import type { GzipPool } from "./gzip.ts";
import type { Survey } from "./library.ts";
import {
	encodeMetadata,
	isoSeconds,
	type Metadata,
	type OwnPart,
} from "./metadata.ts";
import { type OnProgress, stageCounter } from "./progress.ts";
import { readBack } from "./readback.ts";
import { findShrinkage } from "./shrinkage.ts";
import type { CheckResult } from "./soundness.ts";
import type { SqliteThread } from "./sqlite-thread.ts";
import { together } from "./together.ts";

/** What the work of one backup needs, whoever asks for it. */
export interface Workshop {
	readonly sqlite: SqliteThread;
	readonly pool: GzipPool;
	readonly signal?: AbortSignal | undefined;
	readonly onProgress?: OnProgress | undefined;
}

export interface StoreOptions {
	readonly createdAt: Date;
	readonly kind: string;
	readonly note: string | null;
	/** gzip level, 1 to 12. */
	readonly level: number;
	readonly vpoVersion: string;
	/** Of the live library; the snapshot is never in WAL mode. */
	readonly sourceJournalMode: string;
	/** The newest good backup before this one, to notice what has gone missing since; null for none. */
	readonly previous: Metadata | null;
	/** The library, for messages. */
	readonly libraryPath: string;
}

/** A backup that stands in its location, complete and verified. */
export interface StoredBackup {
	readonly path: string;
	readonly archiveSizeBytes: number;
	readonly metadata: Metadata & { own: OwnPart };
	readonly warnings: readonly string[];
}

/**
 * Steps 5 to 8 of a backup. Whatever happens before the last line leaves no file with a backup's name.
 * @throws AppError DATABASE_ERROR: the snapshot is damaged; OPERATION_FAILED, INSUFFICIENT_SPACE
 */
export async function storeSnapshot(
	snapshotPath: string,
	destination: Destination,
	options: StoreOptions,
	workshop: Workshop,
): Promise<StoredBackup> {
	const { sqlite, signal } = workshop;
	await makePrivateFolder(destination.folder);
	await using scratch = await makeScratch(destination.folder);
	const unfinished = join(scratch.path, "backup.tar.gz");

	const survey = sqlite.survey(snapshotPath);
	survey.catch(() => undefined); // whoever needs it fails with it
	const [archive, checked] = await together(
		signal,
		(stop) =>
			pack(snapshotPath, unfinished, survey, options, {
				...workshop,
				signal: stop,
			}),
		(stop) => requireSound(snapshotPath, options.libraryPath, sqlite, stop),
	);
	signal?.throwIfAborted();
	const path = await destination.publish(unfinished, scratch);
	const { shrinkWarning } = archive.metadata.own;
	const warnings = shrinkWarning === null ? [] : [shrinkWarning];
	return { path, ...archive, warnings: [...warnings, ...checked.warnings] };
}

async function pack(
	snapshotPath: string,
	archivePath: string,
	survey: Promise<Survey>,
	options: StoreOptions,
	workshop: Workshop,
): Promise<Pick<StoredBackup, "metadata" | "archiveSizeBytes">> {
	const { pool, signal, onProgress } = workshop;
	const database = await filePart(DATABASE_NAME, snapshotPath, signal);
	const seen = await survey;
	const metadata = {
		vpoVersion: options.vpoVersion,
		schemaVersion: seen.schemaVersion,
		createdAt: isoSeconds(options.createdAt),
		databaseSizeBytes: database.sizeBytes,
		fileCount: seen.fileCount,
		totalLibrarySizeBytes: seen.totalLibrarySizeBytes,
		own: {
			databaseSha256: database.sha256,
			sourceJournalMode: options.sourceJournalMode,
			note: options.note,
			kind: options.kind,
			tableRows: seen.tableRows,
			shrinkWarning: findShrinkage(seen, options.previous),
		},
	};
	const parts = [textPart(METADATA_NAME, encodeMetadata(metadata)), database];
	const { level, createdAt: modifiedAt } = options;
	const onBytes = stageCounter(
		onProgress,
		"Check and compress",
		database.sizeBytes,
	);
	const packing = { pool, level, modifiedAt, onBytes };
	const checksums = await writeArchive(archivePath, parts, packing);
	const archiveSizeBytes = await readBack(archivePath, checksums, workshop);
	return { metadata, archiveSizeBytes };
}

async function requireSound(
	snapshotPath: string,
	libraryPath: string,
	sqlite: SqliteThread,
	signal: AbortSignal,
): Promise<CheckResult> {
	// One core at least is busy compressing all the time.
	const freeCores = usableCores() - 1;
	const checked = await sqlite.check(snapshotPath, freeCores, signal);
	if (checked.damage === "") return checked;
	throw new AppError(
		"DATABASE_ERROR",
		`the library is damaged: ${libraryPath}: ${checked.damage}`,
		{ isDamage: true },
	);
}
