// What a path leads to: links, folders that are not there yet, file systems and their free space.

import { readlinkSync } from "node:fs";
import {
	lstat,
	readFile,
	readlink,
	realpath,
	stat,
	statfs,
} from "node:fs/promises";
import { basename, dirname, isAbsolute, resolve } from "node:path";
import {
	AppError,
	errnoOf,
	fileError,
	isMissing,
	isRefusal,
} from "./errors.ts";

/** Whether this is the address of a place elsewhere, "s3://…", and no path. */
export function isAddress(text: string): boolean {
	return /^s3:\/\//i.test(text);
}

/**
 * A path as a person writes it, absolute; the last parts count first, as in `resolve`.
 * @throws AppError NOT_FOUND: it is relative to the working directory, and that was removed; USAGE: it is no text
 */
export function fromHere(...parts: readonly string[]): string {
	if (!parts.some(isAbsolute) && isAdrift()) {
		throw new AppError(
			"NOT_FOUND",
			`the working directory was removed, so nobody knows where this is: ${parts.join("/")}`,
			{ hint: "go to another folder, or write the whole path, from / on" },
		);
	}
	return requireText(resolve(...parts));
}

/** Whether the working directory was removed: Bun then takes the program's own folder for it, the system does not. */
export function isAdrift(): boolean {
	try {
		// Unlike a look at the folder itself this waits for no share.
		const here = readlinkSync("/proc/self/cwd");
		return here.endsWith(" (deleted)") && here !== ownCwd();
	} catch {
		return false; // no /proc: then nobody knows
	}
}

function ownCwd(): string | null {
	try {
		return process.cwd();
	} catch {
		return null; // from source Bun says itself that it is gone
	}
}

/** How the bytes of a name that are no text are shown to us: the same for all, so that nothing has that name. */
const NO_TEXT = "\ufffd";

/** Lets a path pass whose names are text. @throws AppError USAGE: one is not UTF-8 */
export function requireText(path: string): string {
	if (!path.includes(NO_TEXT)) return path;
	throw new AppError("USAGE", `a name in this path is not UTF-8: ${path}`, {
		hint: "rename it: vpo can't write such a name, and would make another",
	});
}

/** Whether a name that can't be found is one that is not UTF-8. */
export function isNoText(name: string): boolean {
	return name.includes(NO_TEXT);
}

/** A file's size in bytes. */
export async function fileSize(path: string): Promise<number> {
	try {
		return (await stat(path)).size;
	} catch (cause) {
		throw fileError(`cannot look at ${path}`, cause);
	}
}

/** Whether anything has this name, a dangling link included. */
export async function exists(path: string): Promise<boolean> {
	try {
		await lstat(path);
		return true;
	} catch (cause) {
		if (isMissing(cause)) return false;
		throw fileError(`cannot look at ${path}`, cause);
	}
}

/** Whether something can be found here, links followed. */
export async function isFound(path: string): Promise<boolean> {
	return stat(path).then(
		() => true,
		() => false,
	);
}

/** Whether this is a symbolic link, wherever it leads. */
export async function isLink(path: string): Promise<boolean> {
	return lstat(path).then(
		(found) => found.isSymbolicLink(),
		() => false,
	);
}

/** Whether something is mounted on this very path, as containers do with single files (proc(5), mountinfo). */
export async function isMountPoint(path: string): Promise<boolean> {
	const table = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
	return table.split("\n").some((line) => {
		const point = line.split(" ")[4] ?? "";
		const octal = (_: string, digits: string) =>
			String.fromCharCode(Number.parseInt(digits, 8));
		return point.replaceAll(/\\([0-7]{3})/g, octal) === path;
	});
}

/** Follows links to where a file is or would be made; a dangling link too. */
export async function resolveLinks(path: string): Promise<string> {
	for (let current = path, hops = 0; ; hops++) {
		try {
			return requireText(await realpath(current));
		} catch (cause) {
			if (errnoOf(cause) !== "ENOENT" || hops > 40) {
				throw fileError(`cannot follow ${path}`, cause);
			}
		}
		const target = await readlink(current).catch(() => null);
		if (target === null) return current;
		current = requireText(resolve(dirname(current), target));
	}
}

/** Whether two paths lead to one file, through links of either kind; one that is not there yet is what it would be called. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
	const [one, other] = await Promise.all(
		[a, b].map((path) => stat(path).catch(() => null)),
	);
	if (one && other) return one.dev === other.dev && one.ino === other.ino;
	if (resolve(a) === resolve(b)) return true;
	if (basename(a) !== basename(b) || dirname(a) === a) return false;
	return isSameFile(dirname(a), dirname(b));
}

/** The folder itself, or the nearest one above it that is there. */
export async function nearestFolder(path: string): Promise<string> {
	for (let current = path; ; current = dirname(current)) {
		const found = await stat(current).catch((cause) => {
			if (isMissing(cause)) return null;
			throw fileError(`cannot look at ${current}`, cause);
		});
		if (found?.isDirectory()) return current;
		if (current === dirname(current)) return current;
	}
}

/**
 * What is free for us on the file system of a folder that need not exist yet, null where it does not tell, and which
 * file system that is.
 */
export async function freeSpace(
	path: string,
): Promise<{ freeBytes: number | null; device: number }> {
	const folder = await nearestFolder(path);
	try {
		const { dev: device } = await stat(folder);
		return { freeBytes: await freeBytesOf(folder), device };
	} catch (cause) {
		throw fileError(`cannot measure the free space of ${folder}`, cause);
	}
}

async function freeBytesOf(folder: string): Promise<number | null> {
	try {
		// `bavail` counts fragments; the block size is what is best to read at once, on some shares 256 times as much.
		const { blocks, bavail, frsize, bsize } = await statfs(folder);
		return blocks === 0 ? null : bavail * (frsize || bsize);
	} catch (cause) {
		if (isRefusal(cause)) return null;
		throw cause;
	}
}
