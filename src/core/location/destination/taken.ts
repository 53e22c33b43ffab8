// What an archive must not be written over: all that was not said to be replaced, or is no backup.

import { AppError } from "../../../ground/errors.ts";
import { GzipPool } from "../../archive/gzip.ts";
import { inspectArchive } from "../../archive/inspect.ts";
import { readArchive } from "../../archive/unpack.ts";
import { type Entry, requireStored } from "../location.ts";

/** @throws AppError OPERATION_FAILED: nobody said `force`, or it is no backup; the signal's reason */
export async function requireReplaceable(
	entry: Entry,
	force: boolean,
	signal: AbortSignal | undefined,
): Promise<void> {
	const { path } = entry;
	if (!force) throw isTaken(path);
	try {
		using pool = new GzipPool(1);
		const source = requireStored(entry);
		const metadata = await inspectArchive(source, signal);
		if (metadata === null) await readArchive(source, { pool, signal });
	} catch (cause) {
		signal?.throwIfAborted();
		throw new AppError(
			"OPERATION_FAILED",
			`--force replaces VPO backups only, and this is none: ${path}`,
			{ hint: "name another file, or remove this one yourself", cause },
		);
	}
}

/** That a file stands there which nobody said to replace. */
export function isTaken(path: string): AppError {
	return new AppError("OPERATION_FAILED", `the file exists already: ${path}`, {
		hint: "name another file, or replace this backup with --force",
	});
}
