// Small files of ours that carry memory: private, read with a bound, changed in one step by one process at a time.

import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { takeClaim } from "../../../ground/claim.ts";
import {
	AppError,
	errnoOf,
	fileError,
	toldOf,
} from "../../../ground/errors.ts";
import { publishOver, syncFile, writeNewFile } from "../../../ground/files.ts";
import { makeScratch } from "../../../ground/scratch.ts";

/**
 * Reads one.
 * @returns null where there is none; "", which none of ours is, where something else has its name or it is too long
 * @throws AppError OPERATION_FAILED: it can't be read, and nobody knows what is in it
 */
export async function readMemo(
	path: string,
	mostBytes: number,
): Promise<string | null> {
	try {
		const found = await stat(path);
		// Anything else than a small file, a FIFO for one, is not ours and might never end.
		if (!found.isFile() || found.size > mostBytes) return "";
		return await readFile(path, "utf8");
	} catch (cause) {
		if (errnoOf(cause) === "ENOENT") return null;
		throw fileError(`cannot read ${path}`, cause);
	}
}

/**
 * Has `change` read it and say what it is to hold, as the only process that does; null leaves it as it is. The new
 * content is on the disk when this returns.
 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE, and whatever `change` throws; it is then as it was
 */
export async function changeMemo(
	path: string,
	change: () => Promise<string | null>,
	signal?: AbortSignal,
): Promise<void> {
	await using scratch = await makeScratch(dirname(path));
	await using _ = await takeClaim(`${path}.claim`, scratch, signal);
	const text = await change();
	if (text === null) return;
	const unfinished = join(scratch.path, basename(path));
	try {
		await writeNewFile(unfinished, one(text));
		await syncFile(unfinished);
		await publishOver(unfinished, path);
	} catch (error) {
		throw toldOf(path, unfinished, error);
	}
}

/**
 * For `catch`: that something can't be remembered is no failure of the work.
 * @param so what follows from it, for people
 * @returns a warning; none where we may not write there: whoever made that so knows it, and `check` says it
 * @throws what is no AppError
 */
export function unremembered(so: string, error: unknown): string[] {
	if (!(error instanceof AppError)) throw error;
	const isReadOnly = ["EROFS", "EACCES", "EPERM"].includes(
		errnoOf(error.cause),
	);
	return isReadOnly ? [] : [`${so}: ${error.message}`];
}

async function* one(text: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
	yield new TextEncoder().encode(text);
}
