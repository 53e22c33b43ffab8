// Comparing as the main thread asks for it: private files, or one of them beside the live library.

import { AppError } from "../../../ground/errors.ts";
import { fileSize } from "../../../ground/paths.ts";
import { limitsFor, watchLimits } from "../check/limits.ts";
import type { LockOptions } from "../library.ts";
import type { Missing } from "../missing/missing.ts";
import type { SqliteThread } from "../sqlite-thread.ts";
import type { Compared, CompareOptions } from "./difference.ts";

/** Two databases, and which of them is the live library, if one is. The others are private. */
export interface Paths {
	readonly old: string;
	readonly new: string;
	readonly live: string | null;
}

/**
 * Says what changed from one database to another. The live library is read without changing it.
 * @param scratch a private folder, for what does not fit into memory
 * @throws AppError DATABASE_ERROR: they can't be compared; DATABASE_LOCKED after the timeout; OPERATION_FAILED: it takes
 * more than it can need
 */
export function compareLibraries(
	sqlite: SqliteThread,
	paths: Paths,
	scratch: string,
	options: CompareOptions & LockOptions,
): Promise<Compared> {
	const { under, list } = options;
	const { live } = paths;
	const wanted = { under, list };
	return within([paths.old, paths.new], options, (bounded) =>
		live === null
			? sqlite.readPrivate(
					bounded.signal,
					"compare",
					scratch,
					sidesOf(paths, true),
					wanted,
				)
			: sqlite.readLive(live, bounded, "compare", (isImmutable) => [
					scratch,
					sidesOf(paths, isImmutable),
					wanted,
				]),
	);
}

/**
 * Counts the files of a database that are at a path.
 * @param live the same path if it is the live library
 * @throws as `compareLibraries`
 */
export async function countFilesUnder(
	sqlite: SqliteThread,
	path: string,
	live: string | null,
	options: LockOptions & { readonly under: string },
): Promise<number> {
	const { under } = options;
	const { count } = await within([path], options, (bounded) =>
		live === null
			? sqlite.readPrivate(bounded.signal, "countUnder", path, true, under)
			: sqlite.readLive(live, bounded, "countUnder", (isImmutable) => [
					path,
					isImmutable,
					under,
				]),
	);
	return count;
}

/**
 * Says what the live library has lost against a private file. Changes nothing.
 * @param scratch a private folder
 * @param under only the file of this path, or the files below this folder
 * @throws as `compareLibraries`
 */
export function findLost(
	sqlite: SqliteThread,
	candidatePath: string,
	libraryPath: string,
	scratch: string,
	under: string | null,
	options: LockOptions,
): Promise<Missing> {
	const paths = { old: candidatePath, new: libraryPath, live: libraryPath };
	return within([candidatePath, libraryPath], options, (bounded) =>
		sqlite.readLive(libraryPath, bounded, "planMissing", (isImmutable) => [
			scratch,
			sidesOf(paths, isImmutable),
			under,
		]),
	);
}

// What is in a backup may have been made to keep us busy for ever, or to take all memory. A statement can't be stopped
// where it runs: its thread is left behind, and ends with the process.
async function within<T>(
	paths: readonly string[],
	options: LockOptions,
	work: (bounded: LockOptions) => Promise<T>,
): Promise<T> {
	const sizes = await Promise.all(paths.map(fileSize));
	using limits = watchLimits(process.pid, limitsFor(Math.max(...sizes)));
	const stop = new AbortController();
	limits.exceeded.then(() => stop.abort(tooMuch(limits.reason)));
	const signals = [stop.signal, ...(options.signal ? [options.signal] : [])];
	return await work({ ...options, signal: AbortSignal.any(signals) });
}

function tooMuch(cause: unknown): AppError {
	return new AppError(
		"OPERATION_FAILED",
		"comparing takes more time or memory than libraries of their size can need",
		{ hint: "a backup may be damaged, or made to do so", cause },
	);
}

function sidesOf({ old, new: fresh, live }: Paths, isLiveImmutable: boolean) {
	const side = (path: string) => ({
		path,
		isImmutable: path !== live || isLiveImmutable,
	});
	return { old: side(old), new: side(fresh) };
}
