// The flags of retention rules, and the rules that hold: those of the flags, or where none is given, those of config.toml.

import type { ArgsDef } from "citty";
import type { RetentionRules } from "../../core/upkeep/policy.ts";
import { configuredRules } from "../../core/upkeep/rules.ts";
import type { Settings } from "../../ground/settings.ts";
import { toCount, toDuration } from "./args.ts";

const PERIODS = ["hourly", "daily", "weekly", "monthly", "yearly"] as const;

const count = (description: string) =>
	({ type: "string", valueHint: "N", description }) as const;

export const retentionArgs = {
	"keep-last": count("Keep the N newest backups"),
	"keep-hourly": count(
		"Keep the newest backup of each of the last N hours that have one",
	),
	"keep-daily": count("The same for days"),
	"keep-weekly": count("The same for ISO weeks"),
	"keep-monthly": count("The same for months"),
	"keep-yearly": count("The same for years"),
	"keep-within": {
		type: "string",
		valueHint: "30d",
		description:
			"Keep all that are not older than this, seen from the newest (y m d h)",
	},
} as const satisfies ArgsDef;

type RetentionFlags = Readonly<
	Partial<Record<keyof typeof retentionArgs, string | undefined>>
>;

/**
 * The rules of the flags alone if there is any, else the configured ones.
 * @throws AppError USAGE, CONFIG_ERROR: a malformed value
 */
export function toRules(
	flags: RetentionFlags,
	settings: Settings,
): RetentionRules {
	const names = Object.keys(retentionArgs) as (keyof typeof retentionArgs)[];
	return names.some((name) => flags[name] !== undefined)
		? rulesOfFlags(flags)
		: configuredRules(settings);
}

/** Whether the rules keep anything at all; without one, nothing is ever removed. */
export function hasRule(rules: RetentionRules): boolean {
	return Object.values(rules).some((rule) => rule !== undefined);
}

function rulesOfFlags(flags: RetentionFlags): RetentionRules {
	const within = flags["keep-within"];
	const [keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly] =
		PERIODS.map((period) => {
			const name = `keep-${period}` as const;
			return toCount(name, flags[name]);
		});
	return {
		keepLast: toCount("keep-last", flags["keep-last"]),
		keepHourly,
		keepDaily,
		keepWeekly,
		keepMonthly,
		keepYearly,
		keepWithin:
			within === undefined ? undefined : toDuration("keep-within", within),
	};
}
