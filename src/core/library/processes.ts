// Which processes have a file open, as far as Linux shows them to us: /proc/PID/fd and /proc/locks.

import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { shortened } from "../../ground/errors.ts";
import { ownPid } from "../../ground/owner.ts";

/** A process that has a file open or locked. */
export interface Holder {
	readonly pid: number;
	/** Its command line, shortened; "" where it can't be read. */
	readonly command: string;
}

const MOST_COMMAND_CHARACTERS = 60;

/** The other processes that have any of these files open or locked. Empty where the system doesn't tell. */
export async function findHolders(paths: readonly string[]): Promise<Holder[]> {
	const found = await Promise.all(
		paths.map((path) => stat(path).catch(() => null)),
	);
	const files = found.filter((file) => file !== null);
	if (files.length === 0) return [];
	const inodes = new Set(files.map(({ ino }) => String(ino)));
	const pids = new Set([
		...(await lockingPids(inodes)),
		...(await openingPids(new Set(paths), files)),
	]);
	pids.delete(ownPid());
	const sorted = [...pids].sort((a, b) => a - b);
	return Promise.all(
		sorted.map(async (pid) => ({ pid, command: await commandOf(pid) })),
	);
}

/** "vpo serve (pid 123), sqlite3 (pid 456)" */
export function formatHolders(holders: readonly Holder[]): string {
	return holders
		.map(({ pid, command }) => {
			const line = command.replaceAll(/\s+/g, " ").trim();
			return `${line || "a process"} (pid ${pid})`;
		})
		.join(", ");
}

// "1: POSIX  ADVISORY  WRITE 123 08:01:4567 0 EOF": the device numbers differ between kernel and stat on some
// file systems (btrfs), so the inode decides; a false alarm needs an equal inode number, locked, on another device.
async function lockingPids(inodes: ReadonlySet<string>): Promise<number[]> {
	const table = await readFile("/proc/locks", "utf8").catch(() => "");
	return [...table.matchAll(/ (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /g)]
		.filter(([, , inode]) => inodes.has(inode ?? ""))
		.map(([, pid]) => Number(pid))
		.filter((pid) => pid > 0);
}

async function openingPids(
	paths: ReadonlySet<string>,
	files: readonly { readonly dev: number; readonly ino: number }[],
): Promise<number[]> {
	const entries = await readdir("/proc").catch(() => []);
	const pids = entries.filter((name) => /^\d+$/.test(name));
	const opening = await Promise.all(
		pids.map((pid) => hasOpen(pid, paths, files)),
	);
	return pids.filter((_, index) => opening[index]).map(Number);
}

async function hasOpen(
	pid: string,
	paths: ReadonlySet<string>,
	files: readonly { readonly dev: number; readonly ino: number }[],
): Promise<boolean> {
	const names = [...new Set([...paths].map(baseName))];
	const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
	for (const descriptor of descriptors) {
		const link = `/proc/${pid}/fd/${descriptor}`;
		// The path may look different from inside a container, its last part doesn't; then the inode decides.
		const target = await readlink(link).catch(() => "");
		if (!names.includes(baseName(target))) continue;
		const open = await stat(link).catch(() => null);
		if (files.some((file) => file.ino === open?.ino && file.dev === open.dev)) {
			return true;
		}
	}
	return false;
}

function baseName(path: string): string {
	return path.slice(path.lastIndexOf("/") + 1);
}

async function commandOf(pid: number): Promise<string> {
	const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
	const command = line.replaceAll("\0", " ").trim();
	return shortened(command, MOST_COMMAND_CHARACTERS);
}
