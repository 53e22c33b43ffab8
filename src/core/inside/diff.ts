// diffBackups: two backups, or a backup and the live library, and what changed from the one to the other.

import type { Settings } from "../../ground/settings.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { Compared, ListOptions } from "../library/compare/difference.ts";
import { compareLibraries } from "../library/compare/libraries.ts";
import { stageCounter } from "../work/progress.ts";
import { nothingAt } from "./under.ts";
import { makeLookout, openView, type View, whileProven } from "./view.ts";

/** What a person can say about one comparison. */
export interface DiffOptions {
	/** References to backups, or "live". */
	readonly old: string;
	readonly new: string;
	/** A path of the library: only that file, or the files below that folder. */
	readonly under: string | null;
	readonly list: ListOptions;
	readonly lockTimeoutMs: number;
	readonly now: Date;
}

/** One of the two libraries. */
export type Compare = Pick<View, "source" | "metadata">;

export interface LibraryDiff extends Compared {
	readonly old: Compare;
	readonly new: Compare;
	readonly warnings: readonly string[];
}

/**
 * Says what changed from one library to another.
 * @throws AppError as `openView`; DATABASE_ERROR: they can't be compared; NOT_FOUND: no such table, or no file at that path
 */
export async function diffLibraries(
	settings: Settings,
	options: DiffOptions,
	workshop: Workshop,
): Promise<LibraryDiff> {
	const { sqlite, signal, onProgress } = workshop;
	const { lockTimeoutMs, under, list, now } = options;
	await using scratch = await makeLookout(settings);
	const viewOptions = { settings, scratch, lockTimeoutMs, now };
	await using old = await openView(options.old, viewOptions, workshop);
	await using fresh = await openView(options.new, viewOptions, workshop);
	stageCounter(onProgress, "Compare", 0);
	const live = [old, fresh].find(({ metadata }) => metadata === null);
	const compared = await whileProven([old, fresh], () =>
		compareLibraries(
			sqlite,
			{ old: old.path, new: fresh.path, live: live?.path ?? null },
			scratch.path,
			{ under, list, lockTimeoutMs, signal },
		),
	);
	const proofs = await Promise.all([old.proof, fresh.proof]);
	const { unchanged, added, removed, changed, lookedAgain } = compared.files;
	const isEmpty = unchanged + added + removed + changed + lookedAgain === 0;
	if (under !== null && isEmpty) {
		throw nothingAt(under, `${old.source} and ${fresh.source}`);
	}
	return {
		...compared,
		old: { source: old.source, metadata: old.metadata },
		new: { source: fresh.source, metadata: fresh.metadata },
		warnings: proofs.flatMap((proof) => proof?.warnings ?? []),
	};
}
