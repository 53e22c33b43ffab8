// One file takes a library's place, where there is nothing to be transacted with: no library, a damaged or foreign file, one of
// another shape. Both files are locked meanwhile, so that nobody reads half of it; who holds the old one gets it back.

import { copyFile, link, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError, errnoOf, fileError } from "../../ground/errors.ts";
import {
	makePrivateFolder,
	publishOver,
	syncFile,
	syncFolder,
} from "../../ground/files.ts";
import { exists, isMountPoint } from "../../ground/paths.ts";
import { publishNew } from "../../ground/publish.ts";
import { keepAccess } from "../../ground/rights/access.ts";
import { makeScratch, type Scratch } from "../../ground/scratch.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { LibraryLock } from "../library/held/lock.ts";
import { inUse, sidecars } from "../library/library.ts";
import { formatHolders, holdersOf, knownFiles } from "../library/processes.ts";
import { orNullIfNoLibrary } from "./current.ts";

/**
 * Lets a path pass whose file can be exchanged for another.
 * @throws AppError OPERATION_FAILED: the file itself is a mount point
 */
export async function requireExchangeable(libraryPath: string): Promise<void> {
	if (!(await isMountPoint(libraryPath))) return;
	throw new AppError(
		"OPERATION_FAILED",
		`the library file itself is a mount point, and can't be exchanged for another file: ${libraryPath}`,
		{
			hint: "mount the folder that it is in instead, or restore with --database into another folder and move the file by hand",
		},
	);
}

/** What an exchange needs to know of the library that stands there. */
export interface Exchange {
	readonly libraryPath: string;
	/** Held on the library; null if there is none, or none that can be locked. */
	readonly lock: LibraryLock | null;
	/** Whether the library is in WAL mode now. */
	readonly wasWal: boolean;
	/** Whether the new one shall be. */
	readonly becomesWal: boolean;
}

/**
 * Puts a proven candidate in the library's place.
 * @returns warnings
 * @throws AppError DATABASE_LOCKED: somebody has the old file open, or made a new one; OPERATION_FAILED, INSUFFICIENT_SPACE. The old library stands then.
 */
export async function exchange(
	candidatePath: string,
	{ libraryPath, lock, wasWal, becomesWal }: Exchange,
	{ sqlite, signal }: Workshop,
): Promise<string[]> {
	await requireExchangeable(libraryPath);
	const folder = dirname(libraryPath);
	await makePrivateFolder(folder);
	await using scratch = await makeScratch(folder);
	const newPath = join(scratch.path, "library.db");
	await bring(candidatePath, newPath);
	await sqlite.setJournalMode(newPath, "DELETE");
	const warnings = await keepAccess(newPath, libraryPath);
	await syncFile(newPath);
	signal?.throwIfAborted();
	try {
		await lock?.fold().catch(orNullIfNoLibrary);
		// Before it gets the name: whoever opens the library from then on waits for this lock.
		await using _ = await sqlite.lock(newPath);
		await swapIn(newPath, libraryPath, scratch);
	} catch (error) {
		// Only a kindness: VPO sets the mode itself when it opens its library.
		if (wasWal) await lock?.unfold().catch(() => undefined);
		throw error;
	}
	if (becomesWal) {
		await sqlite.setJournalMode(libraryPath, "WAL").catch(() => undefined);
	}
	return warnings;
}

// Into the library's own folder, where a rename can't fail for being on another disk.
async function bring(from: string, to: string): Promise<void> {
	try {
		await rename(from, to);
	} catch (cause) {
		if (errnoOf(cause) !== "EXDEV") throw fileError(`cannot make ${to}`, cause);
		await copyFile(from, to).catch((error) => {
			throw fileError(`cannot copy ${from} to ${to}`, error);
		});
	}
}

async function swapIn(
	newPath: string,
	libraryPath: string,
	scratch: Scratch,
): Promise<void> {
	const old = await knownFiles([libraryPath, ...sidecars(libraryPath)]);
	const requireUnheld = async () => {
		const holders = await holdersOf(old);
		if (holders.length > 0) throw inUse(libraryPath, formatHolders(holders));
	};
	await requireUnheld();
	if (!(await exists(libraryPath))) {
		await removeSidecars(libraryPath);
		if (await publishNew(newPath, libraryPath, scratch)) return;
		throw new AppError(
			"DATABASE_LOCKED",
			`a library has just been made at ${libraryPath}`,
			{ hint: "stop what made it, then try again" },
		);
	}
	const keepAt = join(scratch.path, "replaced.db");
	// Without hard links nothing can be put back: then the look before is all there is.
	const isKept = await link(libraryPath, keepAt).then(
		() => true,
		() => false,
	);
	// A journal of the old library must never meet the new one; nothing in it is needed any more.
	await removeSidecars(libraryPath);
	await syncFolder(dirname(libraryPath));
	try {
		await publishOver(newPath, libraryPath);
		await requireUnheld();
	} catch (error) {
		// The rename may be done, and only the sync after it have failed.
		if (isKept) {
			await rename(keepAt, libraryPath).catch((cause) => {
				throw fileError(`cannot put ${libraryPath} back`, cause);
			});
			await syncFolder(dirname(libraryPath));
		}
		throw error;
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
