// The live library, seen from the main thread: found, described, locked, snapshotted. Reading never changes it.

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import {
	AppError,
	fileError,
	isMissing,
	shortened,
} from "../../ground/errors.ts";
import { readHead } from "../../ground/files.ts";
import { exists } from "../../ground/paths.ts";
import { ownCommand } from "../../ground/program.ts";
import { findHolders, formatHolders } from "./processes.ts";
import { isSqlite } from "./sqlite-file.ts";

export type {
	LibraryFacts,
	LibraryHead,
	Survey,
} from "./facts.ts";

/** How long to wait for whoever has locked a library. */
export interface LockOptions {
	readonly lockTimeoutMs: number;
	readonly signal?: AbortSignal | undefined;
}

/** The newest schema version that this program knows. */
export const NEWEST_SCHEMA = 27;

/** SQLite's MAX_PATHNAME of 512 without "-journal". */
const MOST_PATH_BYTES = 504;

/** What SQLite may keep beside a library. */
const SIDECARS = ["-wal", "-shm", "-journal"];

/** The paths of what SQLite may keep beside a library: -wal, -shm, -journal. */
export function sidecars(path: string): string[] {
	return SIDECARS.map((suffix) => path + suffix);
}

/** The path of the database beside which SQLite would take this file for one of its own; null: none. */
export function sidecarOwner(path: string): string | null {
	const suffix = SIDECARS.find((end) => path.endsWith(end));
	return suffix === undefined ? null : path.slice(0, -suffix.length);
}

/** The processes that have a library open, idle ones too, in words; null if there is none that the system shows. */
export async function findUsers(path: string): Promise<string | null> {
	const holders = await findHolders([path, ...sidecars(path)]);
	return holders.length === 0 ? null : formatHolders(holders);
}

/** @throws AppError DATABASE_LOCKED naming the processes that have the library open, idle ones too */
export async function requireUnused(path: string): Promise<void> {
	const users = await findUsers(path);
	if (users !== null) throw inUse(path, users);
}

/**
 * @throws AppError NOT_FOUND, DATABASE_ERROR: a folder, an empty or a foreign file; OPERATION_FAILED: what is no file stands beside it
 */
export async function requireLibraryFile(path: string): Promise<void> {
	requireShortPath(path);
	const found = await stat(path).catch((cause) => {
		if (isMissing(cause)) {
			throw new AppError("NOT_FOUND", `no library at ${path}`, {
				hint: "name it with --database, VPO_DATABASE_PATH or database_path in config.toml",
				cause,
			});
		}
		throw fileError(`cannot read the library ${path}`, cause);
	});
	const what = found.isDirectory()
		? "it is a folder"
		: !found.isFile()
			? "it is not a regular file"
			: found.size === 0
				? "the file is empty"
				: isSqlite(await readHead(path, 16))
					? null
					: "it is not a SQLite database";
	if (what !== null) {
		throw new AppError(
			"DATABASE_ERROR",
			`not a VPO library: ${path}: ${what}`,
			{
				hint: `existing backups are untouched: ${ownCommand("backups")}`,
			},
		);
	}
	for (const beside of sidecars(path)) await requireFileOrNothing(beside);
}

/** @throws AppError OPERATION_FAILED: SQLite can't open what has so long a path */
export function requireShortPath(path: string): void {
	const bytes = Buffer.byteLength(path);
	if (bytes <= MOST_PATH_BYTES) return;
	throw new AppError(
		"OPERATION_FAILED",
		`the library's path has ${bytes} bytes, and SQLite opens none of more than ${MOST_PATH_BYTES}: ${path}`,
		{ hint: "VPO can't open it either: give it a shorter path" },
	);
}

// SQLite would wait in a FIFO for ever.
async function requireFileOrNothing(path: string): Promise<void> {
	const found = await stat(path).catch((cause) => {
		if (isMissing(cause)) return null;
		throw fileError(`cannot look at ${path}`, cause);
	});
	if (found === null || found.isFile()) return;
	throw new AppError("OPERATION_FAILED", `not a regular file: ${path}`, {
		hint: "SQLite keeps a file of its own there: see what this is, and remove it",
	});
}

export function isLocked(error: unknown): boolean {
	return error instanceof AppError && error.code === "DATABASE_LOCKED";
}

/** What to do about a lock that was waited for. */
export const WAIT_LONGER =
	"it holds a lock: try again later, or wait longer with --lock-timeout";

export async function lockedError(
	path: string,
	hint?: string,
): Promise<AppError> {
	return inUse(path, await findUsers(path), hint);
}

/** @param users in words, or null where the system doesn't tell */
export function inUse(
	path: string,
	users: string | null,
	hint = "stop it first, then try again",
): AppError {
	const who = users === null ? "in use by another process" : `open in ${users}`;
	return new AppError(
		"DATABASE_LOCKED",
		`the library ${basename(path)} is ${who}: ${path}`,
		{ hint },
	);
}

const MOST_FINDINGS_LENGTH = 500;

/** @param damage what SQLite found */
export function damagedError(path: string, damage: string): AppError {
	return new AppError(
		"DATABASE_ERROR",
		`the library is damaged: ${path}: ${shortened(damage, MOST_FINDINGS_LENGTH)}`,
		{ isDamage: true },
	);
}

export async function isWritable(path: string): Promise<boolean> {
	return access(path, constants.W_OK).then(
		() => true,
		() => false,
	);
}

/** Whether a -wal lies beside the library, as it does whenever somebody has one in WAL mode open. */
export function hasWal(path: string): Promise<boolean> {
	return exists(`${path}-wal`);
}

/**
 * What changes as soon as somebody writes a library in WAL mode that nobody has open; null for all others. Such a one
 * can be read without locks, and without making a -wal and a -shm for that.
 */
export async function closedState(path: string): Promise<string | null> {
	if (!(await isWalMode(path)) || (await hasWal(path))) return null;
	return writtenState(path);
}

/** What changes as soon as somebody writes this file itself. */
export async function writtenState(path: string): Promise<string> {
	const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
	return [ino, size, mtimeNs, ctimeNs].join(" ");
}

export async function canWrite(path: string): Promise<boolean> {
	return (await isWritable(path)) && (await isWritable(dirname(path)));
}

/**
 * Whether the header says WAL. It is the read version by which SQLite decides that, before it looks at anything else
 * (https://www.sqlite.org/fileformat2.html#file_format_version_numbers).
 */
export async function isWalMode(path: string): Promise<boolean> {
	return (await readHead(path, 20))[19] === 2;
}
