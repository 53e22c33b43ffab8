// Sizes as people read them: decimal units, at most one digit behind the point. Durations as they write them: one
// grammar, in which only restic's keep rules have an m.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AppError } from "../../src/ground/errors.ts";
import {
	formatBytes,
	formatDuration,
	parseDuration,
} from "../../src/ground/units.ts";

test.each([
	[0, "0 B"],
	[1, "1 B"],
	[999, "999 B"],
	[1000, "1.0 KB"],
	[1049, "1.0 KB"],
	[1050, "1.1 KB"],
	[999_949, "999.9 KB"],
	[999_950, "1.0 MB"],
	[52_400_000, "52.4 MB"],
	[1_000_000_000, "1.0 GB"],
	[3_798_412_038_736, "3.8 TB"],
	[Number.MAX_SAFE_INTEGER, "9.0 PB"],
])("%d bytes are %s", (bytes, text) => {
	expect(formatBytes(bytes)).toBe(text);
});

test("every size is a short number below 1000 with a unit, and right to one digit", () => {
	const units = ["B", "KB", "MB", "GB", "TB", "PB"];
	fc.assert(
		fc.property(fc.maxSafeNat(), (bytes) => {
			const [, number = "", unit = ""] =
				/^(\d{1,3}(?:\.\d)?) (\w+)$/.exec(formatBytes(bytes)) ?? [];
			const scale = 1000 ** units.indexOf(unit);
			return Math.abs(Number(number) - bytes / scale) <= 0.0501;
		}),
	);
});

describe("a duration", () => {
	const none = {
		years: 0,
		months: 0,
		weeks: 0,
		days: 0,
		hours: 0,
		minutes: 0,
		seconds: 0,
	};
	test.each([
		["30d", { ...none, days: 30 }],
		["26h", { ...none, hours: 26 }],
		["45min", { ...none, minutes: 45 }],
		["3w", { ...none, weeks: 3 }],
		["1y6mo", { ...none, years: 1, months: 6 }],
		[
			"2y5mo1w7d3h20min9s",
			{
				years: 2,
				months: 5,
				weeks: 1,
				days: 7,
				hours: 3,
				minutes: 20,
				seconds: 9,
			},
		],
		["0y1d", { ...none, days: 1 }],
		["007d", { ...none, days: 7 }],
	])("reads %s, in a keep rule too, and writes it", (text, duration) => {
		expect(parseDuration(text)).toEqual(duration);
		expect(parseDuration(text, true)).toEqual(duration);
		expect(parseDuration(formatDuration(duration))).toEqual(duration);
	});

	test.each([
		["1y6m", { ...none, years: 1, months: 6 }],
		["2y5m7d3h", { ...none, years: 2, months: 5, days: 7, hours: 3 }],
		["5m10min", { ...none, months: 5, minutes: 10 }],
	])("reads %s in a keep rule alone", (text, duration) => {
		expect(parseDuration(text, true)).toEqual(duration);
		expect(() => parseDuration(text)).toThrow(AppError);
	});

	test.each(
		["", "30", "d", "0d", "0h", "0min", "-1d", "1.5d", "30D", "1d "].concat([
			...[" 1d", "7d1y", "1d1d", "1d 2h", "1min1h", "1000000h", "١d", "1d\n"],
			...["1month", "2 w", "1M"],
		]),
	)("refuses %j everywhere", (text) => {
		for (const isRule of [false, true]) {
			const refuse = () => parseDuration(text, isRule);
			expect(refuse).toThrow(`not a duration: "${text}"`);
			expect(refuse).toThrow(expect.objectContaining({ code: "USAGE" }));
		}
	});
});
