// The one place where a reference to a location becomes a location.

import type { Settings } from "../../ground/settings.ts";
import { openFolder } from "./folder.ts";
import type { Location } from "./location.ts";

/**
 * The location that a reference means; nothing is read or made.
 * @param reference as in `Settings.location`: a folder's absolute path
 */
export function openLocation(reference: string, _settings: Settings): Location {
	return openFolder(reference);
}

/** The backup location of the settings. */
export function openBackups(settings: Settings): Location {
	return openLocation(settings.location, settings);
}
