// The one place where a reference to a location becomes a location.

import { wrongConfig } from "../../ground/config/file.ts";
import { AppError } from "../../ground/errors.ts";
import { isAddress } from "../../ground/paths.ts";
import type { Settings } from "../../ground/settings.ts";
import { openFolder } from "./folder.ts";
import type { Location } from "./location.ts";
import { looksFile } from "./memory/looks.ts";
import { openStore } from "./s3/store.ts";

/**
 * The location that a reference means; nothing is read or made.
 * @param reference as in `Settings.location`: a folder's absolute path, or an address
 * @throws AppError USAGE: a malformed address
 */
export function openLocation(reference: string, settings: Settings): Location {
	const elsewhere = (other: string) => openLocation(other, settings);
	const looks = looksFile(settings.dataDir, reference);
	return isAddress(reference)
		? openStore(reference, settings.s3, elsewhere, looks)
		: openFolder(reference, elsewhere, looks);
}

/**
 * The backup location of the settings.
 * @throws AppError USAGE, CONFIG_ERROR: a malformed address
 */
export function openBackups(settings: Settings): Location {
	try {
		return openLocation(settings.location, settings);
	} catch (error) {
		const isConfigured = settings.origins.location === "config.toml";
		if (!(error instanceof AppError) || !isConfigured) throw error;
		throw wrongConfig(
			settings.configPath,
			`backup.directory: ${error.message}`,
		);
	}
}
