// Settings for a command that touches the library or backups: as root it goes on as the library's owner.

import { becomeOwner } from "../ground/rights/user.ts";
import {
	type Environment,
	resolveSettings,
	type Settings,
	type SettingsFlags,
} from "../ground/settings.ts";

/**
 * Settles where things are, and with whose rights they are touched from now on.
 * @throws AppError as `resolveSettings` and `becomeOwner`
 */
export async function settle(
	flags: SettingsFlags,
	environment: Environment,
): Promise<Settings> {
	const settings = await resolveSettings(flags, environment);
	await becomeOwner(settings.databasePath);
	return settings;
}
