// Recognises a file by its first bytes, never by its name.

import { stat } from "node:fs/promises";
import { AppError, errnoOf, fileError } from "../errors.ts";
import { readHead } from "../files.ts";
import { isSqlite } from "./sqlite-file.ts";

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
const GZIP = "\x1f\x8b";
const HEAD_BYTES = 512;

/**
 * Lets gzip files pass.
 * @throws AppError INVALID_ARCHIVE: anything else, by its name; NOT_FOUND: no such file
 */
export async function requireSupportedFormat(path: string): Promise<void> {
	const found = await stat(path).catch((cause) => {
		if (["ENOENT", "ENOTDIR"].includes(errnoOf(cause))) {
			throw new AppError("NOT_FOUND", `no such file: ${path}`, {
				hint: "see what there is: vpo library backups",
			});
		}
		throw fileError(`cannot read ${path}`, cause);
	});
	if (!found.isFile()) {
		const what = found.isDirectory() ? "a folder" : "not a regular file";
		throw unsupported(path, `this is ${what}`);
	}
	const name = formatName(await readHead(path, HEAD_BYTES));
	if (name !== null) throw unsupported(path, name);
}

/** Says what is not a gzip file, or null. */
function formatName(head: Uint8Array): string | null {
	if (head.byteLength === 0) return "the file is empty";
	const text = String.fromCharCode(...head);
	if (text.startsWith(GZIP)) return null;
	if (isSqlite(head)) return "this is a SQLite database, not an archive of one";
	const known = FORMATS.find(([, offset, magic]) =>
		text.startsWith(magic, offset),
	);
	return known ? `this is ${known[0]}` : "this is no archive that vpo knows";
}

function unsupported(path: string, what: string): AppError {
	return new AppError(
		"INVALID_ARCHIVE",
		`archive format not supported: ${what}; vpo backups are .tar.gz: ${path}`,
		{ hint: "see what there is: vpo library backups" },
	);
}
