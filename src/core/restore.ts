// restoreBackup: location → archive → verify → check → swap in → library. Everything is validated before anything is touched.

import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError, errnoOf, fileError } from "../errors.ts";
import { exists, makePrivateFolder, resolveLinks } from "../files.ts";
import { makeScratch } from "../scratch.ts";
import type { Settings } from "../settings.ts";
import { type Candidate, unpackCandidate } from "./candidate.ts";
import {
	backupName,
	findBackup,
	findReplaced,
	PRE_RESTORE,
} from "./catalog.ts";
import { generatedIn } from "./destination.ts";
import { DEFAULT_LEVEL } from "./gzip.ts";
import {
	type LibraryFacts,
	type LibraryLock,
	NEWEST_SCHEMA,
	requireUnused,
	sidecars,
} from "./library.ts";
import type { Metadata } from "./metadata.ts";
import { RawFiles } from "./salvage.ts";
import { measureSpace, requireSpace } from "./space.ts";
import { storeSnapshot, type Workshop } from "./store.ts";
import { keptPath, prepareSwap, swapIn } from "./swap.ts";

/** What a person can say about one restore. */
export interface RestoreOptions {
	/** A path, a file name or prefix, "latest"; or null: what the last restore replaced. */
	readonly reference: string | null;
	readonly allowNewerSchema: boolean;
	/** Keep the library that is replaced as a backup. */
	readonly safetyBackup: boolean;
	readonly lockTimeoutMs: number;
	readonly startedAt: Date;
	readonly vpoVersion: string;
}

/** The library that stands where the backup would go. */
export interface CurrentLibrary {
	/** null: it is damaged, or no VPO library. */
	readonly facts: LibraryFacts | null;
	readonly sizeBytes: number;
	readonly changedAt: Date;
}

/** What a restore would do. */
export interface RestorePlan {
	readonly archivePath: string;
	readonly libraryPath: string;
	readonly metadata: Metadata;
	readonly schemaVersion: number;
	/** Of the library that stands there; else the newest that this program knows. */
	readonly currentSchemaVersion: number;
	readonly current: CurrentLibrary | null;
	readonly warnings: readonly string[];
}

export interface RestoredLibrary {
	readonly plan: RestorePlan;
	/** The archive that keeps what was replaced; null if nothing was, or if it was not wanted. */
	readonly safetyBackup: string | null;
}

/**
 * Validates a backup in full and says what restoring it would do. Changes nothing.
 * @throws AppError whatever `restoreBackup` would throw before it asks
 */
export async function planRestore(
	settings: Settings,
	options: RestoreOptions,
	workshop: Workshop,
): Promise<RestorePlan> {
	const { plan, candidate } = await validate(settings, options, workshop);
	await candidate[Symbol.asyncDispose]();
	return plan;
}

/**
 * Replaces the library by a backup, once `confirm` agrees to the plan. It is not asked where there is no library yet.
 * @throws AppError with the codes of the exit-code table; CANCELLED if not confirmed. The path then holds the whole old library.
 */
export async function restoreBackup(
	settings: Settings,
	options: RestoreOptions,
	workshop: Workshop,
	confirm: (plan: RestorePlan) => Promise<boolean>,
): Promise<RestoredLibrary> {
	const validated = await validate(settings, options, workshop);
	await using candidate = validated.candidate;
	const { plan } = validated;
	if (plan.current && !(await confirm(plan))) {
		throw new AppError("CANCELLED", "cancelled, nothing was changed");
	}
	await using raw = await RawFiles.of(plan.libraryPath);
	await using lock = await lockUnlessDamaged(plan, workshop);
	const safetyBackup = options.safetyBackup
		? await keepReplaced(plan, raw, lock, settings, options, workshop)
		: null;
	await replaceLibrary(candidate, plan, lock, workshop);
	return { plan, safetyBackup };
}

async function validate(
	settings: Settings,
	options: RestoreOptions,
	workshop: Workshop,
): Promise<{ plan: RestorePlan; candidate: Candidate }> {
	const { backupDir, databasePath } = settings;
	const { signal } = workshop;
	const archivePath =
		options.reference === null
			? await findReplaced(backupDir, signal)
			: await findBackup(options.reference, backupDir, signal);
	const libraryPath = await resolveLinks(databasePath);
	const candidate = await unpackCandidate(archivePath, libraryPath, workshop);
	try {
		await requireUnused(libraryPath);
		const current = await describeCurrent(libraryPath, options, workshop);
		const plan = makePlan(archivePath, libraryPath, candidate, current);
		requireKnownSchema(plan, options);
		if (current && options.safetyBackup) {
			const bytes = current.facts?.databaseSizeBytes ?? current.sizeBytes;
			const scratch = { folder: scratchParent(settings, libraryPath), bytes };
			requireSpace(await measureSpace([scratch, { folder: backupDir, bytes }]));
		}
		return { plan, candidate };
	} catch (error) {
		await candidate[Symbol.asyncDispose]();
		throw error;
	}
}

function makePlan(
	archivePath: string,
	libraryPath: string,
	{ metadata, schemaVersion, warnings }: Candidate,
	current: CurrentLibrary | null,
): RestorePlan {
	const currentSchemaVersion = current?.facts?.schemaVersion ?? NEWEST_SCHEMA;
	const older = `the backup has schema ${schemaVersion}, older than ${currentSchemaVersion}: VPO migrates it at its next start`;
	return {
		archivePath,
		libraryPath,
		metadata,
		schemaVersion,
		currentSchemaVersion,
		current,
		warnings:
			schemaVersion < currentSchemaVersion ? [...warnings, older] : warnings,
	};
}

function requireKnownSchema(
	{ archivePath, schemaVersion, currentSchemaVersion, current }: RestorePlan,
	{ allowNewerSchema }: RestoreOptions,
): void {
	if (schemaVersion <= currentSchemaVersion || allowNewerSchema) return;
	const what = current?.facts ? "the library has" : "this program knows";
	throw new AppError(
		"SCHEMA_INCOMPATIBLE",
		`the backup has schema ${schemaVersion}, ${what} ${currentSchemaVersion}: ${archivePath}`,
		{
			hint: "update VPO first, or restore it all the same with --allow-newer-schema",
		},
	);
}

async function describeCurrent(
	libraryPath: string,
	{ lockTimeoutMs }: RestoreOptions,
	{ sqlite, signal }: Workshop,
): Promise<CurrentLibrary | null> {
	const found = await Promise.all(
		[libraryPath, ...sidecars(libraryPath)].map((path) =>
			stat(path).catch((cause) => {
				if (["ENOENT", "ENOTDIR"].includes(errnoOf(cause))) return null;
				throw fileError(`cannot look at ${path}`, cause);
			}),
		),
	);
	const files = found.filter((file) => file !== null);
	if (files.length === 0) return null;
	if (files.some((file) => !file.isFile())) {
		throw new AppError(
			"OPERATION_FAILED",
			`not a regular file: ${libraryPath}`,
			{
				hint: "name the library with --database",
			},
		);
	}
	const facts = await sqlite
		.describe(libraryPath, { lockTimeoutMs, signal })
		.catch(orNullIfNoLibrary);
	return {
		facts,
		sizeBytes: files.reduce((sum, file) => sum + file.size, 0),
		changedAt: new Date(Math.max(...files.map((file) => file.mtimeMs))),
	};
}

// A damaged or foreign file in the library's place, or a WAL without its library, never blocks a restore.
function orNullIfNoLibrary(error: unknown): null {
	const codes = ["DATABASE_ERROR", "NOT_FOUND"];
	if (error instanceof AppError && codes.includes(error.code)) return null;
	throw error;
}

async function lockUnlessDamaged(
	{ libraryPath, current }: RestorePlan,
	{ sqlite }: Workshop,
): Promise<LibraryLock | null> {
	if (!current || !(await exists(libraryPath))) return null;
	try {
		return await sqlite.lock(libraryPath);
	} catch (error) {
		return orNullIfNoLibrary(error);
	}
}

async function keepReplaced(
	plan: RestorePlan,
	raw: RawFiles,
	lock: LibraryLock | null,
	settings: Settings,
	options: RestoreOptions,
	workshop: Workshop,
): Promise<string | null> {
	const { libraryPath, current } = plan;
	if (!current) return null;
	const { backupDir } = settings;
	const { startedAt: createdAt, vpoVersion } = options;
	if (lock && current.facts) {
		try {
			const parent = scratchParent(settings, libraryPath);
			await makePrivateFolder(parent);
			await using scratch = await makeScratch(parent);
			const snapshotPath = join(scratch.path, "snapshot.db");
			await lock.snapshot(snapshotPath, workshop.signal);
			const name = (attempt: number) =>
				backupName(createdAt, PRE_RESTORE, attempt);
			const stored = await storeSnapshot(
				snapshotPath,
				generatedIn(backupDir, name),
				{
					createdAt,
					kind: PRE_RESTORE,
					note: null,
					level: DEFAULT_LEVEL,
					vpoVersion,
					previous: null,
					sourceJournalMode: current.facts.journalMode,
					libraryPath,
				},
				workshop,
			);
			return stored.path;
		} catch (error) {
			orNullIfNoLibrary(error);
		}
	}
	return raw.salvage(
		libraryPath,
		backupDir,
		createdAt,
		workshop.pool,
		workshop.signal,
	);
}

function scratchParent({ tempDir }: Settings, libraryPath: string): string {
	return tempDir ?? dirname(libraryPath);
}

async function replaceLibrary(
	candidate: Candidate,
	{ libraryPath, current }: RestorePlan,
	lock: LibraryLock | null,
	workshop: Workshop,
): Promise<void> {
	const { sqlite, signal } = workshop;
	if (candidate.metadata.own?.sourceJournalMode === "wal") {
		await sqlite.setWal(candidate.path);
	}
	await prepareSwap(candidate.path, libraryPath);
	signal?.throwIfAborted();
	await lock?.fold().catch(orNullIfNoLibrary);
	const swap = await swapIn(
		candidate.path,
		libraryPath,
		keptPath(candidate.scratchPath),
	).catch(async (error) => {
		if (current?.facts?.journalMode === "wal") await lock?.unfold();
		throw error;
	});
	try {
		await requireRestored(candidate, libraryPath, workshop);
	} catch (cause) {
		const back = (await swap.undo())
			? "the old library was put back"
			: "the old one is in its safety backup";
		throw new AppError(
			"OPERATION_FAILED",
			`the restored library failed its check, ${back}: ${libraryPath}`,
			{ hint: "suspect the disk or the memory", cause },
		);
	}
}

async function requireRestored(
	{ schemaVersion, metadata }: Candidate,
	libraryPath: string,
	{ sqlite }: Workshop,
): Promise<void> {
	const facts = await sqlite.describe(libraryPath, { lockTimeoutMs: 0 });
	if (
		facts.schemaVersion !== schemaVersion ||
		facts.fileCount !== metadata.fileCount
	) {
		throw new Error("it holds something else than the backup");
	}
}
