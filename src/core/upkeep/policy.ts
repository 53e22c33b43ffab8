// Retention in restic's terms: which of a list of dated backups each keep rule picks. Follows ApplyPolicy in
// restic's internal/restic/snapshot_policy.go; differs only where that keeps more: the hour that DST repeats is two
// hours, and a month before 31 March is the last of February.

import { AppError } from "../../ground/errors.ts";

/** Calendar years, months and days, and hours of 60 minutes: whole numbers from 0, not all 0. */
export interface Duration {
	readonly years: number;
	readonly months: number;
	readonly days: number;
	readonly hours: number;
}

/** Counts are whole numbers from 1 (`Infinity`: no limit). An absent or `undefined` rule is not given. */
export interface RetentionRules {
	readonly keepLast?: number | undefined;
	readonly keepHourly?: number | undefined;
	readonly keepDaily?: number | undefined;
	readonly keepWeekly?: number | undefined;
	readonly keepMonthly?: number | undefined;
	readonly keepYearly?: number | undefined;
	readonly keepWithin?: Duration | undefined;
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

const DURATION =
	/^(?:(\d{1,5})y)?(?:(\d{1,5})m)?(?:(\d{1,5})d)?(?:(\d{1,5})h)?$/;

const PERIODS = [
	{ rule: "keepHourly", word: "hourly", periodOf: hourOf },
	{ rule: "keepDaily", word: "daily", periodOf: dayOf },
	{ rule: "keepWeekly", word: "weekly", periodOf: isoWeekOf },
	{ rule: "keepMonthly", word: "monthly", periodOf: monthOf },
	{ rule: "keepYearly", word: "yearly", periodOf: yearOf },
] as const;

/**
 * Reads `30d`, `26h`, `2y5m7d3h`: units in this order, at most five digits each; `m` is months.
 * @throws AppError USAGE if the text is anything else, or no time at all (`0d`)
 */
export function parseDuration(text: string): Duration {
	const [years = 0, months = 0, days = 0, hours = 0] =
		DURATION.exec(text)
			?.slice(1)
			.map((digits) => Number(digits ?? 0)) ?? [];
	const duration = { years, months, days, hours };
	if (formatDuration(duration) === "") {
		throw new AppError("USAGE", `not a duration: "${text}"`, {
			hint: "write years, months (m), days and hours in this order: 30d, 26h, 1y6m, 2y5m7d3h",
		});
	}
	return duration;
}

/** The shortest text that parseDuration reads back: `1y6m`, `30d`; "" for no time at all. */
export function formatDuration(duration: Duration): string {
	const { years: y, months: m, days: d, hours: h } = duration;
	return Object.entries({ y, m, d, h })
		.filter(([, count]) => count > 0)
		.map(([unit, count]) => `${count}${unit}`)
		.join("");
}

/**
 * Whether any rule is given.
 * @throws RangeError on a count below 1 or an empty duration: they keep nothing, so they would remove in silence
 */
export function hasRules({ keepWithin, ...counts }: RetentionRules): boolean {
	if (keepWithin !== undefined && formatDuration(keepWithin) === "") {
		throw new RangeError("keepWithin is no time at all");
	}
	const given = Object.values(counts).filter((count) => count !== undefined);
	if (given.some((count) => !(count >= 1))) {
		throw new RangeError("a keep rule counts from 1");
	}
	return keepWithin !== undefined || given.length > 0;
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
		...PERIODS.flatMap(({ rule, word, periodOf }) =>
			pickPeriods(backups, rules[rule] ?? 0, word, periodOf),
		),
		...pickWithin(backups, rules.keepWithin),
	];
}

/** The newest of each of the newest `count` periods; if there are fewer periods, also the oldest of all. */
function pickPeriods<T extends Dated>(
	backups: readonly T[],
	count: number,
	word: string,
	periodOf: (time: Temporal.ZonedDateTime) => string,
): Picked<T>[] {
	const periods = Map.groupBy(backups, ({ time }) => periodOf(time));
	const newest = [...periods].flatMap(([period, members]) =>
		pick(members.slice(0, 1), `${word} ${period}`),
	);
	if (count === 0 || periods.size >= count) return newest.slice(0, count);
	const oldest = backups
		.slice(-1)
		.filter((last) => newest.every(({ backup }) => backup !== last));
	return [...newest, ...pick(oldest, `oldest, ${word} slots left`)];
}

/** Strictly newer than the cutoff, which is counted back from the newest. */
function pickWithin<T extends Dated>(
	backups: readonly T[],
	duration: Duration | undefined,
): Picked<T>[] {
	const [newest] = backups;
	if (newest === undefined || duration === undefined) return [];
	const cutoff = newest.time.subtract(duration);
	return pick(
		backups.filter(({ time }) => isAfter(time, cutoff)),
		`within ${formatDuration(duration)}`,
	);
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
