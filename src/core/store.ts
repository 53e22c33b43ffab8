// A snapshot becomes a backup: checked, packed, read back, and only then named.

import { join } from "node:path";
import { AppError } from "../errors.ts";
import { makePrivateFolder, syncFile } from "../files.ts";
import { fileSize } from "../paths.ts";
import { makeScratch } from "../scratch.ts";
import {
	DATABASE_NAME,
	filePart,
	METADATA_NAME,
	textPart,
	writeArchive,
} from "./archive.ts";
import type { Destination } from "./destination.ts";
import type { GzipPool } from "./gzip.ts";
import type { CheckResult, LibraryFacts } from "./library.ts";
import {
	encodeMetadata,
	isoSeconds,
	type Metadata,
	type OwnPart,
} from "./metadata.ts";
import { type OnProgress, stageCounter } from "./progress.ts";
import { findShrinkage } from "./shrinkage.ts";
import type { SqliteThread } from "./sqlite-thread.ts";
import { together } from "./together.ts";
import { readArchive } from "./unpack.ts";

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
	const { sqlite, pool, signal, onProgress } = workshop;
	await makePrivateFolder(destination.folder);
	await using scratch = await makeScratch(destination.folder);
	const unfinished = join(scratch.path, "backup.tar.gz");

	const facts = await sqlite.describe(snapshotPath, {
		lockTimeoutMs: 0,
		signal,
	});
	const tableRows = await sqlite.countRows(snapshotPath);
	const shrinkWarning = findShrinkage(facts, tableRows, options.previous);
	const seen = { ...facts, tableRows, shrinkWarning };
	const [metadata, checked] = await together(
		signal,
		(stop) =>
			pack(snapshotPath, unfinished, seen, options, {
				...workshop,
				signal: stop,
			}),
		(stop) => requireSound(snapshotPath, options.libraryPath, sqlite, stop),
	);
	const archiveSizeBytes = await fileSize(unfinished);
	const onBytes = stageCounter(onProgress, "Verify", archiveSizeBytes);
	const [contents] = await together(
		signal,
		(stop) => readArchive(unfinished, { pool, signal: stop, onBytes }),
		() => syncFile(unfinished),
	);
	if (contents.databaseSha256 !== metadata.own.databaseSha256) {
		throw new AppError(
			"OPERATION_FAILED",
			`the archive read back differs from what was written: ${destination.folder}`,
			{ hint: "suspect the disk or the memory; the backup was not kept" },
		);
	}
	signal?.throwIfAborted();
	const path = await destination.publish(unfinished, scratch);
	return {
		path,
		archiveSizeBytes,
		metadata,
		warnings: warningsOf(checked, shrinkWarning),
	};
}

async function pack(
	snapshotPath: string,
	archivePath: string,
	facts: LibraryFacts & Pick<OwnPart, "tableRows" | "shrinkWarning">,
	options: StoreOptions,
	{ pool, signal, onProgress }: Workshop,
): Promise<Metadata & { own: OwnPart }> {
	const database = await filePart(DATABASE_NAME, snapshotPath, signal);
	const metadata = {
		vpoVersion: options.vpoVersion,
		schemaVersion: facts.schemaVersion,
		createdAt: isoSeconds(options.createdAt),
		databaseSizeBytes: database.sizeBytes,
		fileCount: facts.fileCount,
		totalLibrarySizeBytes: facts.totalLibrarySizeBytes,
		own: {
			databaseSha256: database.sha256,
			sourceJournalMode: options.sourceJournalMode,
			note: options.note,
			kind: options.kind,
			tableRows: facts.tableRows,
			shrinkWarning: facts.shrinkWarning,
		},
	};
	const parts = [textPart(METADATA_NAME, encodeMetadata(metadata)), database];
	const { level, createdAt: modifiedAt } = options;
	const onBytes = stageCounter(
		onProgress,
		"Check and compress",
		database.sizeBytes,
	);
	await writeArchive(archivePath, parts, { pool, level, modifiedAt, onBytes });
	return metadata;
}

async function requireSound(
	snapshotPath: string,
	libraryPath: string,
	sqlite: SqliteThread,
	signal: AbortSignal,
): Promise<CheckResult> {
	const checked = await sqlite.check(snapshotPath, signal);
	if (checked.damage === "") return checked;
	throw new AppError(
		"DATABASE_ERROR",
		`the library is damaged: ${libraryPath}: ${checked.damage}`,
		{ isDamage: true },
	);
}

function warningsOf(
	{ foreignKeyViolations }: CheckResult,
	shrinkWarning: string | null,
): string[] {
	const warnings = shrinkWarning === null ? [] : [shrinkWarning];
	if (foreignKeyViolations > 0) {
		warnings.push(
			`${foreignKeyViolations} rows refer to rows that do not exist (foreign keys)`,
		);
	}
	return warnings;
}
