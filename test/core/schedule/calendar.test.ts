// What is written down for cron and for systemd means the same to them: to Debian's cron as its source has it, and to
// systemd as systemd-analyze says.

import { afterAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { toPlainCron } from "../../../src/core/schedule/calendar.ts";
import {
	cronOnCalendar,
	formatOnCalendar,
	intervalOnCalendar,
	type OnCalendar,
	onCalendarSchedule,
} from "../../../src/core/schedule/on-calendar.ts";
import {
	cronSchedule,
	parseCron,
	type Schedule,
} from "../../../src/core/schedule/schedule.ts";

// Bun's tests run in UTC, unless told otherwise.
afterAll(() => {
	process.env.TZ = "UTC";
});

function nextOf(schedule: Schedule, from: string, count: number): string[] {
	const times: string[] = [];
	for (let last = new Date(from); times.length < count; ) {
		last = schedule.nextAfter(last);
		times.push(`${last.toISOString().slice(0, 19)}Z`);
	}
	return times;
}

const nextByCron = (expression: string, from: string, count: number) =>
	nextOf(cronSchedule([expression]), from, count);

/** The next times of a timer with these lines, as systemd has them. */
function nextBySystemd(
	lines: readonly OnCalendar[],
	zone: string,
	from: string,
	count: number,
): string[] {
	const texts = lines.map((line) => formatOnCalendar(line, zone));
	const base = `${from.slice(0, 10)} ${from.slice(11, 19)} UTC`;
	const options = [`--base-time=${base}`, `--iterations=${count}`];
	const { stdout, stderr, success } = Bun.spawnSync(
		["systemd-analyze", "calendar", ...options, ...texts],
		{ env: { TZ: "UTC", PATH: process.env.PATH ?? "" } },
	);
	if (!success) throw new Error(stderr.toString());
	const inUtc =
		/(?:Next elapse|Iter\. #\d+|\(in UTC\)): \w{3} ([\d-]+) ([\d:]+) UTC/g;
	const found = [...stdout.toString().matchAll(inUtc)].map(
		([, date, time]) => `${date}T${time}Z`,
	);
	return [...new Set(found)].sort().slice(0, count);
}

describe("in every cron's words", () => {
	test.each([
		["0 3 * * *", "0 3 * * *"],
		["*/15 */6 * * *", "*/15 */6 * * *"],
		["5/15 * * * *", "5,20,35,50 * * * *"],
		["*/7 0/6 * * *", "0,7,14,21,28,35,42,49,56 */6 * * *"],
		[
			"1-59/2 9-17/4 * * MON-FRI",
			`${"1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33,35,37,39,41,43,45,47,49,51,53,55,57,59"} 9,13,17 * * 1-5`,
		],
		["0 0 * * 5-7", "0 0 * * 0,5-6"],
		["0 0 1,15 JAN-MAR,SEP SUN", "0 0 1,15 1-3,9 0"],
		["+5 03 */10 * *", "5 3 1,11,21,31 * *"],
	])("%s is %s", (expression, expected) => {
		expect(toPlainCron(parseCron(expression))).toBe(expected);
	});

	test("any expression comes at the times at which Debian's cron would start it", () => {
		process.env.TZ = "UTC";
		fc.assert(
			fc.property(expressions, (expression) => {
				const fields = parse(expression);
				if (fields === null) return;
				const plain = toPlainCron(fields);
				const from = "2026-02-27T22:58:30Z";
				for (const time of nextByCron(fields, from, 4)) {
					expect([plain, time, startsAt(plain, new Date(time))]).toEqual([
						plain,
						time,
						true,
					]);
				}
				// And at no other: not in the hour before the first one.
				const [first = ""] = nextByCron(fields, from, 1);
				for (let minutes = 1; minutes <= 60; minutes++) {
					const before = new Date(Date.parse(first) - minutes * 60_000);
					if (before <= new Date(from)) break;
					expect(startsAt(plain, before)).toBe(false);
				}
			}),
			{ numRuns: 80 },
		);
	});
});

describe("in systemd's words", () => {
	test.each([
		["0 3 * * *", ["*-*-* 03:00:00 UTC"]],
		["*/15 * * * *", ["*-*-* *:00,15,30,45:00 UTC"]],
		["5/20 * * * *", ["*-*-* *:05,25,45:00 UTC"]],
		["0 9-17/4 * * MON-FRI", ["Mon,Tue,Wed,Thu,Fri *-*-* 09,13,17:00:00 UTC"]],
		["0 0 * * 5-7", ["Sun,Fri,Sat *-*-* 00:00:00 UTC"]],
		["0 0 1,15 JAN-MAR *", ["*-01,02,03-01,15 00:00:00 UTC"]],
		["0 0 13 * FRI", ["*-*-13 00:00:00 UTC", "Fri *-*-* 00:00:00 UTC"]],
	])("%s is %p", (expression, expected) => {
		const lines = cronOnCalendar(expression);
		expect(lines.map((line) => formatOnCalendar(line, "UTC"))).toEqual(
			expected,
		);
	});

	const CASES = [
		"30 2 * * *",
		"0 3 * * SUN",
		"*/30 1-3 * * *",
		"0 0 13 * FRI",
		"15 2 29 FEB *",
	];
	const NIGHTS = [
		["Europe/Berlin", "2026-03-27T12:00:00Z"],
		["Europe/Berlin", "2026-10-23T12:00:00Z"],
		["America/New_York", "2026-03-06T12:00:00Z"],
		["America/Santiago", "2026-09-04T12:00:00Z"],
		["Australia/Lord_Howe", "2026-10-02T12:00:00Z"],
		["Asia/Kolkata", "2026-02-27T12:00:00Z"],
	] as const;
	test.each(
		NIGHTS.flatMap(([zone, from]) =>
			CASES.map((expression) => [expression, zone, from] as const),
		),
	)(
		"%s elapses in %s from %s on when systemd says so",
		(expression, zone, from) => {
			process.env.TZ = zone;
			const lines = cronOnCalendar(expression);
			expect(nextOf(onCalendarSchedule(lines), from, 5)).toEqual(
				nextBySystemd(lines, zone, from, 5),
			);
		},
	);

	test.each([40, 90, 25 * 60, 45 * 60, 90 * 60, 8 * 3600, 86_400, 7 * 86_400])(
		"every %d seconds is even, and elapses when systemd says so",
		(seconds) => {
			process.env.TZ = "UTC";
			const lines = intervalOnCalendar(seconds * 1000);
			if (seconds === 25 * 60) {
				expect(lines).toBeNull(); // does not divide a day
				return;
			}
			const from = "2026-02-27T22:58:30Z";
			const times = nextOf(onCalendarSchedule(lines ?? []), from, 5);
			expect(times).toEqual(nextBySystemd(lines ?? [], "UTC", from, 5));
			const steps = times.slice(1).map((time, index) => {
				return (Date.parse(time) - Date.parse(times[index] ?? "")) / 1000;
			});
			expect(steps).toEqual(steps.map(() => seconds));
		},
	);

	test.each(["2d", "5h", "7min", "13s", "36h", "2w"])(
		"every %s is not even from day to day",
		(text) => {
			const [, count, unit = ""] = /(\d+)(\w+)/.exec(text) ?? [];
			const seconds = { s: 1, min: 60, h: 3600, d: 86_400, w: 604_800 }[unit];
			expect(intervalOnCalendar(Number(count) * Number(seconds) * 1000)).toBe(
				null,
			);
		},
	);
});

const part = (min: number, max: number) => {
	const number = fc.integer({ min, max });
	const range = fc
		.tuple(number, number)
		.map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
	const step = fc.integer({ min: 1, max: 12 });
	return fc.oneof(
		fc.constant("*"),
		number.map(String),
		range,
		step.map((n) => `*/${n}`),
		fc.tuple(range, step).map(([r, n]) => `${r}/${n}`),
		fc.tuple(number, step).map(([a, n]) => `${a}/${n}`),
	);
};
const field = (min: number, max: number) =>
	fc
		.array(part(min, max), { minLength: 1, maxLength: 3 })
		.map((parts) => parts.join(","));
const expressions = fc
	.tuple(
		field(0, 59),
		field(0, 23),
		fc.oneof(fc.constant("*"), field(1, 28)),
		fc.oneof(fc.constant("*"), field(1, 12)),
		fc.oneof(fc.constant("*"), field(0, 7)),
	)
	.map((fields) => fields.join(" "));

/** null: crons differ over it. */
function parse(expression: string): string | null {
	try {
		return parseCron(expression);
	} catch (error) {
		if (/crons differ/.test(String(error))) return null;
		throw error;
	}
}

/**
 * Whether Debian's cron would start a line at a minute in UTC: entry.c reads lists of ranges with steps, a single number
 * takes no step; cron.c asks for both days where either field begins with a star, else for one of them.
 */
function startsAt(line: string, time: Date): boolean {
	const [minute = "", hour = "", day = "", month = "", weekday = ""] =
		line.split(" ");
	const sets = [
		setOf(minute, 0, 59),
		setOf(hour, 0, 23),
		setOf(day, 1, 31),
		setOf(month, 1, 12),
		setOf(weekday, 0, 7),
	] as const;
	const isDay = sets[2].has(time.getUTCDate());
	const isWeekday = sets[4].has(time.getUTCDay());
	const isStarred = day.startsWith("*") || weekday.startsWith("*");
	return (
		sets[0].has(time.getUTCMinutes()) &&
		sets[1].has(time.getUTCHours()) &&
		sets[3].has(time.getUTCMonth() + 1) &&
		(isStarred ? isDay && isWeekday : isDay || isWeekday)
	);
}

function setOf(text: string, min: number, max: number): Set<number> {
	const numbers = text.split(",").flatMap((element) => {
		const match = /^(?:(\*)|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(element);
		if (!match) throw new Error(`Debian's cron does not read ${text}`);
		const [, star, from, to, step] = match;
		if (star === undefined && to === undefined) return [Number(from)];
		const first = star ? min : Number(from);
		const last = star ? max : Number(to);
		const all = Array.from({ length: last - first + 1 }, (_, i) => first + i);
		return all.filter((_, index) => index % Number(step ?? 1) === 0);
	});
	const sunday = max === 7 && (numbers.includes(0) || numbers.includes(7));
	return new Set(sunday ? [...numbers, 0, 7] : numbers);
}
