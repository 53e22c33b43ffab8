// The plan of prune against dates worked out by hand, against a walk with counters as restic does it, and against
// properties that must hold for any folder, any rules and any clock.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
	planRetention,
	type RetentionCandidate,
	type RetentionPlan,
	type RetentionRules,
} from "../../../src/core/upkeep/retention.ts";
import { type Duration, parseDuration } from "../../../src/ground/units.ts";

const NOW = "2030-01-01T00:00:00Z";
const NO_TIME = {
	years: 0,
	months: 0,
	weeks: 0,
	days: 0,
	hours: 0,
	minutes: 0,
	seconds: 0,
};

function backup(
	createdAt: string,
	traits: Partial<RetentionCandidate> = {},
): RetentionCandidate {
	const ordinary = { valid: true, pinned: false, shrunk: false };
	return { name: createdAt, createdAt, kind: "manual", ...ordinary, ...traits };
}

function plan(
	candidates: readonly (string | RetentionCandidate)[],
	rules: RetentionRules,
	{ now = NOW, timeZone = "UTC" } = {},
): RetentionPlan {
	const list = candidates.map((c) => (typeof c === "string" ? backup(c) : c));
	return planRetention(list, rules, { now, timeZone });
}

/** Name → reasons, without the "newest good backup" that the first good one always has. */
function kept({ keep }: RetentionPlan): Record<string, string[]> {
	const rest = (reasons: readonly string[]) =>
		reasons.filter((reason) => reason !== "newest good backup");
	return Object.fromEntries(
		keep.map(({ name, reasons }) => [name, rest(reasons)]),
	);
}

const names = (list: readonly { readonly name: string }[]) =>
	list.map(({ name }) => name);

test("a duration is shown in a reason", () => {
	const rules = { keepWithin: parseDuration("2y5mo7d3h") };
	expect(kept(plan(["2026-02-05T14:30:22Z"], rules))).toEqual({
		"2026-02-05T14:30:22Z": ["within 2y5mo7d3h"],
	});
});

describe("keep-within-…", () => {
	const dates = [
		"2026-02-05T14:30:22Z",
		"2026-02-05T14:10:00Z",
		"2026-02-05T08:00:00Z",
		"2026-02-04T14:30:23Z",
		"2026-02-04T14:30:22Z",
		"2026-01-31T23:59:59Z",
		"2026-01-01T00:00:00Z",
		"2025-06-01T00:00:00Z",
	];

	test("keeps the newest of each period of that time, seen from the newest of all", () => {
		const rules = {
			keepWithinHourly: parseDuration("1d"),
			keepWithinMonthly: parseDuration("2mo"),
		};
		expect(kept(plan(dates, rules))).toEqual({
			"2026-02-05T14:30:22Z": [
				"hourly 2026-02-05 14h within 1d",
				"monthly 2026-02 within 2mo",
			],
			"2026-02-05T08:00:00Z": ["hourly 2026-02-05 08h within 1d"],
			"2026-02-04T14:30:23Z": ["hourly 2026-02-04 14h within 1d"],
			"2026-01-31T23:59:59Z": ["monthly 2026-01 within 2mo"],
		});
	});

	test("keeps the oldest as well where it is no older", () => {
		const rules = { keepWithinYearly: parseDuration("5y") };
		expect(kept(plan(dates, rules))).toEqual({
			"2026-02-05T14:30:22Z": ["yearly 2026 within 5y"],
			"2025-06-01T00:00:00Z": ["yearly 2025 within 5y"],
		});
		expect(kept(plan(dates.slice(0, 3), rules))).toEqual({
			"2026-02-05T14:30:22Z": ["yearly 2026 within 5y"],
			"2026-02-05T08:00:00Z": ["oldest, yearly within 5y"],
		});
	});
});

describe("the rules", () => {
	test("keep the newest of each period and name the period", () => {
		const dates = [
			"2026-02-05T14:30:22Z",
			"2026-02-05T14:10:00Z",
			"2026-02-05T13:59:59Z",
			"2026-02-04T23:59:59Z",
			"2026-02-01T23:59:59Z",
			"2026-01-31T23:59:59Z",
			"2025-12-31T23:59:59Z",
			"2025-12-31T00:00:00Z",
			"2024-06-01T00:00:00Z",
		];
		const rules = { keepLast: 1, keepHourly: 2, keepDaily: 2, keepWeekly: 2 };
		const longer = { keepMonthly: 3, keepYearly: 2 };
		const result = plan(dates, { ...rules, ...longer });
		expect(result.keep).toEqual([
			{
				name: "2026-02-05T14:30:22Z",
				reasons: [
					"newest good backup",
					"last",
					"hourly 2026-02-05 14h",
					"daily 2026-02-05",
					"weekly 2026-W06",
					"monthly 2026-02",
					"yearly 2026",
				],
			},
			{ name: "2026-02-05T13:59:59Z", reasons: ["hourly 2026-02-05 13h"] },
			{ name: "2026-02-04T23:59:59Z", reasons: ["daily 2026-02-04"] },
			{ name: "2026-02-01T23:59:59Z", reasons: ["weekly 2026-W05"] },
			{ name: "2026-01-31T23:59:59Z", reasons: ["monthly 2026-01"] },
			{
				name: "2025-12-31T23:59:59Z",
				reasons: ["monthly 2025-12", "yearly 2025"],
			},
		]);
		expect(result.remove).toEqual(
			[dates[1], dates[7], dates[8]].map((name) => ({
				name: name as string,
				reason: "no rule keeps it",
			})),
		);
	});

	test("count periods that have a backup, not days of the calendar", () => {
		const dates = ["2026-02-05", "2025-08-01", "2024-03-09", "2021-01-01"].map(
			(date) => `${date}T03:00:00Z`,
		);
		expect(names(plan(dates, { keepDaily: 3 }).keep)).toEqual(
			dates.slice(0, 3),
		);
	});

	test("keep the oldest too while slots are left", () => {
		const dates = [
			"2026-02-05T20:00:00Z",
			"2026-02-04T20:00:00Z",
			"2026-02-04T12:00:00Z",
			"2026-02-04T04:00:00Z",
		];
		expect(kept(plan(dates, { keepDaily: 3 }))).toEqual({
			"2026-02-05T20:00:00Z": ["daily 2026-02-05"],
			"2026-02-04T20:00:00Z": ["daily 2026-02-04"],
			"2026-02-04T04:00:00Z": ["oldest, daily slots left"],
		});
		expect(names(plan(dates, { keepDaily: 2 }).keep)).toEqual(
			dates.slice(0, 2),
		);
	});

	test("name the oldest once if its own period keeps it", () => {
		expect(kept(plan(["2026-02-05T20:00:00Z"], { keepDaily: 9 }))).toEqual({
			"2026-02-05T20:00:00Z": ["daily 2026-02-05"],
		});
	});

	test("know no limit with Infinity", () => {
		const dates = ["2026-02-05", "2026-02-04"].map((d) => `${d}T20:00:00Z`);
		expect(plan(dates, { keepLast: Infinity }).remove).toEqual([]);
		expect(plan(dates, { keepYearly: Infinity }).remove).toEqual([]);
	});

	test.each([
		{ keepLast: 0 },
		{ keepDaily: -1 },
		{ keepYearly: Number.NaN },
		{ keepLast: 3, keepWithin: NO_TIME },
	])("that can keep nothing are refused: %j", (rules) => {
		expect(() => plan(["2026-02-05T20:00:00Z"], rules)).toThrow(RangeError);
	});

	test("that are not given remove nothing, damaged and old pre-restore ones included", () => {
		const list = [
			backup("2020-01-01T00:00:00Z", { kind: "pre-restore" }),
			backup("2021-01-01T00:00:00Z", { valid: false }),
			backup("2022-01-01T00:00:00Z", { shrunk: true }),
		];
		const result = plan(list, { keepLast: undefined, keepWithin: undefined });
		expect(result).toEqual({
			keep: [
				{ name: "2022-01-01T00:00:00Z", reasons: ["no rule is given"] },
				{ name: "2020-01-01T00:00:00Z", reasons: ["no rule is given"] },
			],
			remove: [],
			untouched: [
				{ name: "2021-01-01T00:00:00Z", reason: "damaged: not touched" },
			],
		});
	});

	test("take backups of the same second by name", () => {
		const at = (name: string) => backup("2026-02-05T14:30:22Z", { name });
		const list = [at("b"), at("a"), at("c")];
		const result = plan(list, { keepLast: 1, keepDaily: 1 });
		expect(kept(result)).toEqual({ a: ["last", "daily 2026-02-05"] });
		expect(names(result.remove)).toEqual(["b", "c"]);
	});

	test("compare instants, whatever offset they are written in", () => {
		const list = ["2026-02-05T12:00:00+02:00", "2026-02-05T10:30:00Z"];
		expect(names(plan(list, { keepLast: 1 }).keep)).toEqual([
			"2026-02-05T10:30:00Z",
		]);
	});
});

describe("ISO weeks", () => {
	test.each([
		["2021-01-03T23:59:59Z", "2020-W53"],
		["2021-01-04T00:00:00Z", "2021-W01"],
		["2023-01-01T12:00:00Z", "2022-W52"],
		["2024-12-29T23:59:59Z", "2024-W52"],
		["2024-12-30T00:00:00Z", "2025-W01"],
		["2026-02-05T14:30:22Z", "2026-W06"],
		["2026-12-31T12:00:00Z", "2026-W53"],
		["2027-01-03T23:59:59Z", "2026-W53"],
		["2027-01-04T00:00:00Z", "2027-W01"],
	])("put %s into %s", (date, week) => {
		expect(kept(plan([date], { keepWeekly: 1 }))[date]).toEqual([
			`weekly ${week}`,
		]);
	});

	test("that span New Year are one week", () => {
		const days = ["2027-01-03", "2027-01-01", "2026-12-28", "2026-12-27"];
		const dates = days.map((day) => `${day}T12:00:00Z`);
		expect(kept(plan(dates, { keepWeekly: 2 }))).toEqual({
			"2027-01-03T12:00:00Z": ["weekly 2026-W53"],
			"2026-12-27T12:00:00Z": ["weekly 2026-W52"],
		});
	});
});

describe("the time zone", () => {
	test.each([
		["UTC", "2026-12-31", "2026-W53", "2026"],
		["Europe/Berlin", "2027-01-01", "2026-W53", "2027"],
		["America/New_York", "2026-12-31", "2026-W53", "2026"],
	])("%s decides where days and years begin", (timeZone, day, week, year) => {
		const rules = { keepDaily: 1, keepWeekly: 1, keepYearly: 1 };
		const result = plan(["2026-12-31T23:30:00Z"], rules, { timeZone });
		expect(kept(result)["2026-12-31T23:30:00Z"]).toEqual([
			`daily ${day}`,
			`weekly ${week}`,
			`yearly ${year}`,
		]);
	});

	test("that does not exist is refused", () => {
		expect(() =>
			plan(["2026-02-05T20:00:00Z"], {}, { timeZone: "Europe/Atlantis" }),
		).toThrow(RangeError);
	});
});

describe("daylight saving in Berlin", () => {
	const berlin = { timeZone: "Europe/Berlin" };

	test("gives the hour that repeats in autumn two slots and loses neither backup", () => {
		const dates = [
			"2026-10-25T02:30:00Z",
			"2026-10-25T01:30:00Z",
			"2026-10-25T00:30:00Z",
			"2026-10-24T23:30:00Z",
		];
		expect(kept(plan(dates, { keepHourly: 4 }, berlin))).toEqual({
			"2026-10-25T02:30:00Z": ["hourly 2026-10-25 03h +01:00"],
			"2026-10-25T01:30:00Z": ["hourly 2026-10-25 02h +01:00"],
			"2026-10-25T00:30:00Z": ["hourly 2026-10-25 02h"],
			"2026-10-24T23:30:00Z": ["hourly 2026-10-25 01h"],
		});
	});

	test("skips the missing hour in spring without using a slot", () => {
		const dates = [
			"2026-03-29T01:30:00Z",
			"2026-03-29T00:30:00Z",
			"2026-03-28T23:30:00Z",
		];
		expect(kept(plan(dates, { keepHourly: 3 }, berlin))).toEqual({
			"2026-03-29T01:30:00Z": ["hourly 2026-03-29 03h +02:00"],
			"2026-03-29T00:30:00Z": ["hourly 2026-03-29 01h"],
			"2026-03-28T23:30:00Z": ["hourly 2026-03-29 00h"],
		});
	});

	test.each([
		["23 hours in spring", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"],
		["25 hours in autumn", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"],
	])("makes a day of %s", (_, first, last) => {
		const near = (date: string, seconds: number) =>
			new Date(Date.parse(date) + seconds * 1000).toISOString();
		const before = near(first, -1);
		const after = near(last, 1);
		const result = plan([before, first, last, after], { keepDaily: 3 }, berlin);
		expect(names(result.keep)).toEqual([after, last, before]);
	});

	test.each([
		["1d", "2026-03-29T10:00:00Z", "2026-03-28T11:00:00Z"],
		["24h", "2026-03-29T10:00:00Z", "2026-03-28T10:00:00Z"],
		["1d", "2026-10-25T11:00:00Z", "2026-10-24T10:00:00Z"],
		["24h", "2026-10-25T11:00:00Z", "2026-10-24T11:00:00Z"],
	])("makes %s before %s begin after %s", (duration, newest, cutoff) => {
		expectCutoff(duration, newest, cutoff, berlin);
	});
});

/** A backup of the cutoff's second goes, one a second younger stays. */
function expectCutoff(
	duration: string,
	newest: string,
	cutoff: string,
	options: { readonly timeZone?: string } = {},
) {
	const younger = new Date(Date.parse(cutoff) + 1000).toISOString();
	const rules = { keepWithin: parseDuration(duration, true) };
	const result = plan([newest, younger, cutoff], rules, options);
	expect(names(result.keep)).toEqual([newest, younger]);
	expect(names(result.remove)).toEqual([cutoff]);
}

describe("keep-within", () => {
	test.each([
		["30d", "2026-03-31T03:00:00Z", "2026-03-01T03:00:00Z"],
		["26h", "2026-03-01T03:00:00Z", "2026-02-28T01:00:00Z"],
		["1m", "2026-03-31T03:00:00Z", "2026-02-28T03:00:00Z"],
		["1m", "2028-03-31T03:00:00Z", "2028-02-29T03:00:00Z"],
		["1m", "2026-12-31T03:00:00Z", "2026-11-30T03:00:00Z"],
		["1m1d", "2026-03-31T03:00:00Z", "2026-02-27T03:00:00Z"],
		["1d", "2028-03-01T03:00:00Z", "2028-02-29T03:00:00Z"],
		["1y", "2028-02-29T03:00:00Z", "2027-02-28T03:00:00Z"],
		["4y", "2028-02-29T03:00:00Z", "2024-02-29T03:00:00Z"],
		["2y5m7d3h", "2028-12-31T03:00:00Z", "2026-07-24T00:00:00Z"],
	])("%s before %s begins after %s", (duration, newest, cutoff) => {
		expectCutoff(duration, newest, cutoff);
	});

	test("counts from the newest backup, so that backups which stopped are not removed", () => {
		const dates = ["2020-02-20T03:00:00Z", "2020-02-01T03:00:00Z"];
		const result = plan(dates, { keepWithin: parseDuration("30d") });
		expect(result.remove).toEqual([]);
	});

	test("doesn't count from a future, damaged or pre-restore one", () => {
		const list = [
			backup("2031-01-01T00:00:00Z"),
			backup("2029-12-31T00:00:00Z", { valid: false }),
			backup("2029-12-30T00:00:00Z", { kind: "pre-restore" }),
			backup("2026-02-05T00:00:00Z"),
			backup("2026-02-04T00:00:00Z"),
		];
		const result = plan(list, { keepWithin: parseDuration("3d") });
		expect(result.remove).toEqual([]);
	});
});

describe("protected from every rule", () => {
	test("are pinned ones, and they take slots as others do", () => {
		const list = [
			backup("2026-02-05T03:00:00Z", { pinned: true }),
			backup("2026-02-04T03:00:00Z"),
			backup("2026-02-03T03:00:00Z"),
			backup("2019-02-03T03:00:00Z", { pinned: true }),
		];
		const result = plan(list, { keepLast: 2 });
		expect(kept(result)).toEqual({
			"2026-02-05T03:00:00Z": ["pinned", "last"],
			"2026-02-04T03:00:00Z": ["last"],
			"2019-02-03T03:00:00Z": ["pinned"],
		});
	});

	test("are damaged files, which don't count as kept, pinned or not", () => {
		const list = [
			backup("2026-02-06T03:00:00Z", { valid: false, pinned: true }),
			backup("2026-02-05T03:00:00Z", { name: "x", createdAt: null }),
			backup("2026-02-04T03:00:00Z"),
			backup("2026-02-03T03:00:00Z"),
		];
		const result = plan(list, { keepLast: 1 });
		expect(names(result.keep)).toEqual(["2026-02-04T03:00:00Z"]);
		expect(names(result.remove)).toEqual(["2026-02-03T03:00:00Z"]);
		expect(result.untouched).toEqual([
			{ name: "2026-02-06T03:00:00Z", reason: "damaged: not touched" },
			{ name: "x", reason: "damaged: not touched" },
		]);
	});

	test("are good ones from shrunk ones: a week of alarms pushes none out", () => {
		const shrunk = [9, 8, 7, 6].map((day) =>
			backup(`2026-02-0${day}T03:00:00Z`, { shrunk: true }),
		);
		const good = [5, 4, 3].map((day) => backup(`2026-02-0${day}T03:00:00Z`));
		const result = plan([...shrunk, ...good], { keepLast: 2 });
		expect(result.keep).toEqual([
			{ name: "2026-02-09T03:00:00Z", reasons: ["last"] },
			{ name: "2026-02-08T03:00:00Z", reasons: ["last"] },
			{
				name: "2026-02-05T03:00:00Z",
				reasons: ["newest good backup", "last"],
			},
			{ name: "2026-02-04T03:00:00Z", reasons: ["last"] },
		]);
	});

	test("is keep-within of the good ones from newer shrunk ones", () => {
		const list = [
			backup("2026-03-09T03:00:00Z", { shrunk: true }),
			backup("2026-02-01T03:00:00Z"),
			backup("2026-01-10T03:00:00Z"),
			backup("2025-12-01T03:00:00Z"),
		];
		const result = plan(list, { keepWithin: parseDuration("30d") });
		expect(names(result.remove)).toEqual(["2025-12-01T03:00:00Z"]);
	});

	test("is not a shrunk one once good ones follow", () => {
		const list = [
			backup("2026-02-05T03:00:00Z"),
			backup("2026-02-04T03:00:00Z", { shrunk: true }),
		];
		expect(names(plan(list, { keepLast: 1 }).remove)).toEqual([
			"2026-02-04T03:00:00Z",
		]);
	});

	test("are backups from the future, which take no slot", () => {
		const list = [
			backup("2026-02-06T03:05:01Z"),
			backup("2026-02-06T03:05:00Z"),
			backup("2026-02-05T03:00:00Z"),
		];
		const result = plan(list, { keepLast: 1 }, { now: "2026-02-06T03:00:00Z" });
		expect(result.keep).toEqual([
			{ name: "2026-02-06T03:05:01Z", reasons: ["in the future"] },
			{
				name: "2026-02-06T03:05:00Z",
				reasons: ["newest good backup", "last"],
			},
		]);
	});

	test("is everything when the clock starts in 1970", () => {
		const dates = ["2026-02-05T03:00:00Z", "2026-02-04T03:00:00Z"];
		const now = "1970-01-01T00:00:10Z";
		expect(plan(dates, { keepLast: 1 }, { now }).remove).toEqual([]);
	});
});

describe("a pre-restore backup", () => {
	const made = "2026-02-05T03:00:00Z";
	const preRestore = backup(made, { kind: "pre-restore" });
	const after = (time: string) => [backup(time), preRestore];

	test("younger than 7 days stays and takes no slot", () => {
		const older = backup("2026-02-04T03:00:00Z");
		const now = "2026-02-12T02:59:59Z";
		const result = plan([preRestore, older], { keepLast: 1 }, { now });
		expect(result.keep).toEqual([
			{ name: made, reasons: ["pre-restore, younger than 7 days"] },
			{ name: older.name, reasons: ["newest good backup", "last"] },
		]);
	});

	test("goes after 7 days, though a rule has slots left", () => {
		const now = "2026-02-12T03:00:00Z";
		const result = plan(after(now), { keepLast: 9, keepDaily: 9 }, { now });
		expect(result.remove).toEqual([
			{ name: made, reason: "pre-restore, older than 7 days" },
		]);
	});

	test("stays after 7 days if it is pinned", () => {
		const pinned = { ...preRestore, pinned: true };
		const result = plan([backup("2026-03-01T00:00:00Z"), pinned], {
			keepLast: 1,
		});
		expect(kept(result)[made]).toEqual(["pinned"]);
	});

	test.each([
		["is there", [preRestore]],
		["is 7 days newer", after("2026-02-12T02:59:59Z")],
		[
			"follows a restore that shrank the library",
			[backup("2026-03-01T00:00:00Z", { shrunk: true }), preRestore],
		],
	])("stays for years while no good backup %s", (_, list) => {
		expect(kept(plan(list, { keepLast: 1 }))[made]).toEqual([
			"pre-restore, no good backup 7 days newer",
		]);
	});
});

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PRESENT_MS = Date.parse("2026-10-26T12:00:00Z");
const COUNTS = [
	"keepLast",
	"keepHourly",
	"keepDaily",
	"keepWeekly",
	"keepMonthly",
	"keepYearly",
] as const;
const WITHIN = [
	"keepWithin",
	"keepWithinHourly",
	"keepWithinDaily",
	"keepWithinWeekly",
	"keepWithinMonthly",
	"keepWithinYearly",
] as const;

const iso = (time: number) => new Date(time).toISOString();

/** Crowded around the end of Europe's summer time, thin over the three years before; some in the future. */
const time = fc
	.oneof(
		fc.integer({ min: -60, max: 3 }).map((n) => n * (HOUR_MS / 2)),
		fc.integer({ min: -60, max: 3 }).map((n) => n * DAY_MS),
		fc.integer({ min: -1100 * 24, max: 0 }).map((n) => n * HOUR_MS),
	)
	.map((offset) => iso(PRESENT_MS + offset));

const rarely = fc.nat(5).map((n) => n === 0);
const traits = {
	createdAt: time,
	kind: fc.constantFrom("manual", "manual", "scheduled", "pre-restore"),
	valid: rarely.map((damaged) => !damaged),
	pinned: rarely,
	shrunk: fc.boolean(),
};
const plain = { valid: true, pinned: false, shrunk: false, kind: "manual" };

const name = fc.stringMatching(/^[a-z]{1,6}$/);
const byName = { selector: (c: { name: string }) => c.name, maxLength: 30 };
const folder = fc.uniqueArray(fc.record({ name, ...traits }), byName);
const plainFolder = fc
	.uniqueArray(fc.record({ name, createdAt: time }), byName)
	.map((list) => list.map((c) => ({ ...c, ...plain })));

const duration = fc
	.record({
		years: fc.nat(2),
		months: fc.nat(5),
		weeks: fc.nat(3),
		days: fc.nat(9),
		hours: fc.nat(30),
		minutes: fc.nat(90),
		seconds: fc.nat(90),
	})
	.filter((d) => Object.values(d).some((part) => part > 0));
const count = fc.oneof(
	fc.integer({ min: 1, max: 6 }),
	fc.constantFrom(20, Infinity),
);
const rules: fc.Arbitrary<RetentionRules> = fc
	.record(
		{
			...Object.fromEntries(COUNTS.map((rule) => [rule, count])),
			...Object.fromEntries(WITHIN.map((rule) => [rule, duration])),
		},
		{ requiredKeys: [] },
	)
	.filter((given) => Object.keys(given).length > 0);

const when = fc.record({
	now: fc.constant(iso(PRESENT_MS)),
	timeZone: fc.constantFrom(
		"UTC",
		"Europe/Berlin",
		"America/Sao_Paulo",
		"Australia/Lord_Howe",
		"Asia/Kathmandu",
	),
});

const ms = (c: RetentionCandidate) => Date.parse(c.createdAt ?? "");
const isFuture = (c: RetentionCandidate) => ms(c) > PRESENT_MS + 5 * 60_000;
const isOrdinary = (c: RetentionCandidate) =>
	c.valid && c.kind !== "pre-restore" && !isFuture(c);
const newestFirst = (a: RetentionCandidate, b: RetentionCandidate) =>
	ms(b) - ms(a) || (a.name < b.name ? -1 : 1);

function expectSuperset(more: RetentionPlan, less: RetentionPlan) {
	expect(names(more.keep)).toEqual(
		expect.arrayContaining(names(less.keep)) as string[],
	);
}

describe("for any folder and any rules, the plan", () => {
	test("names every file once, newest first", () => {
		check(folder, rules, when, (list, given, at) => {
			const { keep, remove, untouched } = planRetention(list, given, at);
			const all = names([...keep, ...remove, ...untouched]);
			expect(all.toSorted()).toEqual(names(list).toSorted());
			const order = names(list.toSorted(newestFirst));
			for (const part of [names(keep), names(remove)]) {
				expect(part).toEqual(order.filter((name) => part.includes(name)));
			}
		});
	});

	test("gives at least one reason to keep and none twice", () => {
		check(folder, rules, when, (list, given, at) => {
			for (const { reasons } of planRetention(list, given, at).keep) {
				expect(reasons.length).toBeGreaterThan(0);
				expect(new Set(reasons).size).toBe(reasons.length);
			}
		});
	});

	test("doesn't depend on the order of the files", () => {
		const shuffled = folder.chain((list) =>
			fc.tuple(
				fc.constant(list),
				fc.shuffledSubarray(list, { minLength: list.length }),
			),
		);
		check(shuffled, rules, when, ([one, other], given, at) => {
			expect(planRetention(other, given, at)).toEqual(
				planRetention(one, given, at),
			);
		});
	});

	test("removes nothing from what it kept", () => {
		check(folder, rules, when, (list, given, at) => {
			const first = planRetention(list, given, at);
			const gone = new Set(names(first.remove));
			const left = list.filter((c) => !gone.has(c.name));
			const second = planRetention(left, given, at);
			expect(second).toEqual({ ...first, remove: [] });
		});
	});

	test("removes nothing without a rule", () => {
		check(folder, when, fc.constant(0), (list, at) => {
			expect(planRetention(list, {}, at).remove).toEqual([]);
		});
	});

	test("never removes what is protected", () => {
		check(folder, rules, when, (list, given, at) => {
			const gone = new Set(names(planRetention(list, given, at).remove));
			const isYoung = (c: RetentionCandidate) =>
				c.kind === "pre-restore" && PRESENT_MS - ms(c) < 7 * DAY_MS;
			const good = list.filter((c) => isOrdinary(c) && !c.shrunk);
			const safe = [
				...good.toSorted(newestFirst).slice(0, 1),
				...list.filter((c) => !c.valid || c.pinned || isFuture(c)),
				...list.filter(isYoung),
			];
			expect(names(safe).filter((name) => gone.has(name))).toEqual([]);
		});
	});

	test("never leaves fewer than keep-last ordinary backups, nor none", () => {
		check(folder, rules, when, (list, given, at) => {
			const left = new Set(names(planRetention(list, given, at).keep));
			const ordinary = list.filter(isOrdinary);
			const wanted = Math.min(given.keepLast ?? 1, ordinary.length);
			expect(
				ordinary.filter((c) => left.has(c.name)).length,
			).toBeGreaterThanOrEqual(wanted);
		});
	});

	test("never leaves fewer than keep-daily days that have a backup", () => {
		check(folder, rules, count, (list, given, keepDaily) => {
			const at = { now: iso(PRESENT_MS), timeZone: "UTC" };
			const result = planRetention(list, { ...given, keepDaily }, at);
			const left = new Set(names(result.keep));
			const newestDays = (of: typeof list) => {
				const days = of
					.toSorted(newestFirst)
					.map((c) => iso(ms(c)).slice(0, 10));
				return [...new Set(days)].slice(0, keepDaily);
			};
			const ordinary = list.filter(isOrdinary);
			const good = ordinary.filter((c) => !c.shrunk);
			for (const part of [ordinary, good]) {
				expect(newestDays(part.filter((c) => left.has(c.name)))).toEqual(
					newestDays(part),
				);
			}
		});
	});

	test("keeps no less when a rule is raised or added", () => {
		check(folder, fc.tuple(rules, rules), when, (list, [low, extra], at) => {
			const higher = { ...low };
			for (const rule of COUNTS) {
				const sum = (low[rule] ?? 0) + (extra[rule] ?? 0);
				if (sum > 0) higher[rule] = sum;
			}
			for (const rule of WITHIN) {
				const [a, b] = [low[rule], extra[rule]];
				if (a && b) higher[rule] = sumOf(a, b);
				else if (b) higher[rule] = b;
			}
			expectSuperset(
				planRetention(list, higher, at),
				planRetention(list, low, at),
			);
		});
	});

	test("keeps no less when backups are pinned", () => {
		check(folder, rules, when, (list, given, at) => {
			const pinned = list.map((c, i) => ({ ...c, pinned: c.pinned || i < 3 }));
			expectSuperset(
				planRetention(pinned, given, at),
				planRetention(list, given, at),
			);
		});
	});

	test("judges ordinary ones alike with and without future, damaged and pre-restore ones", () => {
		check(folder, rules, when, (list, given, at) => {
			const ordinary = list.filter(isOrdinary);
			const alone = planRetention(ordinary, given, at);
			const all = planRetention(list, given, at);
			const known = new Set(names(ordinary));
			expect(all.keep.filter((c) => known.has(c.name))).toEqual([
				...alone.keep,
			]);
			expect(all.remove.filter((c) => known.has(c.name))).toEqual([
				...alone.remove,
			]);
		});
	});

	test("keeps no less of the others when shrunk ones are added", () => {
		check(folder, rules, when, (list, given, at) => {
			const others = list.filter((c) => !c.shrunk);
			expectSuperset(
				planRetention(list, given, at),
				planRetention(others, given, at),
			);
		});
	});

	test("keeps no less when the clock is set back", () => {
		check(folder, rules, fc.tuple(when, fc.nat(60)), (list, given, [at, n]) => {
			const now = iso(PRESENT_MS - n * (HOUR_MS / 2));
			expectSuperset(
				planRetention(list, given, { ...at, now }),
				planRetention(list, given, at),
			);
		});
	});

	test("judges ordinary ones alike when the clock runs ahead by years", () => {
		check(folder, rules, when, (list, given, at) => {
			const ordinary = list.filter(isOrdinary);
			const now = "2099-01-01T00:00:00Z";
			expect(planRetention(ordinary, given, { ...at, now })).toEqual(
				planRetention(ordinary, given, at),
			);
		});
	});

	test("keeps by the hour that passed, not by the hour the clock showed", () => {
		const zone = fc.constantFrom("Europe/Berlin", "America/Sao_Paulo");
		check(folder, count, zone, (list, keepHourly, timeZone) => {
			const now = iso(PRESENT_MS);
			const local = planRetention(list, { keepHourly }, { now, timeZone });
			const utc = planRetention(list, { keepHourly }, { now, timeZone: "UTC" });
			expect(local.remove).toEqual(utc.remove);
		});
	});

	test("keeps what a walk with counters, as restic does it, would keep", () => {
		check(plainFolder, rules, fc.constant(0), (list, given) => {
			const past = list.filter((c) => !isFuture(c));
			const at = { now: iso(PRESENT_MS), timeZone: "UTC" };
			expect(names(planRetention(past, given, at).keep)).toEqual(
				walk(past, given),
			);
		});
	});
});

/** Restic's forget in other words, for UTC, with its own arithmetic of dates. */
function walk(
	list: readonly (RetentionCandidate & { readonly createdAt: string })[],
	given: RetentionRules,
): string[] {
	const sorted = list.toSorted(newestFirst);
	const left = COUNTS.map((rule) => given[rule] ?? 0);
	const last = COUNTS.map(() => "");
	const newest = sorted[0] ? ms(sorted[0]) : 0;
	const cutoffs = WITHIN.map((rule) => cutoffMs(newest, given[rule]));
	const lastWithin = WITHIN.map(() => "");
	const result: string[] = [];
	for (const [i, { name, createdAt }] of sorted.entries()) {
		let keep = false;
		const week = weekNumber(createdAt);
		const [hour, day] = [createdAt.slice(0, 13), createdAt.slice(0, 10)];
		const [month, year] = [createdAt.slice(0, 7), createdAt.slice(0, 4)];
		const keys = [`${i}`, hour, day, week, month, year];
		for (const [b, key] of keys.entries()) {
			if (!(Date.parse(createdAt) > (cutoffs[b] ?? Infinity))) continue;
			if (key === lastWithin[b] && i < sorted.length - 1) continue;
			keep = true;
			lastWithin[b] = key;
		}
		for (const [b, key] of keys.entries()) {
			if ((left[b] ?? 0) <= 0) continue;
			if (key === last[b] && i < sorted.length - 1) continue;
			keep = true;
			last[b] = key;
			left[b] = (left[b] ?? 0) - 1;
		}
		if (keep) result.push(name);
	}
	return result;
}

/** Weeks since 1969-12-29, a Monday: the same number for the same ISO week. */
function weekNumber(createdAt: string): string {
	return String(Math.floor((Date.parse(createdAt) / DAY_MS + 3) / 7));
}

/** A day that its month doesn't have has run over into the next: back to the month's last. */
function cutoffMs(newest: number, within: Duration | undefined): number {
	if (within === undefined) return Infinity;
	const { years, months, weeks, days, hours, minutes, seconds } = within;
	const date = new Date(newest);
	const dayOfMonth = date.getUTCDate();
	date.setUTCMonth(date.getUTCMonth() - 12 * years - months);
	if (date.getUTCDate() !== dayOfMonth) date.setUTCDate(0);
	const dayCount = 7 * weeks + days;
	const secondCount = 60 * minutes + seconds;
	return (
		date.getTime() - dayCount * DAY_MS - hours * HOUR_MS - secondCount * 1000
	);
}

function sumOf(a: Duration, b: Duration): Duration {
	return {
		years: a.years + b.years,
		months: a.months + b.months,
		weeks: a.weeks + b.weeks,
		days: a.days + b.days,
		hours: a.hours + b.hours,
		minutes: a.minutes + b.minutes,
		seconds: a.seconds + b.seconds,
	};
}

function check<A, B, C>(
	a: fc.Arbitrary<A>,
	b: fc.Arbitrary<B>,
	c: fc.Arbitrary<C>,
	holds: (a: A, b: B, c: C) => void,
) {
	fc.assert(fc.property(a, b, c, holds), {
		numRuns: 300,
	});
}
