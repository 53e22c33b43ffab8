// What check finds out about the copy locations: is each there, and is the newest good backup in it as new as it may be.

import type { Settings } from "../../ground/settings.ts";
import type { Catalog } from "../location/catalog.ts";
import { viewerOf } from "../location/standing.ts";
import type { BackupsOptions } from "./check-backups.ts";
import { type PlaceStanding, standingOfCopies } from "./copies/overview.ts";
import type { Report } from "./findings.ts";

/**
 * Looks at the copy locations, and reports what is wrong. A copy that is late is no reason to be woken at night.
 * @param backups null: they can't be read; the copies are all the more of interest
 * @throws AppError CONFIG_ERROR; the signal's reason
 */
export async function checkCopies(
	settings: Settings,
	backups: Catalog | null,
	{ maxAgeMs, now }: BackupsOptions,
	report: Report,
	signal?: AbortSignal,
): Promise<PlaceStanding[]> {
	if (settings.copies.length === 0) return [];
	const viewer = await viewerOf(settings, now);
	const standings = await standingOfCopies(settings, backups, viewer, signal);
	for (const standing of standings) {
		const problem = problemOf(standing, maxAgeMs, now);
		if (problem !== null) report.warning("copies", problem);
	}
	return standings;
}

function problemOf(
	{ address, problem, damagedCount, newest, currentAt }: PlaceStanding,
	maxAgeMs: number,
	now: Date,
): string | null {
	const at = (what: string) =>
		what.includes(address) ? what : `${what}: ${address}`;
	if (problem !== null) return at(problem);
	if (newest === null || currentAt === null) return at("no good copy");
	if (now.getTime() - Date.parse(currentAt) > maxAgeMs) {
		return at(`the newest good copy is too old: ${newest.filename}`);
	}
	return damagedCount > 0 ? at(`${damagedCount} damaged or unreadable`) : null;
}
