// A new file that takes another's place lets the same users in, or fewer. All is changed through the new file's
// descriptor, so that no path can be exchanged for another meanwhile.

import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError, fileError, isMissing, passRefusal } from "../errors.ts";
import { PRIVATE_FILE_MODE } from "../files.ts";
import { apart } from "../locks/apart.ts";

const MOST_WAIT_MS = 10_000;

const REFUSALS = {
	owner: "the owner of",
	mode: "who may read and write",
	list: "the access control list of",
} as const;

/**
 * Gives a new file of ours the owner, group, mode and access control list of the one that it is to replace; where there
 * is none, the folder's group as far as we are in it, and mode 0600.
 * @returns warnings: what can't be kept, and lets fewer in than before
 * @throws AppError OPERATION_FAILED: it would let more in, or have another owner
 */
export async function keepAccess(
	newPath: string,
	oldPath: string,
): Promise<string[]> {
	try {
		await using file = await openOwn(newPath);
		const old = await stat(oldPath).catch((cause) => {
			if (isMissing(cause)) return null;
			throw cause;
		});
		if (old === null) {
			await adoptFolder(file, dirname(oldPath));
			return [];
		}
		const copying = { from: oldPath, to: file.fd };
		const copied = await apart("copyAccess", copying, MOST_WAIT_MS);
		if (copied === null)
			throw new AppError("OPERATION_FAILED", `${oldPath} does not answer`);
		const { lost, refused } = copied;
		if (refused === null) return lost.map((what) => `${oldPath}: ${what}`);
		throw new AppError(
			"OPERATION_FAILED",
			`cannot keep ${REFUSALS[refused]} ${oldPath} (uid ${old.uid}, gid ${old.gid})`,
			{
				hint: "run vpo as that user; run as root it works as the owner of the folder",
			},
		);
	} catch (cause) {
		throw fileError(`cannot set the owner and mode of ${newPath}`, cause);
	}
}

// What has another name as well, somebody else may have put there.
async function openOwn(path: string): Promise<FileHandle> {
	const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
	const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	const found = await file.stat();
	if (found.isFile() && found.nlink === 1) return file;
	await file.close();
	throw new AppError("OPERATION_FAILED", `somebody has exchanged ${path}`);
}

async function adoptFolder(file: FileHandle, folder: string): Promise<void> {
	const { uid, gid } = await stat(folder);
	const own = await file.stat();
	if (own.gid !== gid) await file.chown(own.uid, gid).catch(passRefusal);
	// In a folder of another user's it is ours, as any file that we make there.
	if (own.uid !== uid) await file.chown(uid, gid).catch(passRefusal);
	await file.chmod(PRIVATE_FILE_MODE).catch(passRefusal);
}
