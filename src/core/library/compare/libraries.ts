// Comparing as the main thread asks for it: private files, or one of them beside the live library.

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
 * @throws AppError DATABASE_ERROR: they can't be compared; DATABASE_LOCKED after the timeout
 */
export function compareLibraries(
	sqlite: SqliteThread,
	paths: Paths,
	scratch: string,
	options: CompareOptions & LockOptions,
): Promise<Compared> {
	const { under, list, signal } = options;
	const { live } = paths;
	const wanted = { under, list };
	return live === null
		? sqlite.readPrivate(
				signal,
				"compare",
				scratch,
				sidesOf(paths, true),
				wanted,
			)
		: sqlite.readLive(live, options, "compare", (isImmutable) => [
				scratch,
				sidesOf(paths, isImmutable),
				wanted,
			]);
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
	return sqlite.readLive(libraryPath, options, "planMissing", (isImmutable) => [
		scratch,
		sidesOf(paths, isImmutable),
		under,
	]);
}

function sidesOf({ old, new: fresh, live }: Paths, isLiveImmutable: boolean) {
	const side = (path: string) => ({
		path,
		isImmutable: path !== live || isLiveImmutable,
	});
	return { old: side(old), new: side(fresh) };
}
