// logPath: the history of one file, or of all below a folder, over all backups of a location and up to the live library.
// Each archive is read once.

import { AppError } from "../../ground/errors.ts";
import { exists, resolveLinks } from "../../ground/paths.ts";
import type { Settings } from "../../ground/settings.ts";
import type { Workshop } from "../archive/workshop.ts";
import { readCatalog } from "../location/catalog.ts";
import { openBackups } from "../location/open.ts";
import { viewerOf } from "../location/standing.ts";
import { History, type PathLog } from "./history.ts";
import type { LogOptions } from "./step.ts";
import { makeLookout } from "./view.ts";

export type { PathLog } from "./history.ts";
export type { LogEntry, LogOptions } from "./step.ts";

/**
 * Follows a path through all backups of this library.
 * @throws AppError NOT_FOUND: no backup, or nothing ever was at that path; OPERATION_FAILED, INSUFFICIENT_SPACE
 */
export async function logPath(
	settings: Settings,
	options: LogOptions,
	workshop: Workshop,
): Promise<PathLog> {
	const { path, now, lockTimeoutMs } = options;
	const { signal } = workshop;
	const backups = openBackups(settings);
	const catalog = await readCatalog(
		backups,
		await viewerOf(settings, now),
		signal,
	);
	await using scratch = await makeLookout(settings);
	const history = new History(scratch, options, workshop);
	const own = catalog.backups
		.filter(({ doubt }) => doubt?.kind !== "other library")
		.toReversed();
	for (const [at, backup] of own.entries()) {
		await history.add(backup, `Read ${at + 1} of ${own.length}`);
	}
	const isThere = await exists(await resolveLinks(settings.databasePath));
	if (isThere) {
		const view = { settings, scratch, lockTimeoutMs, now };
		await history.addLive(view);
	}
	const log = history.done();
	const { address } = backups;
	if (log.backupCount === 0) {
		throw new AppError("NOT_FOUND", `no backup to read in ${address}`, {
			hint: log.skipped[0]?.reason,
		});
	}
	if (log.entries.length > 0) return log;
	throw new AppError(
		"NOT_FOUND",
		`nothing ever was at ${path} in the backups in ${address}`,
		{
			hint: "give the path as the library has it: a video file's, or a folder's",
		},
	);
}
