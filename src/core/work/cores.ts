// How many cores this process may use: affinity and cgroup quotas count, not only the machine.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";

const MOST_WORKERS = 8;
/** What one worker takes at its peak, its blocks included; measured, rounded up. */
const WORKER_BYTES = 24 * 1024 * 1024;

/** The number of workers that make sense here, 1 to 8: fewer where the quota or the memory is small. */
export function usableCores(): number {
	const quota = Math.min(...cgroupFiles("cpu.max").map(cpuQuota));
	const memory = Math.min(
		...cgroupFiles("memory.max").map((text) =>
			limit(Number.parseInt(text, 10)),
		),
		memoryAvailable(read("/proc/meminfo")),
	);
	const byMemory = Math.floor(memory / 4 / WORKER_BYTES);
	return Math.max(
		1,
		Math.min(availableParallelism(), quota, byMemory, MOST_WORKERS),
	);
}

/** Cores that cgroup v2's `cpu.max` ("QUOTA PERIOD" in µs, or "max PERIOD") grants, rounded up. */
export function cpuQuota(cpuMax: string): number {
	const [quota, period] = cpuMax.trim().split(/\s+/).map(Number);
	return quota && period ? Math.ceil(quota / period) : Number.POSITIVE_INFINITY;
}

/** Bytes that the kernel says can be had without swapping (MemAvailable of /proc/meminfo). */
export function memoryAvailable(meminfo: string): number {
	const found = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
	return limit(Number.parseInt(found ?? "", 10) * 1024);
}

function limit(value: number): number {
	return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
}

// A limit of any group above ours counts too. Inside a container ours is the root of what is mounted.
function cgroupFiles(name: string): string[] {
	const own = /^0::(\/.*)$/m.exec(read("/proc/self/cgroup"))?.[1] ?? "/";
	const texts: string[] = [];
	for (let group = own; ; group = dirname(group)) {
		texts.push(read(join("/sys/fs/cgroup", group, name)));
		if (group === "/") return texts;
	}
}

function read(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return ""; // no such limit here
	}
}
