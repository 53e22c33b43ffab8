// Retention in restic's terms: which of a list of dated backups each keep rule picks. Follows ApplyPolicy in
// restic's internal/restic/snapshot_policy.go; differs only where that keeps more: the hour that DST repeats is two
// hours, and a month before 31 March is the last of February.

import { type Duration, formatDuration } from "../../ground/units.ts";

/** Counts are whole numbers from 1 (`Infinity`: no limit). An absent or `undefined` rule is not given. */
export interface RetentionRules {
	readonly keepLast?: number | undefined;
	readonly keepHourly?: number | undefined;
	readonly keepDaily?: number | undefined;
	readonly keepWeekly?: number | undefined;
	readonly keepMonthly?: number | undefined;
	readonly keepYearly?: number | undefined;
	readonly keepWithin?: Duration | undefined;
	readonly keepWithinHourly?: Duration | undefined;
	readonly keepWithinDaily?: Duration | undefined;
	readonly keepWithinWeekly?: Duration | undefined;
	readonly keepWithinMonthly?: Duration | undefined;
	readonly keepWithinYearly?: Duration | undefined;
}

/** A backup's creation in the time zone that decides where its hour, day, week … begins. */
export interface Dated {
	readonly time: Temporal.ZonedDateTime;
}

/** One reason to keep one backup. */
export interface Picked<T> {
	readonly backup: T;
	readonly reason: string;
}

const PERIODS = [
	{
		count: "keepHourly",
		within: "keepWithinHourly",
		word: "hourly",
		periodOf: hourOf,
	},
	{
		count: "keepDaily",
		within: "keepWithinDaily",
		word: "daily",
		periodOf: dayOf,
	},
	{
		count: "keepWeekly",
		within: "keepWithinWeekly",
		word: "weekly",
		periodOf: isoWeekOf,
	},
	{
		count: "keepMonthly",
		within: "keepWithinMonthly",
		word: "monthly",
		periodOf: monthOf,
	},
	{
		count: "keepYearly",
		within: "keepWithinYearly",
		word: "yearly",
		periodOf: yearOf,
	},
] as const;

/**
 * Whether any rule is given.
 * @throws RangeError on a count below 1 or an empty duration: they keep nothing, so they would remove in silence
 */
export function hasRules(rules: RetentionRules): boolean {
	const given = Object.values(rules).filter((rule) => rule !== undefined);
	for (const rule of given) {
		if (typeof rule === "number" ? !(rule >= 1) : formatDuration(rule) === "") {
			throw new RangeError("a keep rule counts from 1");
		}
	}
	return given.length > 0;
}

/** The reason as a pick of each of the backups. */
export function pick<T>(backups: readonly T[], reason: string): Picked<T>[] {
	return backups.map((backup) => ({ backup, reason }));
}

/** What the rules keep of these backups, which stand newest first; one pick for each rule that keeps one. */
export function applyRules<T extends Dated>(
	backups: readonly T[],
	rules: RetentionRules,
): Picked<T>[] {
	return [
		...pick(backups.slice(0, rules.keepLast ?? 0), "last"),
		...PERIODS.flatMap(({ count, word, periodOf }) =>
			pickPeriods(backups, rules[count] ?? 0, word, periodOf),
		),
		...pickWithin(backups, rules.keepWithin),
		...PERIODS.flatMap(({ within, word, periodOf }) =>
			pickPeriodsWithin(backups, rules[within], word, periodOf),
		),
	];
}

/** The newest of each of the newest `count` periods; if there are fewer periods, also the oldest of all. */
function pickPeriods<T extends Dated>(
	backups: readonly T[],
	count: number,
	word: string,
	periodOf: PeriodOf,
): Picked<T>[] {
	const newest = newestOfEach(backups, word, periodOf);
	if (count === 0 || newest.length >= count) return newest.slice(0, count);
	return [
		...newest,
		...oldestOf(backups, newest, `oldest, ${word} slots left`),
	];
}

function pickWithin<T extends Dated>(
	backups: readonly T[],
	duration: Duration | undefined,
): Picked<T>[] {
	if (duration === undefined) return [];
	const reason = `within ${formatDuration(duration)}`;
	return pick(youngerThan(backups, duration), reason);
}

/** The newest of each period of that time, and the oldest of all if it is not older. */
function pickPeriodsWithin<T extends Dated>(
	backups: readonly T[],
	duration: Duration | undefined,
	word: string,
	periodOf: PeriodOf,
): Picked<T>[] {
	if (duration === undefined) return [];
	const within = youngerThan(backups, duration);
	const rule = `within ${formatDuration(duration)}`;
	const newest = newestOfEach(within, word, periodOf, ` ${rule}`);
	if (within.length < backups.length) return newest;
	return [...newest, ...oldestOf(backups, newest, `oldest, ${word} ${rule}`)];
}

type PeriodOf = (time: Temporal.ZonedDateTime) => string;

function newestOfEach<T extends Dated>(
	backups: readonly T[],
	word: string,
	periodOf: PeriodOf,
	rule = "",
): Picked<T>[] {
	const periods = Map.groupBy(backups, ({ time }) => periodOf(time));
	return [...periods].flatMap(([period, members]) =>
		pick(members.slice(0, 1), `${word} ${period}${rule}`),
	);
}

function oldestOf<T>(
	backups: readonly T[],
	picked: readonly Picked<T>[],
	reason: string,
): Picked<T>[] {
	const isPicked = (it: T) => picked.some(({ backup }) => backup === it);
	return pick(
		backups.slice(-1).filter((oldest) => !isPicked(oldest)),
		reason,
	);
}

/** Strictly newer than the cutoff, which is counted back from the newest. */
function youngerThan<T extends Dated>(
	backups: readonly T[],
	duration: Duration,
): T[] {
	const [newest] = backups;
	if (newest === undefined) return [];
	const cutoff = newest.time.subtract(duration);
	return backups.filter(({ time }) => isAfter(time, cutoff));
}

export function isAfter(
	time: Temporal.ZonedDateTime,
	other: Temporal.ZonedDateTime,
): boolean {
	return Temporal.ZonedDateTime.compare(time, other) > 0;
}

/** Names the offset on days that change it, or the hour that DST repeats would be one period and lose a backup. */
function hourOf(time: Temporal.ZonedDateTime): string {
	const changed = time.offset !== time.startOfDay().offset;
	return `${dayOf(time)} ${twoDigits(time.hour)}h${changed ? ` ${time.offset}` : ""}`;
}

function dayOf(time: Temporal.ZonedDateTime): string {
	return time.toPlainDate().toString();
}

function isoWeekOf(time: Temporal.ZonedDateTime): string {
	return `${time.yearOfWeek}-W${twoDigits(time.weekOfYear)}`;
}

function monthOf(time: Temporal.ZonedDateTime): string {
	return time.toPlainDate().toPlainYearMonth().toString();
}

function yearOf(time: Temporal.ZonedDateTime): string {
	return String(time.year);
}

function twoDigits(value: number | undefined): string {
	return String(value).padStart(2, "0");
}
