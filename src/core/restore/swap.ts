// One file replaces another, safe at every instant: the path always holds the whole old library or the whole new one.

import {
	chmod,
	chown,
	link,
	mkdir,
	rename,
	stat,
	unlink,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError, errnoOf, fileError } from "../../ground/errors.ts";
import {
	PRIVATE_FILE_MODE,
	PRIVATE_FOLDER_MODE,
	publishOver,
	syncFile,
	syncFolder,
} from "../../ground/files.ts";
import { exists } from "../../ground/paths.ts";
import { publishNew } from "../../ground/publish.ts";
import type { Scratch } from "../../ground/scratch.ts";
import { sidecars } from "../library/library.ts";

/**
 * Makes the new file ready to take the library's place: on the disk, with the owner, group and mode of the library that
 * it replaces; else those of the folder's owner, mode 0600. Makes the folder where it is missing.
 * @throws AppError OPERATION_FAILED: only another user may do that
 */
export async function prepareSwap(
	newPath: string,
	libraryPath: string,
): Promise<void> {
	await makeFolder(dirname(libraryPath));
	await adoptOwner(newPath, libraryPath);
	await adoptMode(newPath, libraryPath);
	await syncFile(newPath);
}

/**
 * Gives the new file the owner and group of the library that it is to replace, or where there is none, of its folder.
 * @throws AppError OPERATION_FAILED: only another user may do that
 */
export async function adoptOwner(
	newPath: string,
	libraryPath: string,
): Promise<void> {
	const library = await stat(libraryPath).catch(() => null);
	const model = library ?? (await stat(dirname(libraryPath)));
	const { uid, gid } = await stat(newPath).catch((cause) => {
		throw fileError(`cannot look at ${newPath}`, cause);
	});
	if (uid === model.uid && gid === model.gid) return;
	try {
		await chown(newPath, model.uid, model.gid);
	} catch (cause) {
		if (library) {
			throw new AppError(
				"OPERATION_FAILED",
				`cannot keep the owner of ${libraryPath} (uid ${model.uid}, gid ${model.gid})`,
				{
					hint:
						uid === model.uid
							? "it has a group that you are not in: give it one of yours with chgrp, or run vpo as root"
							: "run vpo as that user, or as root",
					cause,
				},
			);
		}
		// In a folder of another user's the new library is ours, as any file that we make there.
		if (errnoOf(cause) !== "EPERM")
			throw fileError(`cannot set the owner of ${newPath}`, cause);
	}
}

async function adoptMode(newPath: string, libraryPath: string): Promise<void> {
	const library = await stat(libraryPath).catch(() => null);
	const mode = library ? library.mode & 0o7777 : PRIVATE_FILE_MODE;
	await chmod(newPath, mode).catch((cause) => {
		throw fileError(`cannot set the mode of ${newPath}`, cause);
	});
}

/** What a swap can be taken back with. */
export interface Swap {
	/** Puts the old library back. Only where the file system has hard links; false if it could not. */
	undo(): Promise<boolean>;
}

/**
 * Puts the new file in the library's place. The caller holds the library locked and has folded its WAL in.
 * @param scratch on the same file system; in there the old library stays reachable until the result is checked
 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE; the old library stands then, as far as it could be kept
 */
export async function swapIn(
	newPath: string,
	libraryPath: string,
	scratch: Scratch,
): Promise<Swap> {
	const wasThere = await exists(libraryPath);
	const keepAt = join(scratch.path, "replaced.db");
	const isKept = wasThere && (await keep(libraryPath, keepAt));
	const undo = async () => {
		if (!isKept) return false;
		await removeSidecars(libraryPath);
		await rename(keepAt, libraryPath);
		await syncFolder(dirname(libraryPath));
		return true;
	};
	// A journal of the old library must never meet the new one; nothing in it is needed any more.
	await removeSidecars(libraryPath);
	await syncFolder(dirname(libraryPath));
	if (!wasThere) {
		if (await publishNew(newPath, libraryPath, scratch)) return { undo };
		throw new AppError(
			"OPERATION_FAILED",
			`a library has just been made at ${libraryPath}`,
			{ hint: "stop what made it, then try again" },
		);
	}
	try {
		await publishOver(newPath, libraryPath);
	} catch (error) {
		// The rename may be done, and only the sync after it have failed.
		await undo().catch(() => false);
		throw error;
	}
	return { undo };
}

async function makeFolder(path: string): Promise<void> {
	const made = await mkdir(path, {
		recursive: true,
		mode: PRIVATE_FOLDER_MODE,
	}).catch((cause) => {
		throw fileError(`cannot make the folder ${path}`, cause);
	});
	if (!made) return;
	// Made by root in a user's folder, it belongs to that user too.
	const { uid, gid } = await stat(dirname(made));
	for (
		let folder = path;
		folder.length >= made.length;
		folder = dirname(folder)
	) {
		await chown(folder, uid, gid).catch(() => undefined);
	}
}

async function keep(path: string, keepAt: string): Promise<boolean> {
	try {
		await link(path, keepAt);
		return true;
	} catch {
		return false; // no library there, or no hard links: then the safety backup is what is kept
	}
}

async function removeSidecars(libraryPath: string): Promise<void> {
	for (const path of sidecars(libraryPath)) {
		await unlink(path).catch((cause) => {
			if (errnoOf(cause) === "ENOENT") return;
			throw fileError(`cannot remove ${path}`, cause);
		});
	}
}
