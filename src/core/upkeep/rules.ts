// The retention rules that config.toml holds: what a backup prunes by when no flag says otherwise.

import type { RuleKeys } from "../../ground/config.ts";
import { AppError } from "../../ground/errors.ts";
import type { Settings } from "../../ground/settings.ts";
import { type Duration, parseDuration } from "../../ground/units.ts";
import type { RetentionRules } from "./policy.ts";

/** How a count is written that has no end, as in restic. */
export const UNLIMITED = "unlimited";

/**
 * The rules of config.toml for the backup location.
 * @throws AppError CONFIG_ERROR: one of its durations is none
 */
export function configuredRules({
	backup,
	configPath,
}: Settings): RetentionRules {
	return rulesOf(backup, `${configPath}: [backup]`);
}

/**
 * The rules of a table.
 * @param where the table, for messages
 * @throws AppError CONFIG_ERROR: one of its durations is none
 */
export function rulesOf(table: RuleKeys, where: string): RetentionRules {
	const within = (
		key: `keep_within${"" | `_${string}`}` & keyof typeof table,
	) => configuredDuration(key, table[key], where);
	return {
		keepLast: toCount(table.keep_last),
		keepHourly: toCount(table.keep_hourly),
		keepDaily: toCount(table.keep_daily),
		keepWeekly: toCount(table.keep_weekly),
		keepMonthly: toCount(table.keep_monthly),
		keepYearly: toCount(table.keep_yearly),
		keepWithin: within("keep_within"),
		keepWithinHourly: within("keep_within_hourly"),
		keepWithinDaily: within("keep_within_daily"),
		keepWithinWeekly: within("keep_within_weekly"),
		keepWithinMonthly: within("keep_within_monthly"),
		keepWithinYearly: within("keep_within_yearly"),
	};
}

/** The zone in which days and weeks begin for the rules. */
export function ruleZone(isUtc: boolean | undefined): string {
	return isUtc ? "UTC" : Temporal.Now.timeZoneId();
}

function toCount(
	value: number | typeof UNLIMITED | undefined,
): number | undefined {
	return value === UNLIMITED ? Infinity : value;
}

/**
 * A duration of config.toml.
 * @param where its table, for messages
 * @throws AppError CONFIG_ERROR: it is none
 */
export function configuredDuration(
	key: string,
	text: string | undefined,
	where: string,
	isRule = true,
): Duration | undefined {
	if (text === undefined) return undefined;
	try {
		return parseDuration(text, isRule);
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		const { message, hint } = error;
		const what = `${where} ${key}: ${message}`;
		throw new AppError("CONFIG_ERROR", what, { hint });
	}
}
