// A finished file gets its name in one step, and never takes it from another file.

import { link, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { takeClaim } from "./claim.ts";
import { errnoOf, fileError, isRefusal } from "./errors.ts";
import { syncFolder } from "./files.ts";
import { exists } from "./paths.ts";
import type { Scratch } from "./scratch.ts";

const CLAIM_NAME = ".vpo-publishing";

/**
 * Gives a finished file its name.
 * @param from in the scratch folder, with which it goes
 * @returns false if the name is taken
 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE; nothing has the name then
 */
export async function publishNew(
	from: string,
	to: string,
	scratch: Scratch,
): Promise<boolean> {
	try {
		await link(from, to);
	} catch (cause) {
		const errno = errnoOf(cause);
		if (errno === "EEXIST") return false;
		if (!isRefusal(cause) && errno !== "EMLINK") {
			throw fileError(`cannot write ${to}`, cause);
		}
		if (!(await publishByRename(from, to, scratch))) return false;
	}
	try {
		await syncFolder(dirname(to));
	} catch (error) {
		// A name that a power cut may take away again is none.
		await unlink(to).catch(() => undefined);
		throw error;
	}
	return true;
}

// Without link(2) nothing names a file only if the name is free: who holds the claim may look first.
async function publishByRename(
	from: string,
	to: string,
	scratch: Scratch,
): Promise<boolean> {
	await using _ = await takeClaim(join(dirname(to), CLAIM_NAME), scratch);
	if (await exists(to)) return false;
	try {
		await rename(from, to);
	} catch (cause) {
		throw fileError(`cannot write ${to}`, cause);
	}
	return true;
}
