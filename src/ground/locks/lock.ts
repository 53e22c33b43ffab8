// Locks that end with the process that holds them, whatever ends it. All processes of this machine see them, from every
// PID namespace; another machine's may not.

import { close } from "node:fs";
import { statfs } from "node:fs/promises";
import { promisify } from "node:util";
import { passRefusal } from "../errors.ts";
import { apart } from "./apart.ts";
import { type Answer, askForLock } from "./flock.ts";

/** A server that does not answer in time does not know locks, or its firewall doesn't. */
const MOST_WAIT_MS = 2000;

/** File systems whose locks are the kernel's own business, which answers at once (f_type of statfs(2)). */
const KEPT_BY_KERNEL = new Set([
	0xef53, // ext2, ext3, ext4
	0x58465342, // XFS
	0x9123683e, // btrfs
	0x2fc12fc1, // ZFS
	0xf2f52010, // F2FS
	0xca451a4e, // bcachefs
	0x01021994, // tmpfs
	0x794c7630, // overlayfs
	0x4d44, // FAT
	0x2011bab0, // exFAT
	0x7366746e, // NTFS
]);

/** A file on which we asked for a lock; it is given up when this is disposed of. */
export interface Lock extends AsyncDisposable {
	readonly answer: Answer;
}

/**
 * Asks for the lock of an existing file; nobody waits for it.
 * @throws a system error: the file can't be opened for writing
 */
export async function lockFile(path: string): Promise<Lock> {
	const asked = (await isKeptByKernel(path))
		? await askForLock(path)
		: await apart("lock", path, MOST_WAIT_MS);
	if (asked === null) {
		return { answer: "unknown", [Symbol.asyncDispose]: async () => undefined };
	}
	return {
		answer: asked.answer,
		// Whatever it answers, the descriptor is closed, and the lock gone with it.
		[Symbol.asyncDispose]: () =>
			promisify(close)(asked.descriptor).catch(() => undefined),
	};
}

// A share that does not say what it is, is one.
async function isKeptByKernel(path: string): Promise<boolean> {
	const found = await statfs(path).catch(passRefusal);
	return found !== undefined && KEPT_BY_KERNEL.has(found.type);
}
