// How many workers a machine gets.

import { describe, expect, test } from "bun:test";
import {
	cpuQuota,
	memoryAvailable,
	usableCores,
} from "../../../src/core/work/cores.ts";

describe("cpuQuota", () => {
	test.each([
		["max 100000\n", Number.POSITIVE_INFINITY],
		["50000 100000\n", 1],
		["150000 100000\n", 2],
		["400000 100000\n", 4],
		["", Number.POSITIVE_INFINITY],
	])("%j grants %p cores", (cpuMax, cores) => {
		expect(cpuQuota(cpuMax)).toBe(cores);
	});
});

test("available memory is read from /proc/meminfo in bytes", () => {
	expect(memoryAvailable("MemTotal:  9 kB\nMemAvailable:   2048 kB\n")).toBe(
		2048 * 1024,
	);
	expect(memoryAvailable("nothing of the kind")).toBe(Number.POSITIVE_INFINITY);
});

test("a process bound to one core gets one worker", () => {
	const script =
		'import { usableCores } from "./src/core/work/cores.ts"; console.log(usableCores());';
	const bound = Bun.spawnSync(
		["taskset", "-c", "0", process.execPath, "-e", script],
		{ cwd: `${import.meta.dir}/../../..` },
	);
	expect(bound.stdout.toString().trim()).toBe("1");
	expect(usableCores()).toBeGreaterThanOrEqual(1);
	expect(usableCores()).toBeLessThanOrEqual(8);
});
