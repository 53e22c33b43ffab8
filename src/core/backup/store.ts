// A snapshot becomes a backup: checked, packed, read back, and only then named.

import { dirname, join } from "node:path";
import { AppError, toldOf } from "../../ground/errors.ts";
import { makeScratch } from "../../ground/scratch.ts";
import {
	DATABASE_NAME,
	filePart,
	METADATA_NAME,
	textPart,
	writeArchive,
} from "../archive/archive.ts";
import {
	encodeMetadata,
	isoSeconds,
	type Metadata,
	type OwnPart,
} from "../archive/metadata.ts";
import { readBack } from "../archive/readback.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { CheckResult } from "../library/check/damage.ts";
import { damagedError, type Survey } from "../library/library.ts";
import type { SqliteThread } from "../library/sqlite-thread.ts";
import type { Destination } from "../location/destination.ts";
import { usableCores } from "../work/cores.ts";
import { stageCounter } from "../work/progress.ts";
import { together } from "../work/together.ts";
import { type Before, findShrinkage } from "./shrinkage.ts";

export interface StoreOptions {
	readonly createdAt: Date;
	readonly kind: string;
	readonly note: string | null;
	/** gzip level, 1 to 12. */
	readonly level: number;
	readonly vpoVersion: string;
	/** Of the live library; the snapshot is never in WAL mode. */
	readonly sourceJournalMode: string;
	/** By which the library is known; null where that can't be remembered. */
	readonly libraryId: string | null;
	/** Good backups before this one, to notice what has gone missing since. */
	readonly before: Before;
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
	const { location } = destination;
	await location.make(signal);
	const parent = location.folder ?? dirname(snapshotPath);
	await using scratch = await makeScratch(parent);
	const unfinished = join(scratch.path, "backup.tar.gz");

	const told = (error: unknown) => {
		const isDatabase =
			error instanceof AppError && error.code === "DATABASE_ERROR";
		throw isDatabase ? toldOf(options.libraryPath, snapshotPath, error) : error;
	};
	const survey = sqlite.survey(snapshotPath).catch(told);
	survey.catch(() => undefined); // whoever needs it fails with it
	const [archive, checked] = await together(
		signal,
		(stop) =>
			pack(snapshotPath, unfinished, survey, options, {
				...workshop,
				signal: stop,
			}),
		(stop) =>
			requireSound(snapshotPath, options.libraryPath, sqlite, stop).catch(told),
	);
	signal?.throwIfAborted();
	const path = await destination.publish(
		unfinished,
		scratch,
		signal,
		isSent(destination)
			? stageCounter(workshop.onProgress, "Send", archive.archiveSizeBytes)
			: undefined,
	);
	const { shrinkWarning } = archive.metadata.own;
	const warnings = shrinkWarning === null ? [] : [shrinkWarning];
	return { path, ...archive, warnings: [...warnings, ...checked.warnings] };
}

/** A folder only gives the file its name. */
function isSent({ location }: Destination): boolean {
	return location.folder === null;
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
			libraryId: options.libraryId,
			shrinkWarning: findShrinkage(seen, options.before),
			isSealed: true,
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
	throw damagedError(libraryPath, checked.damage);
}
