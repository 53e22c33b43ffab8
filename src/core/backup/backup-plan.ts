// What a backup will do, settled before anything is written; a dry run says it and stops there.

import { AppError } from "../../ground/errors.ts";
import { requireWritableFolder } from "../../ground/files.ts";
import { resolveOwnLinks } from "../../ground/rights/links.ts";
import type { Settings } from "../../ground/settings.ts";
import { formatBytes } from "../../ground/units.ts";
import type { Workshop } from "../archive/workshop.ts";
import { type LibraryFacts, requireLibraryFile } from "../library/library.ts";
import {
	chooseScratchFolder,
	measureBackupSpace,
	type Space,
	spaceFailure,
} from "../library/space.ts";
import {
	type Destination,
	settleDestination,
} from "../location/destination.ts";
import type { Location } from "../location/location.ts";
import type { Pipe } from "../location/pipe.ts";

/** What a person can say about one backup. */
export interface BackupOptions {
	/** An absolute path, or null: a generated name in the backup folder. */
	readonly output: string | null;
	/** Whether the output was written with a slash at its end. */
	readonly outputIsFolder: boolean;
	/** Where the archive goes instead; null: it is kept. */
	readonly pipe: Pipe | null;
	/** It may be another place than the library was backed up to before. */
	readonly acceptsNew: boolean;
	/** Replace an existing backup archive. */
	readonly force: boolean;
	readonly note: string | null;
	/** gzip level, 1 (fast) to 12 (small). */
	readonly level: number;
	readonly lockTimeoutMs: number;
	/** Write nothing if the library equals the newest good backup where this one would go. */
	readonly skipUnchanged: boolean;
	/** Keep the raw files of a damaged library. */
	readonly salvage: boolean;
	readonly createdAt: Date;
	readonly vpoVersion: string;
}

export const KIND = "manual";

/** Typical libraries shrink to between a tenth and a half of their size. */
const LOWEST_RATIO = 0.1;

const HIGHEST_RATIO = 0.5;

/** What a backup would do. */
export interface BackupPlan {
	readonly libraryPath: string;
	readonly facts: LibraryFacts;
	readonly outputPath: string;
	/** Whether nothing is written if the library has not changed. */
	readonly skipsUnchanged: boolean;
	readonly estimatedMinBytes: number;
	readonly estimatedMaxBytes: number;
	readonly space: Space;
	/** Why it would not be made, where all else is settled. */
	readonly failure: AppError | null;
}

/**
 * Says what `createBackup` would do, and writes nothing.
 * @throws AppError as `createBackup` would, as far as it shows before anything is written; too little space is in the plan
 */
export async function planBackup(
	settings: Settings,
	options: BackupOptions,
	{ sqlite, signal }: Workshop,
): Promise<BackupPlan> {
	const libraryPath = await findLibrary(settings);
	const destination = await settle(libraryPath, settings, options, signal);
	const { lockTimeoutMs } = options;
	const facts = await sqlite.describe(libraryPath, { lockTimeoutMs, signal });
	requireFit(destination.location, facts.databaseSizeBytes);
	const { folder } = destination.location;
	const scratch = await chooseScratchFolder(settings, libraryPath, folder);
	const space = await measureBackupSpace(facts, scratch, folder ?? scratch);
	await requireWritableFolder(scratch);
	return {
		libraryPath,
		facts,
		outputPath: destination.path,
		skipsUnchanged: skipsUnchanged(options, destination),
		estimatedMinBytes: Math.round(facts.databaseSizeBytes * LOWEST_RATIO),
		estimatedMaxBytes: Math.round(facts.databaseSizeBytes * HIGHEST_RATIO),
		space,
		failure: spaceFailure(space),
	};
}

/**
 * Lets a library pass whose archive a location will probably take; what turns out to be too long is refused before it is sent.
 * @throws AppError OPERATION_FAILED
 */
export function requireFit(
	{ mostBytes, address }: Location,
	databaseSizeBytes: number,
): void {
	const expected = databaseSizeBytes * HIGHEST_RATIO;
	if (mostBytes === null || expected <= mostBytes) return;
	const sizes = `${formatBytes(databaseSizeBytes)}, and a store takes archives of ${formatBytes(mostBytes)}`;
	throw new AppError(
		"OPERATION_FAILED",
		`the library is too large for ${address}: ${sizes}`,
		{ hint: "back up to a folder" },
	);
}

/** Whether nothing is written if the library has not changed; a name that was asked for is always written. */
export function skipsUnchanged(
	{ skipUnchanged }: BackupOptions,
	{ isNamed }: Destination,
): boolean {
	return skipUnchanged && !isNamed;
}

export async function findLibrary({ databasePath }: Settings): Promise<string> {
	await requireLibraryFile(databasePath);
	return resolveOwnLinks(databasePath);
}

export function settle(
	libraryPath: string,
	settings: Settings,
	options: BackupOptions,
	signal?: AbortSignal,
): Promise<Destination> {
	const request = { ...options, settings, libraryPath, kind: KIND };
	return settleDestination(request, signal);
}
