// When backups are due: what people write is read as they mean it, and DST neither loses a day nor doubles it.

import { afterAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
	cronSchedule,
	intervalSchedule,
	intervalToCron,
	parseCron,
	parseInterval,
	parseTimeOfDay,
} from "../../../src/core/schedule/schedule.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
// Bun's tests run in UTC, unless told otherwise.
afterAll(() => {
	process.env.TZ = "UTC";
});

/** The next `count` moments, as local times. */
function moments(
	timeZone: string,
	expression: string,
	from: string,
	count: number,
): string[] {
	process.env.TZ = timeZone;
	const schedule = cronSchedule([expression]);
	const times: string[] = [];
	for (let last = new Date(from); times.length < count; ) {
		last = schedule.nextAfter(last);
		times.push(last.toLocaleString("sv-SE", { timeZone }).slice(0, -3));
	}
	return times;
}

describe("--at", () => {
	test.each([
		["03:00", "0 3 * * *"],
		["3:05", "5 3 * * *"],
		["00:00", "0 0 * * *"],
		["23:59", "59 23 * * *"],
	])("%s is %s", (text, expression) => {
		expect(parseTimeOfDay(text)).toBe(expression);
	});

	test.each(["", "3", "24:00", "12:60", "3pm", "03:00:00", " 03:00", "-1:00"])(
		"%p is refused",
		(text) => {
			expect(() => parseTimeOfDay(text)).toThrow("--at must be a time of day");
		},
	);
});

describe("--every", () => {
	test.each([
		["6h", 6 * HOUR_MS],
		["90min", 90 * MINUTE_MS],
		["1d12h", 36 * HOUR_MS],
		["2w", 14 * 24 * HOUR_MS],
		["1s", 1000],
		["366d", 366 * 24 * HOUR_MS],
	])("%s is %d ms", (text, ms) => {
		expect(parseInterval(text)).toBe(ms);
	});

	test.each([
		"",
		"0s",
		"0h",
		"6",
		"h",
		"6 h",
		"6H",
		"1h1d",
		"-1h",
		"367d",
		"1.5h",
	])("%p is refused", (text) => {
		expect(() => parseInterval(text)).toThrow("--every must be a time");
	});

	test.each([
		["30m", "write 30min or 30mo"],
		["1h15m", "write 1h15min or 1h15mo"],
		["1mo", '--cron "0 3 1 * *"'],
		["1y", '--cron "0 3 1 * *"'],
		["2h1d", "in this order"],
		["53w", "call backup yourself"],
	])("%s is refused, with what to write", (text, hint) => {
		const refuse = () => parseInterval(text);
		expect(refuse).toThrow(
			expect.objectContaining({ hint: expect.stringContaining(hint) }),
		);
	});

	test.each([
		["1min", "* * * * *"],
		["15min", "*/15 * * * *"],
		["60min", "0 * * * *"],
		["6h", "0 */6 * * *"],
		["24h", "0 0 * * *"],
		["90min", null],
		["7min", null],
		["5h", null],
		["1w", "0 0 * * 0"],
		["2d", null],
		["30s", null],
	])("%s is %p to cron", (text, expression) => {
		expect(intervalToCron(parseInterval(text))).toBe(expression);
	});

	test("counts in even steps from its anchor, whatever the time", () => {
		const stamp = fc.integer({ min: 0, max: 4e12 });
		const every = fc.integer({ min: 1000, max: 366 * 24 * HOUR_MS });
		fc.assert(
			fc.property(stamp, stamp, every, (time, anchor, everyMs) => {
				const schedule = intervalSchedule(everyMs, new Date(anchor));
				const next = schedule.nextAfter(new Date(time)).getTime();
				expect(Math.abs((next - anchor) % everyMs)).toBe(0);
				expect(next).toBeGreaterThan(time);
				expect(next - time).toBeLessThanOrEqual(everyMs);
			}),
		);
	});
});

describe("--cron", () => {
	test.each([
		["0 3 * * *", "0 3 * * *"],
		["  0  3 * *   mon-Fri ", "0 3 * * MON-FRI"],
		["0 3 1 January Sunday", "0 3 1 JAN SUN"],
		["@daily", "0 0 * * *"],
		["@Weekly", "0 0 * * 0"],
	])("%p is %s", (text, expression) => {
		expect(parseCron(text)).toBe(expression);
	});

	test.each([
		["", "expected 5"],
		["0 3 * *", "expected 5"],
		["0 0 3 * * *", "too many fields"],
		["61 * * * *", "out of range"],
		["0 3 * * frodo", "out of range"],
		["0 3 * * moneyday", "out of range"],
		["@reboot", "unrecognized"],
		["0 3 */2 * MON", "crons differ over */2"],
		["0 3 1,15 * */3", "crons differ over */3"],
		["0 3 *,5 * 1", "crons differ over *,5"],
		["0 0 30 2 *", "never comes"],
		["0 3 * * *; rm -rf /", "too many fields"],
	])("%p is refused: %s", (text, reason) => {
		expect(() => parseCron(text)).toThrow(reason);
		expect(() => parseCron(text)).toThrow("--cron");
	});
});

describe("around a change of DST", () => {
	test("a time that does not exist comes an hour later", () => {
		expect(
			moments("Europe/Berlin", "30 2 * * *", "2026-03-28T12:00Z", 3),
		).toEqual(["2026-03-29 03:30", "2026-03-30 02:30", "2026-03-31 02:30"]);
	});

	test("a time that comes twice counts once", () => {
		expect(
			moments("Europe/Berlin", "30 2 * * *", "2026-10-24T12:00Z", 3),
		).toEqual(["2026-10-25 02:30", "2026-10-26 02:30", "2026-10-27 02:30"]);
	});

	test.each([
		"Europe/Berlin",
		"America/New_York",
		"America/Santiago",
		"Australia/Lord_Howe",
		"Africa/Cairo",
		"Asia/Kolkata",
		"Pacific/Apia",
	])("in %s every day has each of its times once, for years", (timeZone) => {
		for (const time of ["0 0", "30 0", "0 1", "30 1", "0 2", "30 2", "0 3"]) {
			const days = moments(timeZone, `${time} * * *`, "2025-01-01T12:00Z", 800);
			const dates = days.map((text) => text.slice(0, 10));
			const first = Temporal.PlainDate.from(dates[0] ?? "");
			expect(dates).toEqual(
				dates.map((_, count) => first.add({ days: count }).toString()),
			);
		}
	});
});

test("of several times the nearest comes first", () => {
	process.env.TZ = "UTC";
	const schedule = cronSchedule(["0 15 * * *", "30 3 * * *"]);
	const next = schedule.nextAfter(new Date("2026-02-05T03:29:59Z"));
	expect(next.toISOString()).toBe("2026-02-05T03:30:00.000Z");
	expect(schedule.nextAfter(next).toISOString()).toBe(
		"2026-02-05T15:00:00.000Z",
	);
});
