// systemd's calendar (systemd.time(7)): what a timer's OnCalendar= says, and when it elapses by systemd's own rules, which
// leave a time out on the night that skips it.

import { type Calendar, toCalendar, WEEKDAYS } from "./calendar.ts";
import type { Schedule } from "./schedule.ts";

/** One OnCalendar=: days that its date and its weekday allow, and times on them. */
export interface OnCalendar extends Calendar {
	readonly seconds: readonly number[];
}

const DAY_SECONDS = 86_400;
const WEEK_MS = 7 * DAY_SECONDS * 1000;
/** No timer has to be longer to be read; what needs more lines is better said otherwise. */
const MOST_LINES = 24;
/** A leap day may be eight years away. */
const MOST_DAYS = 9 * 366;

const ALWAYS: Omit<OnCalendar, "seconds"> = {
	minutes: null,
	hours: null,
	days: null,
	months: null,
	weekdays: null,
};

/** For a cron expression. Two where cron means a day of the month or a weekday, as systemd would mean both at once. */
export function cronOnCalendar(expression: string): OnCalendar[] {
	const calendar = { ...toCalendar(expression), seconds: [0] };
	return calendar.days && calendar.weekdays
		? [
				{ ...calendar, weekdays: null },
				{ ...calendar, days: null },
			]
		: [calendar];
}

/** For every so often from midnight on; null where that is not even from day to day, or from week to week. */
export function intervalOnCalendar(everyMs: number): OnCalendar[] | null {
	const every = everyMs / 1000;
	if (everyMs === WEEK_MS) {
		const midnight = { hours: [0], minutes: [0], seconds: [0] };
		return [{ ...ALWAYS, ...midnight, weekdays: [0] }];
	}
	if (!Number.isInteger(every) || DAY_SECONDS % every !== 0) return null;
	const lines = gather(
		Array.from({ length: DAY_SECONDS / every }, (_, index) => index * every),
	);
	return lines.length <= MOST_LINES ? lines : null;
}

/** Times of a day, in seconds, as few lines: minutes with the same seconds are one, and hours with the same minutes. */
function gather(times: readonly number[]): OnCalendar[] {
	const byHour = Map.groupBy(times, (time) => Math.floor(time / 3600));
	const ofHour = (at: readonly number[]) =>
		JSON.stringify(at.map((time) => time % 3600));
	const hourGroups = Map.groupBy(byHour, ([, at]) => ofHour(at));
	return [...hourGroups.values()].flatMap((group) => {
		const hours = group.map(([hour]) => hour);
		const at = group[0]?.[1].map((time) => time % 3600) ?? [];
		const byMinute = Map.groupBy(at, (time) => Math.floor(time / 60));
		const ofMinute = (within: readonly number[]) =>
			JSON.stringify(within.map((time) => time % 60));
		const minuteGroups = Map.groupBy(byMinute, ([, within]) =>
			ofMinute(within),
		);
		return [...minuteGroups.values()].map((minutes) => ({
			...ALWAYS,
			hours: allOr(hours, 24),
			minutes: allOr(
				minutes.map(([minute]) => minute),
				60,
			),
			seconds: minutes[0]?.[1].map((time) => time % 60) ?? [],
		}));
	});
}

function allOr(
	numbers: readonly number[],
	all: number,
): readonly number[] | null {
	return numbers.length === all ? null : numbers;
}

/** "Mon *-*-* 03:00:00 Europe/Berlin"; without a zone it is the machine's. */
export function formatOnCalendar(
	line: OnCalendar,
	zone: string | null,
): string {
	const { months, days, hours, minutes, seconds, weekdays } = line;
	const date = `*-${spell(months)}-${spell(days)}`;
	const time = `${spell(hours)}:${spell(minutes)}:${spell(seconds)}`;
	const names = weekdays?.map((day) => WEEKDAYS[day] ?? "") ?? [];
	const week = names
		.map((name) => `${name.charAt(0)}${name.slice(1).toLowerCase()}`)
		.join(",");
	return [week, date, time, zone].filter(Boolean).join(" ");
}

function spell(numbers: readonly number[] | null): string {
	return (
		numbers?.map((number) => String(number).padStart(2, "0")).join(",") ?? "*"
	);
}

/** When a timer with these lines elapses. */
export function onCalendarSchedule(lines: readonly OnCalendar[]): Schedule {
	return {
		nextAfter: (time) =>
			new Date(Math.min(...lines.map((line) => nextOf(line, time)))),
	};
}

function nextOf(line: OnCalendar, time: Date): number {
	const zone = Temporal.Now.timeZoneId();
	const from = Temporal.Instant.fromEpochMilliseconds(time.getTime());
	const first = from.toZonedDateTimeISO(zone).toPlainDate();
	for (let index = 0; index < MOST_DAYS; index++) {
		const day = first.add({ days: index });
		if (!isOn(line, day)) continue;
		for (const at of timesOf(line)) {
			const wall = day.toPlainDateTime(at);
			const elapse = wall.toZonedDateTime(zone, { disambiguation: "earlier" });
			const exists = elapse.toPlainDateTime().equals(wall);
			const ms = elapse.epochMilliseconds;
			if (exists && ms > time.getTime()) return ms;
		}
	}
	throw new RangeError(`never: ${formatOnCalendar(line, zone)}`);
}

function isOn(
	{ months, days, weekdays }: OnCalendar,
	day: Temporal.PlainDate,
): boolean {
	return (
		(months?.includes(day.month) ?? true) &&
		(days?.includes(day.day) ?? true) &&
		(weekdays?.includes(day.dayOfWeek % 7) ?? true)
	);
}

function* timesOf({ hours, minutes, seconds }: OnCalendar) {
	for (const hour of hours ?? upTo(24)) {
		for (const minute of minutes ?? upTo(60)) {
			for (const second of seconds) yield { hour, minute, second };
		}
	}
}

function upTo(count: number): number[] {
	return Array.from({ length: count }, (_, index) => index);
}
