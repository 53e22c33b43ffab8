// copyBackups: each copy location gets what it lacks. One that fails stops neither the others nor the backup before it.

import { AppError } from "../../../ground/errors.ts";
import type { Settings } from "../../../ground/settings.ts";
import type { Workshop } from "../../archive/workshop.ts";
import { type Catalog, readCatalog } from "../../location/catalog.ts";
import { requireOneLibrary } from "../../location/latest.ts";
import type { Location, Stored } from "../../location/location.ts";
import {
	rememberPlace,
	requireSamePlace,
} from "../../location/memory/place.ts";
import { openBackups } from "../../location/open.ts";
import { type Viewer, viewerOf } from "../../location/standing.ts";
import { stageCounter } from "../../work/progress.ts";
import { carry } from "./carry.ts";
import { type CopyPlace, copyPlaces, libraryOf } from "./places.ts";
import { type CopyPlan, planCopy } from "./plan.ts";

export interface CopyOptions {
	/** The address of one copy location; null: all. */
	readonly only: string | null;
	/** Somebody said that they are other places than before. */
	readonly acceptsNew: boolean;
	/** Say what is missing, and copy nothing. */
	readonly isDryRun: boolean;
	readonly now: Date;
}

/** What became of one copy location. */
export interface CopyOutcome {
	readonly location: Location;
	/** What was copied, or would be. */
	readonly copied: readonly Stored[];
	/** How many stood there already. */
	readonly presentCount: number;
	/** What went wrong; none if all is there now that should be. */
	readonly problems: readonly string[];
}

/**
 * Copies what the copy locations lack of the good backups that their rules would keep. What goes wrong at one of them is
 * in its outcome.
 * @throws AppError CONFIG_ERROR; USAGE: no such copy location; OPERATION_FAILED: the backups can't be read; the signal's reason
 */
export async function copyBackups(
	settings: Settings,
	options: CopyOptions,
	workshop: Workshop,
): Promise<CopyOutcome[]> {
	const { signal } = workshop;
	const places = choosePlaces(settings, options.only);
	if (places.length === 0) return [];
	const viewer = await viewerOf(settings, options.now);
	const backups = await readCatalog(openBackups(settings), viewer, signal);
	requireOneLibrary(backups);
	const outcomes: CopyOutcome[] = [];
	for (const place of places) {
		outcomes.push(
			await serve(place, backups, viewer, settings, options, workshop),
		);
	}
	return outcomes;
}

/**
 * As `copyBackups` for all, once a new backup stands: what goes wrong takes nothing from that.
 * @returns the outcomes, or why there are none
 */
export async function copyAfter(
	settings: Settings,
	now: Date,
	workshop: Workshop,
): Promise<CopyOutcome[] | string> {
	try {
		const options = { only: null, acceptsNew: false, isDryRun: false, now };
		return await copyBackups(settings, options, workshop);
	} catch (error) {
		return problemOf(error, workshop.signal);
	}
}

function choosePlaces(settings: Settings, only: string | null): CopyPlace[] {
	const places = copyPlaces(settings);
	if (only === null) return places;
	const chosen = places.filter(({ location }) => location.address === only);
	if (chosen.length > 0) return chosen;
	const known = places.map(({ location }) => location.address).join(", ");
	throw new AppError("USAGE", `no copy location: ${only}`, {
		hint:
			known === ""
				? "add one to config.toml: [[backup.copy]]"
				: `there are: ${known}`,
	});
}

async function serve(
	place: CopyPlace,
	backups: Catalog,
	viewer: Viewer,
	settings: Settings,
	{ isDryRun, acceptsNew }: CopyOptions,
	workshop: Workshop,
): Promise<CopyOutcome> {
	const { signal } = workshop;
	const { location } = place;
	const copied: Stored[] = [];
	const problems: string[] = [];
	let presentCount = 0;
	try {
		const libraryPath = await libraryOf(settings);
		const same = { libraryPath, acceptsNew, mayBeMade: false, command: "copy" };
		await requireSamePlace(location, same, signal);
		const plan = await planCopy(backups, place, viewer, signal);
		presentCount = plan.presentCount;
		problems.push(
			...plan.taken.map(
				(name) => `another or a damaged file has this name there: ${name}`,
			),
		);
		if (isDryRun) copied.push(...plan.missing);
		else {
			await bring(plan, settings, workshop, copied, problems);
			const holdsSome = presentCount + copied.length > 0;
			if (holdsSome) {
				problems.push(
					...(await rememberPlace(location, libraryPath, null, signal)),
				);
			}
		}
	} catch (error) {
		problems.push(problemOf(error, signal));
	}
	return { location, copied, presentCount, problems };
}

// A damaged archive is its own misfortune; anything else would meet the next one too.
async function bring(
	{ to, missing }: CopyPlan,
	settings: Settings,
	workshop: Workshop,
	copied: Stored[],
	problems: string[],
): Promise<void> {
	const { onProgress, signal } = workshop;
	for (const [index, archive] of missing.entries()) {
		const number = `${index + 1} of ${missing.length}`;
		const onBytes = stageCounter(
			onProgress,
			`Copy ${number}`,
			archive.sizeBytes,
		);
		try {
			const isNew = await carry(
				archive,
				to,
				settings,
				workshop,
				({ path, scratch }) => {
					const onSent =
						to.folder === null
							? stageCounter(onProgress, `Send ${number}`, archive.sizeBytes)
							: undefined;
					return to.publish(path, archive.name, scratch, signal, onSent);
				},
				onBytes,
			);
			if (isNew) copied.push(archive);
		} catch (error) {
			problems.push(problemOf(error, signal));
			if (!(error instanceof AppError && error.code === "INVALID_ARCHIVE"))
				return;
		}
	}
}

function problemOf(error: unknown, signal: AbortSignal | undefined): string {
	signal?.throwIfAborted();
	if (error instanceof AppError) return error.message;
	throw error;
}
