// A library to look into: the one in a backup, unpacked, or the live one. Neither is changed by it.

import { resolveOwnLinks } from "../../ground/rights/links.ts";
import { makeScratch, type Scratch } from "../../ground/scratch.ts";
import type { Settings } from "../../ground/settings.ts";
import type { Metadata } from "../archive/metadata.ts";
import type { Workshop } from "../archive/workshop.ts";
import { openSource } from "../library/source.ts";
import { openBackups } from "../location/open.ts";
import { findBackup } from "../location/reference.ts";
import { placeForScratch } from "../location/scratch-place.ts";
import { viewerOf } from "../location/standing.ts";
import { type Proven, unpackUnproven } from "../restore/candidate.ts";

/** What stands for the library itself where a backup can be named. */
export const LIVE = "live";

export interface View extends AsyncDisposable {
	/** The database. */
	readonly path: string;
	/** The archive or the library that a person knows it by. */
	readonly source: string;
	/** Of a backup; null: it is the live library. */
	readonly metadata: Metadata | null;
	/** Of a backup, that it is what a restore would accept; null: it is the live library. */
	readonly proof: Promise<Proven | null>;
}

/** What opening a view takes. */
export interface ViewOptions {
	readonly settings: Settings;
	readonly scratch: Scratch;
	/** How long to wait for the live library. */
	readonly lockTimeoutMs: number;
	readonly now: Date;
}

/** Makes the scratch folder for looking, which is gone with all in it when it is disposed of. */
export async function makeLookout(settings: Settings): Promise<Scratch> {
	return makeScratch(await placeForScratch(settings));
}

/**
 * Opens what a person names: a backup, proven as for a restore, or "live".
 * @throws AppError NOT_FOUND, INVALID_ARCHIVE, INSUFFICIENT_SPACE, OPERATION_FAILED; DATABASE_ERROR, DATABASE_LOCKED of
 * the live library
 */
export async function openView(
	reference: string,
	{ settings, scratch, lockTimeoutMs, now }: ViewOptions,
	workshop: Workshop,
): Promise<View> {
	const { sqlite, signal } = workshop;
	if (reference === LIVE) {
		const libraryPath = await resolveOwnLinks(settings.databasePath);
		const source = await openSource(
			libraryPath,
			sqlite,
			{ lockTimeoutMs, signal },
			async () => scratch.path,
		);
		return {
			path: source.path,
			source: libraryPath,
			metadata: null,
			proof: Promise.resolve(null),
			[Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
		};
	}
	const { archive } = await findBackup(
		reference,
		openBackups(settings),
		await viewerOf(settings, now),
		signal,
	);
	const unproven = await unpackUnproven(archive, scratch.path, workshop);
	return { ...unproven, source: archive.path };
}

/**
 * Works on views that are being proven meanwhile: the answer counts only once they are.
 * @throws what their proof throws, at once and rather than what `work` does
 */
export async function whileProven<T>(
	views: readonly Pick<View, "proof">[],
	work: () => Promise<T>,
): Promise<T> {
	const working = Promise.allSettled([work()]);
	await Promise.all(views.map(({ proof }) => proof));
	const [answer] = await working;
	if (answer.status === "rejected") throw answer.reason;
	return answer.value;
}
