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

/** A file, whatever name it has by now. */
export interface KnownFile {
	/** The path by which it was opened. */
	readonly path: string;
	readonly dev: number;
	readonly ino: number;
	/** Tells it from a later file that was given the number of a removed one; 0 where the file system keeps none. */
	readonly birthtimeMs: number;
}

/** The files of these paths that are there. */
export async function knownFiles(
	paths: readonly string[],
): Promise<KnownFile[]> {
	const found = await Promise.all(
		paths.map((path) =>
			stat(path).then(
				({ dev, ino, birthtimeMs }) => ({ path, dev, ino, birthtimeMs }),
				() => null,
			),
		),
	);
	return found.filter((file) => file !== null);
}

/** The other processes that have any of these files open or locked. Empty where the system doesn't tell. */
export async function findHolders(paths: readonly string[]): Promise<Holder[]> {
	return holdersOf(await knownFiles(paths));
}

/** As `findHolders`, of files that may have been renamed or removed since they were looked at. */
export async function holdersOf(
	files: readonly KnownFile[],
): Promise<Holder[]> {
	if (files.length === 0) return [];
	const pids = new Set([
		...(await lockingPids(files)),
		...(await openingPids(files)),
	]);
	const own = ownPid();
	pids.delete(own);
	const sorted = [...pids].sort((a, b) => a - b);
	const isOurs = await Promise.all(sorted.map((pid) => isPartOf(pid, own)));
	const others = sorted.filter((_, index) => !isOurs[index]);
	return Promise.all(
		others.map(async (pid) => ({ pid, command: await commandOf(pid) })),
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
// file systems (btrfs), so the inode decides, and where we may look, whether the process has that file open.
async function lockingPids(files: readonly KnownFile[]): Promise<number[]> {
	const inodes = new Set(files.map(({ ino }) => String(ino)));
	const table = await readFile("/proc/locks", "utf8").catch(() => "");
	const pids = [...table.matchAll(/ (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /g)]
		.filter(([, , inode]) => inodes.has(inode ?? ""))
		.map(([, pid]) => Number(pid))
		.filter((pid) => pid > 0);
	const open = await Promise.all(pids.map((pid) => hasOpen(pid, null, files)));
	return pids.filter((_, index) => open[index] !== false);
}

async function openingPids(files: readonly KnownFile[]): Promise<number[]> {
	// The path may look different from inside a container, its last part doesn't; then the inode decides.
	const names = new Set(files.map(({ path }) => baseName(path)));
	const entries = await readdir("/proc").catch(() => []);
	const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
	const open = await Promise.all(pids.map((pid) => hasOpen(pid, names, files)));
	return pids.filter((_, index) => open[index]);
}

/**
 * Whether a process has one of these files open; null where we may not know.
 * @param names those by which it may have been opened; null: any
 */
async function hasOpen(
	pid: number,
	names: ReadonlySet<string> | null,
	files: readonly KnownFile[],
): Promise<boolean | null> {
	const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => null);
	if (descriptors === null) return null;
	for (const descriptor of descriptors) {
		const link = `/proc/${pid}/fd/${descriptor}`;
		const target = await readlink(link).catch(() => "");
		const name = baseName(target).replace(/ \(deleted\)$/, "");
		if (names && !names.has(name)) continue;
		const open = await stat(link).catch(() => null);
		if (open && files.some((file) => isSame(file, open))) return true;
	}
	return false;
}

type Identity = Omit<KnownFile, "path">;

function isSame(file: Identity, other: Identity): boolean {
	const born = [file.birthtimeMs, other.birthtimeMs];
	return (
		file.ino === other.ino &&
		file.dev === other.dev &&
		(born[0] === born[1] || born.includes(0))
	);
}

function baseName(path: string): string {
	return path.slice(path.lastIndexOf("/") + 1);
}

// A child that runs our own program has what we have open, for the moment between fork and exec.
async function isPartOf(pid: number, own: number): Promise<boolean> {
	const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
	if (/^PPid:\s+(\d+)$/m.exec(status)?.[1] !== String(own)) return false;
	const [theirs, ours] = await Promise.all(
		[pid, own].map((id) => readlink(`/proc/${id}/exe`).catch(() => "")),
	);
	return theirs === ours;
}

async function commandOf(pid: number): Promise<string> {
	const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
	const command = line.replaceAll("\0", " ").trim();
	return shortened(command, MOST_COMMAND_CHARACTERS);
}
