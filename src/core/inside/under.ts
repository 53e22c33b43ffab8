// A path that no file is at or below is mistyped as a rule: of such a one nothing is missing, and nothing has changed.

import { AppError } from "../../ground/errors.ts";
import type { Workshop } from "../archive/workshop.ts";
import { countFilesUnder } from "../library/compare/libraries.ts";

/** @throws AppError NOT_FOUND: a backup has no file at this path; none is asked for at null */
export async function requireFilesAt(
	databasePath: string,
	archivePath: string,
	options: { readonly under: string | null; readonly lockTimeoutMs: number },
	{ sqlite, signal }: Workshop,
): Promise<void> {
	const { under, lockTimeoutMs } = options;
	if (under === null) return;
	const asked = { under, lockTimeoutMs, signal };
	const count = await countFilesUnder(sqlite, databasePath, null, asked);
	if (count === 0) throw nothingAt(under, archivePath);
}

/** What is said of such a path. */
export function nothingAt(under: string, where: string): AppError {
	return new AppError("NOT_FOUND", `no file at ${under} in ${where}`, {
		hint: "give the path as the library has it: a video file's, or a folder's",
	});
}
