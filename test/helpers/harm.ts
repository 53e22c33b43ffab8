// Libraries that are damaged, or none at all.

import { Database } from "bun:sqlite";
import {
	closeSync,
	mkdirSync,
	openSync,
	readFileSync,
	rmSync,
	truncateSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { noise } from "./hostile.ts";
import { leaveHotWal } from "./kinds.ts";
import { Peer } from "./peer.ts";

const PAGE_BYTES = 4096;
const TABLE_LEAF = 0x0d;

/** Overwrites one page of rows in the middle of the file with noise. */
export function overwritePage(path: string): void {
	const bytes = readFileSync(path);
	const middle = Math.floor(bytes.byteLength / PAGE_BYTES / 2);
	let page = middle;
	while (bytes[page * PAGE_BYTES] !== TABLE_LEAF) page++;
	const file = openSync(path, "r+");
	writeSync(file, noise(PAGE_BYTES), 0, PAGE_BYTES, page * PAGE_BYTES);
	closeSync(file);
}

/** Changes a row behind the back of its indexes: `quick_check` does not notice, `integrity_check` does. */
export async function breakIndex(path: string): Promise<void> {
	const isIndex = "type = 'index' AND tbl_name = 'files' AND sql IS NOT NULL";
	await using _ = await Peer.holding(path, [
		`CREATE TEMP TABLE indexes AS SELECT * FROM sqlite_schema WHERE ${isIndex}`,
		"PRAGMA writable_schema = ON",
		`DELETE FROM sqlite_schema WHERE ${isIndex}`,
		"PRAGMA writable_schema = RESET",
		"UPDATE files SET directory = 'elsewhere' WHERE id = 7",
		"PRAGMA writable_schema = ON",
		"INSERT INTO sqlite_schema SELECT * FROM indexes",
		"PRAGMA writable_schema = RESET",
		"PRAGMA wal_checkpoint(TRUNCATE)",
	]);
}

/** All behind the magic bytes: 18 and 19 are the versions, by which SQLite knows WAL. */
function overwriteHeader(path: string, bytes: Uint8Array): void {
	const file = openSync(path, "r+");
	writeSync(file, bytes, 0, bytes.byteLength, 16);
	closeSync(file);
}

/** Changes what one page of rows says of its free space: rows are read as before, and a copy no longer tells. */
export function miscountFreeSpace(path: string): void {
	const bytes = readFileSync(path);
	let page = 1;
	while (bytes[page * PAGE_BYTES] !== TABLE_LEAF) page++;
	const fragmented = page * PAGE_BYTES + 7;
	bytes[fragmented] = (bytes[fragmented] ?? 0) ^ 1;
	writeFileSync(path, bytes);
}

/**
 * Makes a database with an index in which ten pages in a row lead to the next one only, each some ten times: more entries
 * than anybody has time for.
 */
export function makeEndless(path: string): void {
	rmSync(path, { force: true });
	using database = new Database(path, { create: true });
	for (const statement of [
		"PRAGMA page_size = 512",
		"CREATE TABLE t (value)",
		"CREATE INDEX i ON t (value)",
		"WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) INSERT INTO t SELECT hex(randomblob(20)) FROM n",
	]) {
		database.run(statement);
	}
	const [root = 0] = database
		.query("SELECT rootpage FROM sqlite_schema WHERE name = 'i'")
		.values()
		.flat() as number[];
	const bytes = readFileSync(path);
	const at = (page: number) => (page - 1) * 512;
	const ofType = (type: number) =>
		Array.from({ length: bytes.length / 512 }, (_, i) => i + 1).filter(
			(page) => bytes[at(page)] === type && page !== root,
		);
	const row = [root, ...ofType(2).slice(0, 10), ...ofType(10).slice(0, 1)];
	for (const [index, page] of row.slice(0, -1).entries()) {
		const start = at(page);
		const next = row[index + 1] ?? 0;
		for (let cell = 0; cell < bytes.readUInt16BE(start + 3); cell++) {
			const pointer = bytes.readUInt16BE(start + 12 + 2 * cell);
			bytes.writeUInt32BE(next, start + pointer);
		}
		bytes.writeUInt32BE(next, start + 8);
	}
	writeFileSync(path, bytes);
}

/** A value that no program with constraints would have written. */
export async function breakConstraint(path: string): Promise<void> {
	await using _ = await Peer.holding(path, [
		"PRAGMA ignore_check_constraints = ON",
		"UPDATE jobs SET status = 'xompleted' WHERE rowid = (SELECT min(rowid) FROM jobs)",
		"PRAGMA wal_checkpoint(TRUNCATE)",
	]);
}

type Harm = (path: string) => Promise<void> | void;

/** What makes a library one that is damaged: its raw files are worth keeping. */
export const DAMAGES: Readonly<Record<string, Harm>> = {
	"an overwritten page in its middle": overwritePage,
	"a broken index": breakIndex,
	"a page that miscounts its free space": miscountFreeSpace,
	"a value that a CHECK constraint forbids": breakConstraint,
	"a lost second half": (path) => {
		truncateSync(path, Math.floor(readFileSync(path).byteLength / 2));
	},
	"a damaged header": (path) => overwriteHeader(path, noise(84)),
	"a damaged header that says WAL": (path) =>
		overwriteHeader(path, noise(84).with(2, 0xc7).with(3, 2)),
	"an overwritten page, and rows in its WAL": async (path) => {
		overwritePage(path);
		await leaveHotWal(path, 50);
	},
};

function replaceBy(content: string | Uint8Array): Harm {
	return (path) => writeFileSync(path, content);
}

function without(table: string): Harm {
	return (path) => {
		const library = new Database(path);
		library.run(`ALTER TABLE ${table} RENAME TO other`);
		library.close(true);
	};
}

/** What stands where a library should, and is none. */
export const FOREIGN: Readonly<Record<string, Harm>> = {
	"another program's SQLite database": (path) => {
		rmSync(path);
		const database = new Database(path);
		database.run("CREATE TABLE bookmarks (url TEXT)");
		database.close(true);
	},
	"a library without _meta": without("_meta"),
	"a library without files": without("files"),
	"a text file": replaceBy("database_path = '/data'\n".repeat(500)),
	"an empty file": replaceBy(""),
	"random bytes": replaceBy(noise(100_000)),
	"a folder": (path) => {
		rmSync(path);
		mkdirSync(path);
	},
};
