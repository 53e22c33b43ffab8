// Where archives are unpacked that are only looked at.

import { makePrivateFolder } from "../../ground/files.ts";
import { resolveLinks } from "../../ground/paths.ts";
import type { Settings } from "../../ground/settings.ts";
import { chooseScratchFolder } from "../library/space.ts";
import { openBackups } from "./open.ts";

/**
 * The folder in which a scratch folder can be made: where the user said, else beside the library, else at the backups.
 * @throws AppError OPERATION_FAILED: it is missing and can't be made
 */
export async function placeForScratch(settings: Settings): Promise<string> {
	const { databasePath } = settings;
	const { folder } = openBackups(settings);
	// Where the library can't even be looked at, nothing can be written beside it.
	const library = await resolveLinks(databasePath).catch(() => databasePath);
	const parent = await chooseScratchFolder(settings, library, folder);
	if (parent === settings.tempDir) await makePrivateFolder(parent);
	return parent;
}
