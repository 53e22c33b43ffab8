// Symbolic links may be another user's way to what he has no rights to: which of them are followed with ours.

import { lstat, readlink, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError, fileError, isMissing } from "../errors.ts";
import { resolveLinks } from "../paths.ts";

const ROOT = 0;
const MOST_LINKS = 40;

/**
 * Follows links to where a file is or would be made, as `resolveLinks` does, but for those that `followLink` refuses.
 * @throws AppError OPERATION_FAILED
 */
export async function resolveOwnLinks(path: string): Promise<string> {
	let current: string | null = path;
	for (let links = 0; current !== null && links < MOST_LINKS; links++) {
		current = await followLink(current).catch((cause) => {
			if (isMissing(cause)) return null;
			throw fileError(`cannot follow ${path}`, cause);
		});
	}
	return resolveLinks(path);
}

/**
 * The folder, or the nearest above it that is there, reached through no link that root must not follow.
 * @throws AppError OPERATION_FAILED
 */
export async function nearestTrusted(folder: string): Promise<string> {
	let found = "/";
	const parts = folder.split("/").filter(Boolean);
	for (let links = 0; parts.length > 0; ) {
		const next = join(found, parts.shift() ?? "");
		try {
			const target = await followLink(next);
			if (target === null) {
				if (!(await stat(next)).isDirectory()) return found;
				found = next;
				continue;
			}
			if (++links > MOST_LINKS) return found;
			parts.unshift(...target.split("/").filter(Boolean));
			found = "/";
		} catch (cause) {
			if (isMissing(cause)) return found;
			throw fileError(`cannot look at ${next}`, cause);
		}
	}
	return found;
}

/**
 * Lets a link pass that belongs to root, to us, or to the owner of what it leads to.
 * @returns where it leads, or null: it is no link
 * @throws AppError OPERATION_FAILED: it is another's; a system error
 */
export async function followLink(path: string): Promise<string | null> {
	const link = await lstat(path);
	if (!link.isSymbolicLink()) return null;
	const target = resolve(dirname(path), await readlink(path));
	const trusted = [ROOT, process.geteuid?.(), await ownerOf(target)];
	if (trusted.includes(link.uid)) return target;
	throw new AppError(
		"OPERATION_FAILED",
		`the link ${path} belongs to another user (uid ${link.uid}) than what it leads to: ${target}`,
		{ hint: "name what it leads to instead, or have its owner make the link" },
	);
}

/** Of what is there or, where nothing is, of the folder in which it would be made. */
async function ownerOf(path: string): Promise<number> {
	for (let current = path; ; current = dirname(current)) {
		try {
			return (await lstat(current)).uid;
		} catch (cause) {
			if (!isMissing(cause) || current === "/") throw cause;
		}
	}
}
