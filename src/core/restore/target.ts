// The place that a backup is to go to: whether the library there takes its content over, whether it may be written at all,
// and whether what is replaced is kept where it will be found again.

import { dirname } from "node:path";
import {
	requireWritableFile,
	requireWritableFolder,
} from "../../ground/files.ts";
import { keepAccess } from "../../ground/rights/access.ts";
import type { Settings } from "../../ground/settings.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { LockOptions } from "../library/library.ts";
import { findObstacle } from "../library/shape.ts";
import type { Location } from "../location/location.ts";
import { requireSamePlace } from "../location/memory/place.ts";
import type { Candidate } from "./candidate.ts";
import type { CurrentLibrary } from "./current.ts";
import { requireExchangeable } from "./exchange.ts";

/** Whether the library takes the candidate's content over in a transaction; else one file takes the other's place. */
export async function canTransact(
	candidate: Candidate,
	current: CurrentLibrary | null,
	libraryPath: string,
	locking: LockOptions,
	{ sqlite }: Workshop,
): Promise<boolean> {
	if (!current?.facts) return false;
	const obstacle = findObstacle(
		await sqlite.readLive(libraryPath, locking, "shape", (isImmutable) => [
			libraryPath,
			isImmutable,
		]),
		await sqlite.readPrivate(locking.signal, "shape", candidate.path, false),
	);
	return obstacle === null;
}

/**
 * Lets a library pass that can be replaced. Whether an owner can be kept shows only by doing it to the candidate; a dry run
 * must not promise what a restore refuses.
 * @throws AppError OPERATION_FAILED
 */
export async function requireReplaceable(
	libraryPath: string,
	isInPlace: boolean,
	candidate: Candidate,
): Promise<void> {
	await requireWritableFile(libraryPath);
	await requireWritableFolder(dirname(libraryPath));
	if (isInPlace) return;
	await requireExchangeable(libraryPath);
	await keepAccess(candidate.path, libraryPath);
}

/**
 * Lets a location pass in which what is replaced will be found again.
 * @param acceptsNew it may be another place than the library was backed up to before
 * @throws AppError as `requireSamePlace`, and OPERATION_FAILED: it can't be written
 */
export async function requireSafePlace(
	backups: Location,
	libraryPath: string,
	{ origins }: Settings,
	acceptsNew: boolean,
	signal: AbortSignal | undefined,
): Promise<void> {
	const place = {
		libraryPath,
		mayBeMade: origins.location === "default",
		acceptsNew,
		command: "restore",
	};
	await requireSamePlace(backups, place, signal);
	await backups.requireWritable(signal);
}
