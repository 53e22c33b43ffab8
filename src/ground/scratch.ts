// Scratch folders: private, gone at the end, and if their owner was killed, removed by the next run.

import { constants } from "node:fs";
import {
	access,
	lstat,
	mkdir,
	open,
	readdir,
	rename,
	rm,
	stat,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { removeLeftClaims } from "./claim.ts";
import { fileError } from "./errors.ts";
import { PRIVATE_FILE_MODE, PRIVATE_FOLDER_MODE } from "./files.ts";
import { apart } from "./locks/apart.ts";
import { type Lock, lockFile } from "./locks/lock.ts";
import { isOwnerGone, ownMachine, ownName } from "./owner.ts";
import { exists } from "./paths.ts";

/** What each of them is called: its owner's name, with the machine and the PID namespace where it counts, and a random end. */
const NAME = /^\.vpo-scratch-(\d+-\d*-([0-9a-f]{8})[0-9a-f]{8}-[0-9a-f]{8})$/;
/** In a scratch folder; locked from the moment on in which it has this name, as long as the owner lives. */
const LOCK_NAME = "lock";
/** Of the folder that a scratch folder is in: SQLite takes paths of 504 bytes, its journal's ending not counted. */
const MOST_PATH_BYTES = 420;
const LONGEST_PAUSE_MS = 100;
/** A scratch folder of another machine, or where there are no locks, of another container, is left alone for so long. */
const FOREIGN_MAX_AGE_MS = 24 * 3600 * 1000;

/** Those of this process. */
const held = new Set<string>();

/** A private folder (0700) that is removed with all it holds when it is disposed of. */
export interface Scratch extends AsyncDisposable {
	readonly path: string;
	/** Names the process that it belongs to; unique. `isOwnerGone` understands it. */
	readonly owner: string;
}

/**
 * Makes a scratch folder in `folder`, which must exist, after removing those of killed runs there. Where its path is so
 * long that SQLite could open nothing in there, it is made above it, on the same file system.
 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE
 */
export async function makeScratch(folder: string): Promise<Scratch> {
	const parent = await shortEnough(folder);
	await removeLeftovers(parent);
	const owner = `${ownName()}-${crypto.randomUUID().slice(0, 8)}`;
	const path = join(parent, `.vpo-scratch-${owner}`);
	try {
		await mkdir(path, { mode: PRIVATE_FOLDER_MODE });
	} catch (cause) {
		throw fileError(`cannot make a scratch folder in ${parent}`, cause);
	}
	held.add(path);
	const remove = async () => {
		// What can't be removed now, the next run removes; what this one did is done all the same.
		await removeTree(path).catch(() => undefined);
		held.delete(path);
	};
	try {
		const lock = await lockScratch(path);
		// On a share that gives all to one user, we are he.
		const { uid } = await lstat(path);
		if (uid !== process.geteuid?.()) await removeLeftovers(parent, uid);
		return {
			path,
			owner,
			async [Symbol.asyncDispose]() {
				await lock[Symbol.asyncDispose](); // NFS keeps in the folder what is open
				await remove();
			},
		};
	} catch (cause) {
		await remove();
		throw fileError(`cannot make a scratch folder in ${parent}`, cause);
	}
}

async function shortEnough(folder: string): Promise<string> {
	const isShort = (path: string) => Buffer.byteLength(path) <= MOST_PATH_BYTES;
	if (isShort(folder)) return folder;
	const { dev } = await stat(folder).catch((cause) => {
		throw fileError(`cannot make a scratch folder in ${folder}`, cause);
	});
	for (let above = dirname(folder); above !== "/"; above = dirname(above)) {
		if (!isShort(above) || !(await mayWrite(above))) continue;
		const found = await stat(above);
		return found.dev === dev ? above : folder;
	}
	return folder;
}

async function mayWrite(folder: string): Promise<boolean> {
	return access(folder, constants.W_OK | constants.X_OK).then(
		() => true,
		() => false,
	);
}

async function lockScratch(path: string): Promise<Lock> {
	const unlocked = join(path, `${LOCK_NAME}.new`);
	await (await open(unlocked, "wx", PRIVATE_FILE_MODE)).close();
	const lock = await lockFile(unlocked);
	if (lock.answer === "ours") await rename(unlocked, join(path, LOCK_NAME));
	return lock;
}

/** Removes the scratch folders and claims that runs of a user left in `parent` when they were killed; never those of a run that is alive. */
export async function removeLeftovers(
	parent: string,
	uid = process.geteuid?.(),
): Promise<void> {
	const names = await readdir(parent).catch(() => []);
	await removeLeftClaims(parent, names);
	for (const name of names) {
		const [, owner, machine] = NAME.exec(name) ?? [];
		if (owner === undefined) continue;
		const path = join(parent, name);
		if (await isAbandoned(path, owner, machine === ownMachine(), uid)) {
			// Another run may remove it at the same moment: that is not our failure.
			await rm(path, { recursive: true, force: true }).catch(() => undefined);
		}
	}
}

async function isAbandoned(
	path: string,
	owner: string,
	isOnThisMachine: boolean,
	uid: number | undefined,
): Promise<boolean> {
	const found = await lstat(path).catch(() => null);
	if (!found?.isDirectory() || found.uid !== uid) return false;
	if (isOnThisMachine) {
		await using lock = await lockFile(join(path, LOCK_NAME)).catch(() => null);
		if (lock && lock.answer !== "unknown") return lock.answer === "ours";
	}
	const isGone = isOwnerGone(owner);
	if (isGone !== null) return isGone;
	return Date.now() - found.mtimeMs > FOREIGN_MAX_AGE_MS;
}

/**
 * Removes what scratch folders this process still has, each in a thread of its own: the work that would have done it
 * may hang in a file system, and keep all threads that Bun has for file systems.
 * @returns those that are still there when the time is up
 */
export async function removeHeld(mostWaitMs: number): Promise<string[]> {
	const paths = [...held];
	const removals = await Promise.allSettled(
		paths.map((path) => apart("remove", path, mostWaitMs)),
	);
	return paths.filter((_, index) => {
		const removal = removals[index];
		return removal?.status !== "fulfilled" || removal.value === null;
	});
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
