// The retention rules that config.toml holds: what a backup prunes by when no flag says otherwise.

import { AppError } from "../../ground/errors.ts";
import type { Settings } from "../../ground/settings.ts";
import { type Duration, parseDuration, type RetentionRules } from "./policy.ts";

/**
 * The rules of config.toml.
 * @throws AppError CONFIG_ERROR: keep_within is no duration
 */
export function configuredRules({
	backup,
	configPath,
}: Settings): RetentionRules {
	const within = backup.keep_within;
	return {
		keepLast: backup.keep_last,
		keepHourly: backup.keep_hourly,
		keepDaily: backup.keep_daily,
		keepWeekly: backup.keep_weekly,
		keepMonthly: backup.keep_monthly,
		keepYearly: backup.keep_yearly,
		keepWithin:
			within === undefined ? undefined : configuredDuration(within, configPath),
	};
}

function configuredDuration(text: string, configPath: string): Duration {
	try {
		return parseDuration(text);
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		const { message, hint } = error;
		const what = `${configPath}: [backup] keep_within: ${message}`;
		throw new AppError("CONFIG_ERROR", what, { hint });
	}
}
