// The file that config.toml is: bytes of a regular file, reached through no link of another user's, that are text and TOML.

import { constants } from "node:fs";
import { type FileHandle, open, readlink } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError, isMissing, reasonOf } from "../errors.ts";
import { isLink } from "../paths.ts";
import { nearestTrusted, resolveOwnLinks } from "../rights/links.ts";
import { parseToml } from "../toml.ts";
import { formatBytes } from "../units.ts";

const ROOT = 0;
/** As /dev/null has it: major number 1, minor number 3. */
const NULL_DEVICE = 0x103;
const MOST_BYTES = 1024 * 1024;

/**
 * Reads a file as TOML; a missing one is an empty one, unless somebody named it. A link says that there is one: what it leads
 * to may lie on a share that is not mounted.
 * @throws AppError CONFIG_ERROR: unreadable, no text, not TOML, another user's link
 */
export async function readToml(
	path: string,
	isRequired: boolean,
): Promise<Record<string, unknown>> {
	let source: string;
	try {
		source = await readSource(path);
	} catch (cause) {
		if (cause instanceof AppError) throw cause;
		const isDangling = isMissing(cause) && (await isLink(path));
		if (isMissing(cause) && !isRequired && !isDangling) return {};
		const reason = isDangling ? "it is a link to nothing" : reasonOf(cause);
		throw new AppError("CONFIG_ERROR", `cannot read ${path}: ${reason}`, {
			hint: unreadableHint(isRequired, isDangling),
			cause,
		});
	}
	try {
		return parseToml(source);
	} catch (cause) {
		throw wrongConfig(path, (cause as Error).message, cause);
	}
}

function unreadableHint(isNamed: boolean, isDangling: boolean): string {
	if (isDangling) return "mount what it leads to, or remove it";
	return isNamed
		? "correct VPO_CONFIG_PATH, or unset it"
		: "let this user read it, or name another one in VPO_CONFIG_PATH";
}

// Only of a regular file is it known that it begins and ends: a FIFO waits for a writer, /dev/full never stops.
async function readSource(path: string): Promise<string> {
	await using file = await openTrusted(path);
	const found = await file.stat();
	if (found.isCharacterDevice() && found.rdev === NULL_DEVICE) return "";
	if (!found.isFile() && !found.isDirectory()) {
		throw wrongConfig(path, "not a regular file");
	}
	if (found.size > MOST_BYTES) {
		const size = formatBytes(found.size);
		throw wrongConfig(path, `${size} is too much for a config file`);
	}
	const bytes = await file.readFile();
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch (cause) {
		const line = lineOfNoText(bytes);
		throw wrongConfig(path, `not UTF-8 text, line ${line}`, cause);
	}
}

/**
 * Opens it where the links lead that `followLink` lets pass; root minds those of its folders as well. What was opened is
 * asked where it is: a path that was right a moment ago may have been exchanged.
 */
async function openTrusted(path: string): Promise<FileHandle> {
	const { O_RDONLY, O_NONBLOCK, O_NOCTTY, O_NOFOLLOW } = constants;
	if (process.geteuid?.() === ROOT) await nearestTrusted(dirname(path));
	const real = await resolveOwnLinks(path).catch((error) => {
		const { message, hint, cause } = error as AppError;
		throw cause ?? new AppError("CONFIG_ERROR", message, { hint });
	});
	const file = await open(real, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	const opened = await readlink(`/proc/self/fd/${file.fd}`).catch(() => real);
	if ([real, `${real} (deleted)`].includes(opened)) return file;
	await file.close();
	throw wrongConfig(path, "somebody exchanged it while it was opened");
}

function lineOfNoText(bytes: Uint8Array): number {
	const text = new TextDecoder().decode(bytes);
	return text.slice(0, text.indexOf("\ufffd")).split("\n").length;
}

/** An error of the config file, which names it. */
export function wrongConfig(
	path: string,
	what: string,
	cause?: unknown,
): AppError {
	return new AppError("CONFIG_ERROR", `${path}: ${what}`, {
		hint: "correct the file, or name another one in VPO_CONFIG_PATH",
		cause,
	});
}
