// A process's name, which tells others on this machine whether it has ended: its number, its start, and where that counts.

import { readFileSync, readlinkSync } from "node:fs";
import { errnoOf } from "./errors.ts";

/**
 * Our number in this /proc, by which others find us there. In a PID namespace that kept the /proc of the one outside it
 * is another than process.pid.
 */
export function ownPid(): number {
	const shown = quietly(() => readlinkSync("/proc/self"));
	return Number(shown) || process.pid;
}

/** Names this process; unique to it as long as the machine runs. */
export function ownName(): string {
	return `${ownPid()}-${startTime("self")}-${ownRealm()}`;
}

/** Whether the process of this name has ended; null if it ran on another machine or in another container, or is not shown to us. */
export function isOwnerGone(owner: string): boolean | null {
	const [pid = "", startedAt = "", realm] = owner.split("-");
	if (!/^\d+$/.test(pid) || !/^\d+$/.test(startedAt)) return null; // a name from the disk
	if (realm !== ownRealm() || isHidden(Number(pid))) return null;
	return startTime(pid) !== startedAt;
}

// A /proc that is mounted with hidepid keeps other users' processes from us.
function isHidden(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return false;
	} catch (error) {
		const isOthers = errnoOf(error) === "EPERM";
		return (
			isOthers &&
			quietly(() => readFileSync(`/proc/${pid}/stat`, "utf8")) === ""
		);
	}
}

/** Names this machine from its start to its end: 8 hexadecimal digits. */
export function ownMachine(): string {
	return digits(
		quietly(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
	);
}

// Where a process number means something: this machine, and on it a PID namespace.
function ownRealm(): string {
	const namespace = quietly(() => readlinkSync("/proc/self/ns/pid"));
	return ownMachine() + digits(namespace);
}

function digits(text: string): string {
	return Bun.hash.crc32(text).toString(16).padStart(8, "0");
}

/** A process's start in clock ticks since boot (fields 3 and 22 of /proc/PID/stat); "" where it is gone, if only as a zombie. */
function startTime(pid: string): string {
	const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
	// The command in field 2 may hold spaces and brackets.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return "ZX".includes(fields[0] ?? "") ? "" : (fields[19] ?? "");
}

function quietly(read: () => string): string {
	try {
		return read();
	} catch {
		return ""; // gone, or not shown to us
	}
}
