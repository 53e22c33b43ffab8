// Where archives are unpacked that are only looked at.

import { dirname } from "node:path";
import { makePrivateFolder } from "../../ground/files.ts";
import { exists, nearestFolder, resolveLinks } from "../../ground/paths.ts";
import type { Settings } from "../../ground/settings.ts";
import { isWritable } from "../library/library.ts";
import { chooseScratchFolder } from "../library/space.ts";
import { openBackups } from "./open.ts";

/**
 * The folder in which a scratch folder can be made: where the user said, else beside the library, else at the backups;
 * where neither is there, the nearest folder above.
 * @throws AppError OPERATION_FAILED: it is missing and can't be made
 */
export async function placeForScratch(settings: Settings): Promise<string> {
	const { databasePath, tempDir } = settings;
	const { folder } = openBackups(settings);
	// Where the library can't even be looked at, nothing can be written beside it.
	const library = await resolveLinks(databasePath).catch(() => databasePath);
	const parent = await chooseScratchFolder(settings, library, folder);
	if (parent === tempDir) await makePrivateFolder(parent);
	if (await exists(parent)) return parent;
	const above = await nearestFolder(dirname(library));
	return (await isWritable(above)) ? above : nearestFolder(parent);
}
