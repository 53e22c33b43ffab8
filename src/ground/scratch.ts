// Scratch folders: private, gone at the end, and if their owner was killed, removed by the next run.

import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileError } from "./errors.ts";
import { PRIVATE_FOLDER_MODE } from "./files.ts";
import { isOwnerGone, ownName } from "./owner.ts";
import { exists } from "./paths.ts";

const PREFIX = ".vpo-scratch-";
const LONGEST_PAUSE_MS = 100;
/** A scratch folder of another machine or container, whose processes we can't see, is left alone for so long. */
const FOREIGN_MAX_AGE_MS = 24 * 3600 * 1000;

/** A private folder (0700) that is removed with all it holds when it is disposed of. */
export interface Scratch extends AsyncDisposable {
	readonly path: string;
	/** Names the process that it belongs to; unique. `isOwnerGone` understands it. */
	readonly owner: string;
}

/**
 * Makes a scratch folder in `parent`, which must exist, after removing those of killed runs there.
 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE
 */
export async function makeScratch(parent: string): Promise<Scratch> {
	await removeLeftovers(parent);
	const owner = `${ownName()}-${crypto.randomUUID().slice(0, 8)}`;
	const path = join(parent, `${PREFIX}${owner}`);
	try {
		await mkdir(path, { mode: PRIVATE_FOLDER_MODE });
	} catch (cause) {
		throw fileError(`cannot make a scratch folder in ${parent}`, cause);
	}
	return {
		path,
		owner,
		async [Symbol.asyncDispose]() {
			// What can't be removed now, the next run removes; what this one did is done all the same.
			await removeTree(path).catch(() => undefined);
		},
	};
}

/** Removes the scratch folders that runs left in `parent` when they were killed; never those of a run that is alive. */
export async function removeLeftovers(parent: string): Promise<void> {
	const names = await readdir(parent).catch(() => []);
	for (const name of names) {
		if (name.startsWith(PREFIX) && (await isAbandoned(parent, name))) {
			// Another run may remove it at the same moment, or it is another user's: neither is our failure.
			await rm(join(parent, name), { recursive: true, force: true }).catch(
				() => undefined,
			);
		}
	}
}

async function isAbandoned(parent: string, name: string): Promise<boolean> {
	const isGone = isOwnerGone(name.slice(PREFIX.length));
	if (isGone !== null) return isGone;
	const { mtimeMs } = await stat(join(parent, name)).catch(() => ({
		mtimeMs: Date.now(),
	}));
	return Date.now() - mtimeMs > FOREIGN_MAX_AGE_MS;
}

// A thread that is deep in SQLite may still add and remove files while we remove the folder. `rm` takes a file that is
// gone for the folder that is gone, so that only the folder itself tells.
async function removeTree(path: string): Promise<void> {
	for (let pauseMs = 1; pauseMs < LONGEST_PAUSE_MS; pauseMs *= 2) {
		await rm(path, { recursive: true, force: true }).catch(() => undefined);
		if (!(await exists(path))) return;
		await sleep(pauseMs);
	}
}
