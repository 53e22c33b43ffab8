// What check finds out about the backups of one library: is there a good one, how old, and is anything wrong with the others.

import { dirname } from "node:path";
import { exists, resolveLinks } from "../../ground/paths.ts";
import type { Settings } from "../../ground/settings.ts";
import { isWritable } from "../library/library.ts";
import { type Backup, type Catalog, readCatalog } from "../location/catalog.ts";
import type { Location } from "../location/location.ts";
import { readMemory } from "../location/memory/memory.ts";
import { requireSamePlace } from "../location/memory/place.ts";
import { openBackups } from "../location/open.ts";
import { viewerOf } from "../location/standing.ts";
import type { Report } from "./findings.ts";

const MOST_NAMED = 3;

/** What was found of the backups of one library. */
export interface BackupsHealth {
	/** null: they can't be read, and nothing is known of them. */
	readonly catalog: Catalog | null;
	/** The newest good one. */
	readonly newest: Backup | null;
	/** Since the library was last known to be what that holds. */
	readonly ageSeconds: number | null;
	readonly backupCount: number | null;
	readonly damagedCount: number | null;
}

export interface BackupsOptions {
	/** How old the newest good backup may be. */
	readonly maxAgeMs: number;
	readonly now: Date;
}

/**
 * Looks at the backups, and reports what is wrong.
 * @throws AppError they can't be listed; the signal's reason
 */
export async function checkBackups(
	settings: Settings,
	{ maxAgeMs, now }: BackupsOptions,
	report: Report,
	signal?: AbortSignal,
): Promise<BackupsHealth> {
	const location = openBackups(settings);
	await checkPlace(settings, location, report, signal);
	const viewer = await viewerOf(settings, now);
	const catalog = await readCatalog(location, viewer, signal);
	const { candidates, state } = catalog;
	if (state.warning !== null) report.warning("backups", state.warning);
	if (candidates.length > 0) {
		report.critical(
			"backups",
			`there are backups of ${candidates.length} libraries in ${location.address}, and it is not known which is this one`,
		);
	}
	const own = catalog.backups.filter(
		({ doubt }) => doubt?.kind !== "other library",
	);
	const damaged = own.filter(({ doubt }) => doubt?.kind === "damaged");
	if (damaged.length > 0) {
		report.warning(
			"backups",
			`${damaged.length} damaged or unreadable in ${location.address}: ${someOf(damaged)}`,
		);
	}
	const ahead = own.filter(({ doubt }) => doubt?.kind === "in the future");
	if (ahead.length > 0) {
		report.warning(
			"backups",
			`${ahead.length} dated ahead of the clock, so counted for nothing: ${someOf(ahead)}; correct the clock, or remove them`,
		);
	}
	const newest = own.find(({ doubt }) => doubt === null) ?? null;
	const newer = newest ? own.slice(0, own.indexOf(newest)) : own;
	if (newer.some(({ doubt }) => doubt?.kind === "shrunk")) {
		report.warning(
			"library",
			"the library has shrunk since the newest good backup",
		);
	}
	const ageSeconds = newest?.currentAt
		? (now.getTime() - Date.parse(newest.currentAt)) / 1000
		: null;
	if (!newest) {
		const where = location.address;
		report.critical("newest backup", `no good backup in ${where}`);
	} else if (ageSeconds !== null && ageSeconds * 1000 > maxAgeMs) {
		report.critical(
			"newest backup",
			`the newest good backup is too old: ${newest.filename}`,
		);
	}
	return {
		catalog,
		newest,
		ageSeconds,
		backupCount: own.length,
		damagedCount: damaged.length,
	};
}

// Whether the next backup will find the place where it belongs, and may write there and beside the library.
async function checkPlace(
	{ databasePath, origins }: Settings,
	location: Location,
	report: Report,
	signal: AbortSignal | undefined,
): Promise<void> {
	const libraryPath = await resolveLinks(databasePath).catch(
		() => databasePath,
	);
	await report.attempt("backups", "critical", () =>
		requireSamePlace(
			location,
			{
				libraryPath,
				mayBeMade: origins.location === "default",
				acceptsNew: false,
				command: "backup",
			},
			signal,
		),
	);
	await report.attempt("backups", "warning", () =>
		location.requireWritable(signal),
	);
	const { libraryId, locations } = await readMemory(libraryPath);
	const isKnown = libraryId !== null && locations.has(location.address);
	if (isKnown || !(await exists(libraryPath))) return;
	if (await isWritable(dirname(libraryPath))) return;
	report.warning(
		"library",
		`nothing is remembered of it, neither whose backups are its own nor where they are: its folder can't be written: ${dirname(libraryPath)}`,
	);
}

function someOf(backups: readonly Backup[]): string {
	const names = backups.map(({ filename }) => filename);
	const more = names.length - MOST_NAMED;
	return [
		...names.slice(0, MOST_NAMED),
		...(more > 0 ? [`${more} more`] : []),
	].join(", ");
}
