// Whose the new file is to be that takes a library's place: that library's owner, group and mode; else the folder's owner's.

import { chmod, chown, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError, errnoOf, fileError } from "../../ground/errors.ts";
import { PRIVATE_FILE_MODE } from "../../ground/files.ts";

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

/** Gives the new file the mode of the library that it is to replace; 0600 where there is none. */
export async function adoptMode(
	newPath: string,
	libraryPath: string,
): Promise<void> {
	const library = await stat(libraryPath).catch(() => null);
	const mode = library ? library.mode & 0o7777 : PRIVATE_FILE_MODE;
	await chmod(newPath, mode).catch((cause) => {
		throw fileError(`cannot set the mode of ${newPath}`, cause);
	});
}
