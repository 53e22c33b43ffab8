// The flags of retention rules, and the rules that hold: those of the flags, or where none is given, those of config.toml.

import type { ArgsDef } from "citty";
import type { RetentionRules } from "../../core/upkeep/policy.ts";
import { configuredRules, UNLIMITED } from "../../core/upkeep/rules.ts";
import type { Settings } from "../../ground/settings.ts";
import type { Duration } from "../../ground/units.ts";
import { toCount, toDuration } from "./args.ts";

const count = (description: string) =>
	({ type: "string", valueHint: "N", description }) as const;
const within = (description: string) =>
	({ type: "string", valueHint: "30d", description }) as const;

export const retentionArgs = {
	"keep-last": count(`Keep the N newest backups (or ${UNLIMITED}, for each N)`),
	"keep-hourly": count(
		"Keep the newest backup of each of the last N hours that have one",
	),
	"keep-daily": count("The same for days"),
	"keep-weekly": count("The same for ISO weeks"),
	"keep-monthly": count("The same for months"),
	"keep-yearly": count("The same for years"),
	"keep-within": within(
		"Keep all that are not older than this, seen from the newest (y mo w d h)",
	),
	"keep-within-hourly": within("Of each hour within this time the newest"),
	"keep-within-daily": within("The same for days"),
	"keep-within-weekly": within("The same for ISO weeks"),
	"keep-within-monthly": within("The same for months"),
	"keep-within-yearly": within("The same for years"),
} as const satisfies ArgsDef;

type Name = keyof typeof retentionArgs;

export type RetentionFlags = Readonly<
	Partial<Record<Name, string | undefined>>
>;

/**
 * The rules of the flags alone if there is any, else the configured ones.
 * @throws AppError USAGE, CONFIG_ERROR: a malformed value
 */
export function toRules(
	flags: RetentionFlags,
	settings: Settings,
): RetentionRules {
	return givenRule(flags) === undefined
		? configuredRules(settings)
		: rulesOfFlags(flags);
}

/** The first flag of a rule that is given. */
export function givenRule(flags: RetentionFlags): Name | undefined {
	const names = Object.keys(retentionArgs) as Name[];
	return names.find((name) => flags[name] !== undefined);
}

/** Whether the rules keep anything at all; without one, nothing is ever removed. */
export function hasRule(rules: RetentionRules): boolean {
	return Object.values(rules).some((rule) => rule !== undefined);
}

function rulesOfFlags(flags: RetentionFlags): RetentionRules {
	const number = (name: Name): number | undefined =>
		flags[name] === UNLIMITED ? Infinity : toCount(name, flags[name]);
	const duration = (name: Name): Duration | undefined => {
		const text = flags[name];
		return text === undefined ? undefined : toDuration(name, text, true);
	};
	return {
		keepLast: number("keep-last"),
		keepHourly: number("keep-hourly"),
		keepDaily: number("keep-daily"),
		keepWeekly: number("keep-weekly"),
		keepMonthly: number("keep-monthly"),
		keepYearly: number("keep-yearly"),
		keepWithin: duration("keep-within"),
		keepWithinHourly: duration("keep-within-hourly"),
		keepWithinDaily: duration("keep-within-daily"),
		keepWithinWeekly: duration("keep-within-weekly"),
		keepWithinMonthly: duration("keep-within-monthly"),
		keepWithinYearly: duration("keep-within-yearly"),
	};
}
