// The retention rules that config.toml holds: what a backup prunes by when no flag says otherwise.

import { AppError } from "../../ground/errors.ts";
import type { Settings } from "../../ground/settings.ts";
import { type Duration, parseDuration } from "../../ground/units.ts";
import type { RetentionRules } from "./policy.ts";

/** How a count is written that has no end, as in restic. */
export const UNLIMITED = "unlimited";

/**
 * The rules of config.toml.
 * @throws AppError CONFIG_ERROR: one of its durations is none
 */
export function configuredRules({
	backup,
	configPath,
}: Settings): RetentionRules {
	const within = (
		key: `keep_within${"" | `_${string}`}` & keyof typeof backup,
	) => configuredDuration(key, backup[key], configPath);
	return {
		keepLast: toCount(backup.keep_last),
		keepHourly: toCount(backup.keep_hourly),
		keepDaily: toCount(backup.keep_daily),
		keepWeekly: toCount(backup.keep_weekly),
		keepMonthly: toCount(backup.keep_monthly),
		keepYearly: toCount(backup.keep_yearly),
		keepWithin: within("keep_within"),
		keepWithinHourly: within("keep_within_hourly"),
		keepWithinDaily: within("keep_within_daily"),
		keepWithinWeekly: within("keep_within_weekly"),
		keepWithinMonthly: within("keep_within_monthly"),
		keepWithinYearly: within("keep_within_yearly"),
	};
}

function toCount(
	value: number | typeof UNLIMITED | undefined,
): number | undefined {
	return value === UNLIMITED ? Infinity : value;
}

function configuredDuration(
	key: string,
	text: string | undefined,
	configPath: string,
): Duration | undefined {
	if (text === undefined) return undefined;
	try {
		return parseDuration(text, true);
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		const { message, hint } = error;
		const what = `${configPath}: [backup] ${key}: ${message}`;
		throw new AppError("CONFIG_ERROR", what, { hint });
	}
}
