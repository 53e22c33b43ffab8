// Where anything contradicts the clock, it is said why; where nothing does, nothing is.

import { describe, expect, test } from "bun:test";
import { findClockProblem } from "../../../../src/core/upkeep/pruning/clock.ts";

const DAY_MS = 24 * 3600 * 1000;
const NOW = new Date("2026-05-01T03:00:00Z");

const at = (days: number, from = NOW) =>
	new Date(from.getTime() + days * DAY_MS).toISOString();

/** A backup each so many days, the last one so many days before now. */
const every = (days: number, count: number, ago = days) =>
	Array.from({ length: count }, (_, index) => at(-ago - index * days));

const problem = (
	times: readonly string[],
	now = NOW,
	libraryChangedAt: Date | null = null,
) => findClockProblem({ times, libraryChangedAt }, now);

describe("nothing speaks against a clock", () => {
	test.each([
		["without backups", []],
		["with the first one just made", [at(0)]],
		["by daily ones up to now", every(1, 40, 0)],
		["after three weeks without any", every(1, 40, 21)],
		["by weekly ones, the last a quarter ago", every(7, 20, 91)],
		["by two in three years", [at(-300), at(-1000)]],
		["by many in one minute, years apart from nothing", every(1 / 9999, 30, 9)],
		["by one from a clock that ran ahead once", [...every(1, 30), at(3000)]],
		["by minutes by which clocks differ", [...every(1, 30), at(4 / 1440)]],
		["a week after a jump", [...every(1, 30, 400), ...every(1, 8, 0)]],
	])("%s", (_, times) => {
		expect(problem(times)).toBeNull();
	});

	test("by a library that was changed now", () => {
		expect(problem(every(1, 9), NOW, NOW)).toBeNull();
	});
});

describe("a clock must be wrong", () => {
	test.each([
		["that is years ahead of daily backups", every(1, 30, 8 * 365), /jumped/],
		["that is 45 days ahead of daily backups", every(1, 30, 45), /jumped/],
		["that is a year ahead of few backups", every(5, 3, 400), /jumped/],
		[
			"also once a backup was made by it",
			[...every(1, 30, 500), at(0)],
			/jumped/,
		],
		[
			"also six nights later",
			[...every(1, 30, 500), ...every(1, 7, 0)],
			/jumped/,
		],
		[
			"that is ten days behind the newest backups",
			every(1, 40, -10),
			/later than now/,
		],
		[
			"that fell back before all of them",
			every(1, 30, -2000),
			/later than now/,
		],
		[
			"that is a minute more behind than clocks differ",
			[at(6 / 1440)],
			/later than now/,
		],
	])("%s", (_, times, reason) => {
		expect(problem(times)).toMatch(reason);
	});

	test("that is behind the library's own last change", () => {
		const changedAt = new Date(NOW.getTime() + 10 * 60_000);
		expect(problem([], NOW, changedAt)).toContain("2026-05-01T03:10:00Z");
	});
});

test("forty thousand backups of one week are no reason to wait", () => {
	const times = every(1 / 5_760, 40_000, 0);
	const startedAt = performance.now();
	expect(problem(times)).toBeNull();
	expect(performance.now() - startedAt).toBeLessThan(3_000);
});
