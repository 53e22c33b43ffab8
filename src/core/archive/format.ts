// Recognises a file by its first bytes, never by its name.

import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { AppError, fileError, isMissing } from "../../ground/errors.ts";
import { ownCommand } from "../../ground/program.ts";
import { isSqlite } from "../library/sqlite-file.ts";

const FORMATS: readonly (readonly [
	name: string,
	offset: number,
	magic: string,
])[] = [
	["a ZIP archive", 0, "PK\x03\x04"],
	["an empty ZIP archive", 0, "PK\x05\x06"],
	["an xz archive", 0, "\xfd7zXZ\0"],
	["a zstd archive", 0, "\x28\xb5\x2f\xfd"],
	["a bzip2 archive", 0, "BZh"],
	["a 7z archive", 0, "7z\xbc\xaf\x27\x1c"],
	["a RAR archive", 0, "Rar!\x1a\x07"],
	["an lz4 archive", 0, "\x04\x22\x4d\x18"],
	["an lzip archive", 0, "LZIP"],
	["a compress (.Z) archive", 0, "\x1f\x9d"],
	["an uncompressed tar archive", 257, "ustar"],
];
const GZIP = [0x1f, 0x8b];
/** So much of a file tells its format. */
export const FORMAT_HEAD_BYTES = 512;

/**
 * An archive's size and times.
 * @throws AppError NOT_FOUND, OPERATION_FAILED
 */
export async function lookAt(path: string): Promise<Stats> {
	return stat(path).catch((cause) => {
		throw cannotOpen(path, cause);
	});
}

/** The error of an archive that is not there, or can't be opened. */
export function cannotOpen(path: string, cause: unknown): AppError {
	return isMissing(cause)
		? new AppError("NOT_FOUND", `no such file: ${path}`, {
				hint: `see what there is: ${ownCommand("backups")}`,
			})
		: fileError(`cannot read ${path}`, cause);
}

/** @throws AppError INVALID_ARCHIVE: a folder, a pipe, … */
export function requireRegularFile(path: string, found: Stats): void {
	if (found.isFile()) return;
	const what = found.isDirectory() ? "a folder" : "not a regular file";
	throw unsupported(path, `this is ${what}`);
}

/**
 * @param head the first FORMAT_HEAD_BYTES of the file, fewer if it is shorter
 * @throws AppError INVALID_ARCHIVE
 */
export function requireGzip(path: string, head: Uint8Array): void {
	if (head[0] === GZIP[0] && head[1] === GZIP[1]) return;
	throw unsupported(path, formatName(head));
}

/** Says what is not a gzip file. */
function formatName(head: Uint8Array): string {
	if (head.byteLength === 0) return "the file is empty";
	if (isSqlite(head)) return "this is a SQLite database, not an archive of one";
	const text = String.fromCharCode(...head.subarray(0, FORMAT_HEAD_BYTES));
	const known = FORMATS.find(([, offset, magic]) =>
		text.startsWith(magic, offset),
	);
	return known ? `this is ${known[0]}` : "this is no archive that vpo knows";
}

function unsupported(path: string, what: string): AppError {
	return new AppError(
		"INVALID_ARCHIVE",
		`archive format not supported: ${what}; vpo backups are .tar.gz: ${path}`,
		{ hint: `see what there is: ${ownCommand("backups")}` },
	);
}
