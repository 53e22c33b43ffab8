// How each copy location stands: how many backups, how old the newest good one is, and what is wrong there.

import { AppError } from "../../../ground/errors.ts";
import type { Settings } from "../../../ground/settings.ts";
import {
	type Backup,
	type Catalog,
	readCatalog,
} from "../../location/catalog.ts";
import type { Location } from "../../location/location.ts";
import { requireSamePlace } from "../../location/memory/place.ts";
import { openBackups } from "../../location/open.ts";
import type { Viewer } from "../../location/standing.ts";
import { copyPlaces, libraryOf } from "./places.ts";

/** How one copy location stands; of one that can't be read there is only the problem. */
export interface PlaceStanding {
	readonly address: string;
	/** Why it can't be read; null: it can. */
	readonly problem: string | null;
	readonly backupCount: number;
	readonly totalBytes: number;
	readonly damagedCount: number;
	/** How many were verified there and found good. */
	readonly verifiedCount: number;
	/** The newest good one. */
	readonly newest: Backup | null;
	/** When the library was last known to be what that holds. */
	readonly currentAt: string | null;
}

/**
 * Looks at all copy locations.
 * @param backups of the backup location: what was confirmed there holds for a copy of it; null: they can't be read
 * @throws AppError CONFIG_ERROR; the signal's reason
 */
export async function standingOfCopies(
	settings: Settings,
	backups: Catalog | null,
	viewer: Viewer,
	signal?: AbortSignal,
): Promise<PlaceStanding[]> {
	const own = { ...viewer, libraryId: backups?.libraryId ?? viewer.libraryId };
	const { address } = openBackups(settings);
	const standings: PlaceStanding[] = [];
	const libraryPath = await libraryOf(settings);
	for (const { location } of copyPlaces(settings)) {
		if (location.address === address) continue;
		standings.push(
			await standingOf(
				location,
				libraryPath,
				backups?.backups ?? [],
				own,
				signal,
			),
		);
	}
	return standings;
}

async function standingOf(
	location: Location,
	libraryPath: string,
	originals: readonly Backup[],
	viewer: Viewer,
	signal: AbortSignal | undefined,
): Promise<PlaceStanding> {
	const { address } = location;
	try {
		const same = { libraryPath, mayBeMade: false, acceptsNew: false };
		await requireSamePlace(location, { ...same, command: "copy" }, signal);
		const there = await readCatalog(location, viewer, signal);
		const own = there.backups.filter(
			({ doubt }) => doubt?.kind !== "other library",
		);
		const newest = own.find(({ doubt }) => doubt === null) ?? null;
		const original = originals.find(
			({ filename }) => filename === newest?.filename,
		);
		const times = [newest?.currentAt, original?.currentAt].filter(
			(at) => at !== undefined && at !== null,
		);
		return {
			address,
			problem: there.state.warning,
			backupCount: own.length,
			totalBytes: own.reduce(
				(sum, { archiveSizeBytes }) => sum + (archiveSizeBytes ?? 0),
				0,
			),
			damagedCount: own.filter(({ doubt }) => doubt?.kind === "damaged").length,
			verifiedCount: own.filter(isVerified).length,
			newest,
			currentAt: times.sort().at(-1) ?? null,
		};
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
		return { ...UNKNOWN, address, problem: error.message };
	}
}

const UNKNOWN = {
	backupCount: 0,
	totalBytes: 0,
	damagedCount: 0,
	verifiedCount: 0,
	newest: null,
	currentAt: null,
};

function isVerified({ remembered }: Backup): boolean {
	return remembered.verifiedAt !== null && remembered.verifiedError === null;
}
