// A library that has not changed needs no new backup: the one that it equals is confirmed instead.

import { AppError } from "../../ground/errors.ts";
import { DATABASE_NAME, filePart } from "../archive/archive.ts";
import { isoSeconds } from "../archive/metadata.ts";
import { readArchive } from "../archive/unpack.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { GoodBackup } from "../location/good.ts";
import { identityIn, type Location } from "../location/location.ts";

/**
 * Whether a snapshot equals a backup. Months of "unchanged" rest on that one archive, so it is read to its last byte
 * each time.
 */
export async function isUnchanged(
	snapshotPath: string,
	{ archive, metadata }: GoodBackup,
	{ pool, signal }: Workshop,
): Promise<boolean> {
	const { sha256 } = await filePart(DATABASE_NAME, snapshotPath, signal);
	if (metadata.own?.databaseSha256 !== sha256) return false;
	try {
		const read = await readArchive(archive, { pool, signal });
		return read.metadata.own?.databaseSha256 === sha256;
	} catch (error) {
		if (error instanceof AppError && error.code !== "INTERRUPTED") return false;
		throw error;
	}
}

/**
 * From now on the backup counts as if it had been made now.
 * @returns a warning where that can't be remembered
 */
export async function confirm(
	location: Location,
	{ filename, archive }: GoodBackup,
	now: Date,
	signal: AbortSignal | undefined,
): Promise<string[]> {
	try {
		const confirmedAt = isoSeconds(now);
		const changes = { confirmedAt };
		await location.remember(filename, identityIn(archive), changes, signal);
		return [];
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
		return [
			`that it is unchanged is not remembered, so the backup grows old: ${error.message}`,
		];
	}
}
