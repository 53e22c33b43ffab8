// Comparing as the main thread asks for it: private files, or one of them beside the live library.

import { AppError } from "../../../ground/errors.ts";
import { fileSize } from "../../../ground/paths.ts";
import { limitsFor } from "../check/limits.ts";
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
 * longer than it can need
 */
export async function compareLibraries(
	sqlite: SqliteThread,
	paths: Paths,
	scratch: string,
	options: CompareOptions & LockOptions,
): Promise<Compared> {
	const { under, list } = options;
	const { live } = paths;
	const wanted = { under, list };
	using patience = await patienceFor(paths, options.signal);
	const { signal } = patience;
	return live === null
		? await sqlite.readPrivate(
				signal,
				"compare",
				scratch,
				sidesOf(paths, true),
				wanted,
			)
		: await sqlite.readLive(
				live,
				{ ...options, signal },
				"compare",
				(isImmutable) => [scratch, sidesOf(paths, isImmutable), wanted],
			);
}

// What is in a backup may have been made to keep us busy for ever.
async function patienceFor(
	{ old, new: fresh }: Paths,
	signal: AbortSignal | undefined,
) {
	const sizes = await Promise.all([old, fresh].map(fileSize));
	const { seconds } = limitsFor(Math.max(...sizes));
	const limit = new AbortController();
	const timer = setTimeout(() => limit.abort(tooLong()), seconds * 1000);
	return {
		signal: signal ? AbortSignal.any([signal, limit.signal]) : limit.signal,
		[Symbol.dispose]: () => clearTimeout(timer),
	};
}

function tooLong(): AppError {
	return new AppError(
		"OPERATION_FAILED",
		"comparing takes longer than libraries of their size can need",
		{ hint: "one of them may be damaged, or the machine very busy" },
	);
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
