// createBackup: library → snapshot → check → archive → verify → location, in the order of the design's eight steps.

import { join } from "node:path";
import { AppError } from "../../ground/errors.ts";
import { makePrivateFolder } from "../../ground/files.ts";
import { ownCommand } from "../../ground/program.ts";
import { makeScratch } from "../../ground/scratch.ts";
import type { Settings } from "../../ground/settings.ts";
import { packAhead } from "../archive/ahead.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { LockOptions } from "../library/library.ts";
import { openSource, type Source } from "../library/source.ts";
import {
	chooseScratchFolder,
	measureBackupSpace,
	requireSpace,
} from "../library/space.ts";
import type { Destination } from "../location/destination.ts";
import type { GoodBackup } from "../location/good.ts";
import { forgetLibrary, identifyLibrary } from "../location/memory/memory.ts";
import { rememberPlace } from "../location/memory/place.ts";
import { openBackups } from "../location/open.ts";
import { stageCounter, watchSize } from "../work/progress.ts";
import {
	type BackupOptions,
	findLibrary,
	KIND,
	requireFit,
	settle,
	skipsUnchanged,
} from "./backup-plan.ts";
import { Earlier } from "./earlier.ts";
import { RawFiles } from "./salvage.ts";
import { type StoredBackup, storeSnapshot } from "./store.ts";
import { confirm, isUnchanged } from "./unchanged.ts";

/** The library equals this backup, so none was made. */
export interface Unchanged {
	readonly unchangedSince: GoodBackup;
	readonly warnings: readonly string[];
}

/**
 * Backs up the library.
 * @throws AppError with the codes of the exit-code table; nothing new has a backup's name then
 */
export async function createBackup(
	settings: Settings,
	options: BackupOptions,
	workshop: Workshop,
): Promise<StoredBackup | Unchanged> {
	const { sqlite, pool, signal } = workshop;
	const locking = { lockTimeoutMs: options.lockTimeoutMs, signal };
	const libraryPath = await findLibrary(settings);
	const destination = await settle(libraryPath, settings, options, signal);
	const { location } = destination;
	const scratchParent = () => scratchFolder(settings, libraryPath, destination);
	let unusedId: string | null = null;
	try {
		await using source = await openSource(
			libraryPath,
			sqlite,
			locking,
			scratchParent,
		);
		requireFit(location, source.head.databaseSizeBytes);
		const parent = await scratchParent();
		requireSpace(
			await measureBackupSpace(source.head, parent, location.folder ?? parent),
		);
		await sqlite.probeWriteLock(source.path, locking);
		await using scratch = await makeScratch(parent);
		const snapshotPath = join(scratch.path, "snapshot.db");
		const maySkip = skipsUnchanged(options, destination);
		const aheadLevel = maySkip ? null : options.level;
		pool.start();
		await takeSnapshot(source, snapshotPath, aheadLevel, locking, workshop);
		const identified = await identifyLibrary(libraryPath, signal);
		const { libraryId, isNew } = identified;
		unusedId = isNew ? libraryId : null;
		const viewer = { libraryId, now: options.createdAt };
		const earlier = await Earlier.than(destination, settings, viewer, signal);
		const isLocation = !destination.isNamed && options.pipe === null;
		if (maySkip) {
			const newest = await earlier.newestHere();
			if (newest && (await isUnchanged(snapshotPath, newest, workshop))) {
				const { createdAt } = options;
				const warnings = [
					...(await confirm(location, newest, createdAt, signal)),
					...(await rememberPlace(location, libraryPath, libraryId)),
				];
				return { unchangedSince: newest, warnings };
			}
		}
		const stored = await storeSnapshot(
			snapshotPath,
			destination,
			{
				...options,
				kind: KIND,
				libraryId,
				before: await earlier.before(),
				sourceJournalMode: source.head.journalMode,
				libraryPath,
			},
			workshop,
		);
		unusedId = null;
		const warnings = [
			...stored.warnings,
			...earlier.warnings,
			...identified.warnings,
			...(isLocation
				? await rememberPlace(location, libraryPath, libraryId)
				: []),
		];
		return { ...stored, warnings };
	} catch (error) {
		if (unusedId !== null) await forgetLibrary(libraryPath, unusedId);
		throw await explainDamage(error, libraryPath, settings, options, workshop);
	}
}

async function takeSnapshot(
	{ path, head }: Source,
	to: string,
	aheadLevel: number | null,
	locking: LockOptions,
	{ sqlite, pool, onProgress }: Workshop,
): Promise<void> {
	const onBytes = stageCounter(onProgress, "Snapshot", head.databaseSizeBytes);
	using _ = watchSize(to, onBytes);
	using _ahead = aheadLevel === null ? null : packAhead(to, pool, aheadLevel);
	await sqlite.snapshot(path, to, locking);
}

async function scratchFolder(
	settings: Settings,
	libraryPath: string,
	destination: Destination,
): Promise<string> {
	const folder = await chooseScratchFolder(
		settings,
		libraryPath,
		destination.location.folder,
	);
	await makePrivateFolder(folder);
	return folder;
}

// Says what to do about a damaged library, and keeps its raw files if that is wanted.
async function explainDamage(
	error: unknown,
	libraryPath: string,
	settings: Settings,
	options: BackupOptions,
	workshop: Workshop,
): Promise<unknown> {
	if (!(error instanceof AppError && error.isDamage)) return error;
	const { code, message } = error;
	const kept = options.salvage
		? await salvage(libraryPath, settings, options, workshop)
		: `no backup was made, existing ones are untouched: ${ownCommand("backups")}; keep the raw files: ${ownCommand("backup --salvage")}`;
	const hint = `${kept}; to get well again, stop VPO and take the newest good backup: ${ownCommand("restore latest")}`;
	return new AppError(code, message, { hint, isDamage: true, cause: error });
}

async function salvage(
	libraryPath: string,
	settings: Settings,
	{ createdAt }: BackupOptions,
	{ pool, signal }: Workshop,
): Promise<string> {
	const untouched = `existing backups are untouched: ${ownCommand("backups")}`;
	try {
		await using files = await RawFiles.of(libraryPath);
		const kept = await files.salvage(
			libraryPath,
			openBackups(settings),
			createdAt,
			pool,
			signal,
		);
		return `the raw files are kept in ${kept}; ${untouched}`;
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		return `the raw files could not be kept: ${error.message}; ${untouched}`;
	}
}
