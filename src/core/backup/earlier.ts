// The good backups that a new one is compared with: those where it goes, and those where backups usually are. An archive
// that goes elsewhere needs the usual place for nothing else, so that one out of reach stops no backup.

import { AppError } from "../../ground/errors.ts";
import type { Settings } from "../../ground/settings.ts";
import type { Destination } from "../location/destination.ts";
import {
	type GoodBackup,
	GoodBackups,
	largestOf,
	laterOf,
} from "../location/good.ts";
import type { Location } from "../location/location.ts";
import { openBackups } from "../location/open.ts";
import type { Viewer } from "../location/standing.ts";
import type { Before } from "./shrinkage.ts";

/** What stood before a new backup. */
export class Earlier {
	/** Why it is not known of all places; empty: it is. */
	readonly warnings: readonly string[];
	readonly #here: GoodBackups | null;
	readonly #usual: GoodBackups | null;
	readonly #now: Date;

	private constructor(
		here: GoodBackups | null,
		usual: GoodBackups | string | null,
		now: Date,
	) {
		this.#here = here;
		this.#usual = typeof usual === "string" ? null : usual;
		this.warnings = typeof usual === "string" ? [usual] : [];
		this.#now = now;
	}

	/** @throws AppError OPERATION_FAILED: the location where the new one goes can't be read */
	static async than(
		{ location, isNamed }: Destination,
		settings: Settings,
		viewer: Viewer,
		signal?: AbortSignal,
	): Promise<Earlier> {
		const backups = openBackups(settings);
		const here = isNamed
			? null
			: await GoodBackups.in(location, viewer, signal);
		const isUsual = here !== null && location.address === backups.address;
		const usual = isUsual ? null : await tryIn(backups, viewer, signal);
		return new Earlier(here, usual, viewer.now);
	}

	/** The newest good one where the new one goes; null too where that gets a name of its own. */
	async newestHere(): Promise<GoodBackup | null> {
		return (await this.#here?.newest()) ?? null;
	}

	/** What the shrink alarm compares with. */
	async before(): Promise<Before> {
		const places = [this.#here, this.#usual].filter((place) => place !== null);
		const newest = await Promise.all(places.map((place) => place.newest()));
		const recent = await Promise.all(places.map((place) => place.recent()));
		return {
			newest: newest.reduce(laterOf, null)?.metadata ?? null,
			largest: largestOf(recent.flat(), this.#now)?.metadata ?? null,
		};
	}
}

async function tryIn(
	backups: Location,
	viewer: Viewer,
	signal: AbortSignal | undefined,
): Promise<GoodBackups | string> {
	try {
		return await GoodBackups.in(backups, viewer, signal);
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
		return `not compared with the usual backups: ${error.message}`;
	}
}
