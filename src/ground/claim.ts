// One process at a time, on any file system: a claim is a folder that holds its owner's name, put in place in one step.
// A killed owner's successor takes it over. Only empty folders are ever removed, so nobody loses a claim that is his.

import { lstat, mkdir, readdir, rename, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf, fileError, isMissing } from "./errors.ts";
import { isOwnerGone } from "./owner.ts";
import { exists } from "./paths.ts";

/** Claims are held for milliseconds; this long means that the owner hangs, or is gone with a machine we can't see. */
const MOST_WAIT_MS = 15_000;
const POLL_MS = 10;
/** For others who remove the same leftover. */
const PATIENCE_MS = 200;
/** What claims are called: those of the small files that carry memory, and those of names that are given. */
const NAME = /^(\.vpo-publishing|(\.vpo-state|.*\.vpo)\.json\.claim)$/;
/** What the owner's name in a claim looks like. */
const OWNER = /^\d+-\d*-[0-9a-f]+-[0-9a-f]+$/;
/** A claim tells nothing but its owner, and other users must see whether that one lives. */
const CLAIM_MODE = 0o755;

/** Who claims: its name, and a scratch folder of its own. */
interface Claimant {
	readonly path: string;
	readonly owner: string;
}

/**
 * Waits until `path` is ours.
 * @param scratch a folder of ours on the same file system
 * @returns the claim, given up when disposed of
 * @throws AppError OPERATION_FAILED: a living process of this machine does not give it up; the signal's reason
 */
export async function takeClaim(
	path: string,
	scratch: Claimant,
	signal?: AbortSignal,
	mostWaitMs = MOST_WAIT_MS,
): Promise<AsyncDisposable> {
	const own = join(scratch.path, "claim");
	const name = join(own, scratch.owner);
	await mkdir(name, { recursive: true, mode: CLAIM_MODE }).catch((cause) => {
		throw fileError(`cannot make the folder ${name}`, cause);
	});
	const seenAt = new Map<string, number>();
	while (!(await moveTo(path, own))) {
		signal?.throwIfAborted();
		for (const name of await namesIn(path)) {
			const since = seenAt.get(name) ?? performance.now();
			seenAt.set(name, since);
			const waitedMs = performance.now() - since;
			const isOverdue = waitedMs > mostWaitMs;
			const isGone = OWNER.test(name) ? isOwnerGone(name) : null;
			if (isGone ?? isOverdue) await removeEmpty(join(path, name));
			else if (isOverdue) throw hangs(path, name);
			// What is not empty is not ours: a NAS puts folders of its own into every folder.
			if (waitedMs > mostWaitMs + PATIENCE_MS) throw isInTheWay(path, name);
		}
		// Where folders can't be renamed over empty ones.
		await removeEmpty(path);
		await Bun.sleep(POLL_MS * (0.5 + Math.random()));
	}
	return {
		async [Symbol.asyncDispose]() {
			// What it was for is done all the same, and a claim whose owner is gone is in nobody's way.
			await giveUp(path, scratch.owner).catch(() => undefined);
		},
	};
}

/**
 * Removes the claims that runs left in a folder when they were killed.
 * @param names of all that is in the folder
 */
export async function removeLeftClaims(
	folder: string,
	names: readonly string[],
): Promise<void> {
	for (const name of names.filter((name) => NAME.test(name))) {
		const path = join(folder, name);
		const owners = await namesIn(path).catch(() => []);
		const isGone = (owner: string) => OWNER.test(owner) && isOwnerGone(owner);
		if (!owners.every(isGone)) continue;
		for (const left of [...owners.map((owner) => join(path, owner)), path]) {
			// Another run may remove it at the same moment, or claim it: that is not our failure.
			await removeEmpty(left).catch(() => undefined);
		}
	}
}

async function giveUp(path: string, owner: string): Promise<void> {
	await removeEmpty(join(path, owner));
	await removeEmpty(path);
}

// rename(2) takes the place of nothing and of an empty folder, never of one that holds a name.
async function moveTo(path: string, own: string): Promise<boolean> {
	try {
		await rename(own, path);
		return true;
	} catch (cause) {
		if (isOccupied(cause) || (await exists(path))) return false;
		throw fileError(`cannot claim ${path}`, cause);
	}
}

/** At most one owner's name; none where the claim was given up meanwhile. */
async function namesIn(path: string): Promise<string[]> {
	try {
		// A link leads to folders that are not ours, or to none for ever.
		if (!(await lstat(path)).isDirectory()) throw isInTheWay(path, "");
		return await readdir(path);
	} catch (cause) {
		if (isMissing(cause)) return [];
		throw fileError(`cannot read ${path}`, cause);
	}
}

async function removeEmpty(path: string): Promise<void> {
	try {
		await rmdir(path);
	} catch (cause) {
		if (isOccupied(cause) || isMissing(cause)) return;
		throw fileError(`cannot remove ${path}`, cause);
	}
}

function isOccupied(cause: unknown): boolean {
	return ["ENOTEMPTY", "EEXIST"].includes(errnoOf(cause));
}

function isInTheWay(path: string, name: string): AppError {
	const what = join(path, name);
	return new AppError(
		"OPERATION_FAILED",
		`this is not vpo's, and in its way: ${what}`,
		{ hint: "vpo removes nothing that it did not make: remove it yourself" },
	);
}

function hangs(path: string, owner: string): AppError {
	const pid = Number(owner.split("-")[0]); // a name from the disk: nothing else of it is to be pasted
	return new AppError(
		"OPERATION_FAILED",
		`another vpo (pid ${pid}) holds ${path} and does not give it up`,
		{ hint: `end it if it hangs: kill ${pid}` },
	);
}
