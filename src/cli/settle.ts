// Settings for a command that touches the library or backups: as root it goes on as the library's owner.

import { becomeOwner } from "../ground/rights/user.ts";
import {
	configPathOf,
	type Environment,
	resolveSettings,
	type Settings,
	type SettingsFlags,
} from "../ground/settings.ts";
import type { Context } from "./context.ts";

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

/**
 * As `settle`, for what must work where a rule is wrong: looking at backups and restoring one. What is wrong is told with
 * the result.
 * @throws AppError as `settle`, but for a wrong key of [backup] that says nothing of where things are
 */
export async function settleToRead(
	flags: SettingsFlags,
	{ environment, warnings }: Context,
): Promise<Settings> {
	const settings = await resolveSettings(flags, environment, true);
	warnings.push(
		...settings.problems.map(
			(problem) => `${problem}; backup, prune and check refuse it`,
		),
	);
	await becomeOwner(settings.databasePath);
	return settings;
}

/**
 * Where config.toml is or would be, to write it as whom that place belongs to.
 * @throws AppError as `becomeOwner`
 */
export async function settleConfigPath(
	environment: Environment,
): Promise<string> {
	const path = configPathOf(environment);
	await becomeOwner(path);
	return path;
}
