// Where copies of the backups go: the [[backup.copy]] tables of config.toml, each with rules of its own.

import { wrongConfig } from "../../../ground/config/file.ts";
import { AppError } from "../../../ground/errors.ts";
import { resolveLinks } from "../../../ground/paths.ts";
import type { Settings } from "../../../ground/settings.ts";
import type { Location } from "../../location/location.ts";
import { openBackups, openLocation } from "../../location/open.ts";
import type { RetentionRules } from "../policy.ts";
import { rulesOf } from "../rules.ts";

/** A further location, and what is kept there. */
export interface CopyPlace {
	readonly location: Location;
	/** Without a rule everything is kept. */
	readonly rules: RetentionRules;
}

/**
 * The copy locations of config.toml, in their order.
 * @throws AppError CONFIG_ERROR: a malformed address or duration, a location twice
 */
export function copyPlaces(settings: Settings): CopyPlace[] {
	const { configPath, copies } = settings;
	// Who names a copy location with --path does not want a second one there.
	const isNamed = settings.origins.location === "--path";
	const seen = new Set(isNamed ? [] : [openBackups(settings).address]);
	return copies.map(({ to, rules: table }) => {
		const where = `${configPath}: [[backup.copy]]`;
		const location = openCopy(to, settings);
		if (seen.has(location.address)) {
			const what = `[[backup.copy]] to: there are backups already: ${to}`;
			throw wrongConfig(configPath, what);
		}
		seen.add(location.address);
		return { location, rules: rulesOf(table, where) };
	});
}

/**
 * Where else the backups of a location are: the others of the backup location and its copies.
 * @param settings by which the backup location is where config.toml and the environment say
 * @throws AppError CONFIG_ERROR
 */
export function otherPlaces(settings: Settings, address: string): Location[] {
	const copies = copyPlaces(settings).map(({ location }) => location);
	return [openBackups(settings), ...copies].filter(
		(location) => location.address !== address,
	);
}

/** The library's file; where it can't be looked at, its path as it was given. */
export async function libraryOf({ databasePath }: Settings): Promise<string> {
	return resolveLinks(databasePath).catch(() => databasePath);
}

function openCopy(to: string, settings: Settings): Location {
	try {
		return openLocation(to, settings);
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		const what = `[[backup.copy]] to: ${error.message}`;
		throw wrongConfig(settings.configPath, what);
	}
}
