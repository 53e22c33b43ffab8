// Hostile and damaged SQLite files in archives that are right in everything else. Nothing in them is trusted or run.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AppError } from "../../src/ground/errors.ts";
import {
	type Bytes,
	concat,
	type Json,
	makeLibrary,
	ownArchive,
	ownMetadata,
	rewriteLibrary,
	vpoArchive,
	vpoMetadata,
} from "../helpers/hostile.ts";
import { Home } from "../helpers/program.ts";
import { Target } from "../helpers/refusal.ts";

const PAGE_BYTES = 512;
const INDEXED = [
	"CREATE INDEX by_path ON files (path)",
	"CREATE TABLE other (a INTEGER PRIMARY KEY, b TEXT)",
	"INSERT INTO other VALUES (1, 'x'), (2, 'y')",
];

let target: Target;
beforeAll(() => {
	target = new Target();
});
afterAll(() => target[Symbol.dispose]());

/** A new library by this SQL, then rewritten by that of Python's SQLite. */
function make(sql: readonly string[], rewrite = ""): Bytes {
	using home = new Home(null);
	const library = makeLibrary(home.path, { sql });
	return rewrite ? rewriteLibrary(home.path, library, rewrite) : library;
}

function inOwnArchive(library: Bytes, facts: Json = {}): Bytes {
	return ownArchive(library, ownMetadata(library, facts));
}

const library = make(INDEXED);
const pageCount = library.byteLength / PAGE_BYTES;

/** The library with some bytes overwritten. */
function patch(offset: number, ...bytes: readonly number[]): Bytes {
	const copy = library.slice();
	copy.set(bytes, offset);
	return copy;
}

// https://www.sqlite.org/fileformat2.html#the_database_header
describe.each([
	["another magic", patch(0, 0x73), /not a SQLite database/],
	["only a header", library.slice(0, 100), /impossible size/],
	["nothing", new Uint8Array(0), /not a SQLite database/],
	["half a page more", concat(library, new Uint8Array(256)), /impossible size/],
	[
		"a page missing",
		library.slice(0, -PAGE_BYTES),
		/another size than its own header/,
	],
	[
		"a page too many",
		concat(library, new Uint8Array(PAGE_BYTES)),
		/another size than its own header/,
	],
	["pages of 0 bytes", patch(16, 0, 0), /impossible size/],
	["pages of 256 bytes", patch(16, 1, 0), /impossible size/],
	["pages of 513 bytes", patch(16, 2, 1), /impossible size/],
	["pages of 1024 bytes", patch(16, 4, 0), /size/],
	["pages of 64 KiB", patch(16, 0, 1), /size/],
	["the write version 3", patch(18, 3), /version/],
	["the write version 0", patch(18, 0), /version/],
	["the read version 3", patch(19, 3), /version/],
	["the read version 0", patch(19, 0), /version/],
	["255 reserved bytes", patch(20, 255), /damaged|not a/],
	["another payload fraction", patch(21, 63), /damaged/],
	[
		"4 billion pages",
		patch(28, 255, 255, 255, 255),
		/another size than its own header/,
	],
	[
		"a page fewer than it has",
		patch(28, 0, 0, 0, pageCount - 1),
		/another size than its own header/,
	],
	[
		"a page more than it has",
		patch(28, 0, 0, 0, pageCount + 1),
		/another size than its own header/,
	],
	["a free list behind its end", patch(32, 0, 0, 1, 0, 0, 0, 0, 1), /damaged/],
	["a free list in the schema", patch(32, 0, 0, 0, 1, 0, 0, 0, 1), /damaged/],
	["free pages without a list", patch(36, 0, 0, 0, 7), /damaged/],
	["a schema of format 9", patch(44, 0, 0, 0, 9), /not a VPO library/],
	["the text encoding 4", patch(56, 0, 0, 0, 4), /version/],
])("a library with %s", (_, bytes, says) => {
	test("is refused", async () => {
		const archive = inOwnArchive(bytes);
		await target.expectRefused({ archive, says });
	});
});

describe("pages", () => {
	const pages = Array.from({ length: pageCount }, (_, index) => index);
	const fills: readonly (readonly [what: string, byte: number])[] = [
		["zeros", 0],
		["ones", 255],
		["leaf table pages", 13],
	];
	test.each(fills)("full of %s are refused, any of them", async (_, byte) => {
		for (const page of pages) {
			const bytes = library.slice();
			const start = page === 0 ? 100 : page * PAGE_BYTES;
			bytes.fill(byte, start, (page + 1) * PAGE_BYTES);
			await target.expectRefused({
				archive: inOwnArchive(bytes),
				says: /damaged|not a VPO library/,
			});
		}
	});

	test("with any single byte changed are refused, or hold a sound library with the same facts", async () => {
		let refused = 0;
		for (let at = 100; at < library.byteLength; at += 17) {
			const archive = inOwnArchive(patch(at, (library[at] ?? 0) ^ 0xff));
			const failure = await target.failureOf(archive);
			if (failure === null) continue;
			refused++;
			expect({ at, failure }).toMatchObject({
				failure: { code: "INVALID_ARCHIVE" },
			});
			expect(failure).toBeInstanceOf(AppError);
		}
		// Most of so small a file is free space.
		expect(refused).toBeGreaterThan(20);
	}, 30_000);
});

const SCHEMA = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET ";
const ROOT_OF_OTHER =
	"(SELECT rootpage FROM sqlite_schema WHERE name = 'other')";
const ENDLESS =
	"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS size_bytes FROM n";

describe.each([
	{
		what: "an index that lacks a row, which quick_check misses",
		rewrite: `${SCHEMA}sql = 'CREATE INDEX by_path ON files (size_bytes)' WHERE name = 'by_path'`,
		says: /index by_path/,
	},
	{
		what: "two tables on one page",
		rewrite: `${SCHEMA}rootpage = ${ROOT_OF_OTHER} WHERE name = 'files'`,
		says: /damaged/,
	},
	{
		what: "a table behind its end",
		rewrite: `${SCHEMA}rootpage = 99999 WHERE name = 'files'`,
		says: /damaged/,
	},
	{
		what: "a table in the schema's page",
		rewrite: `${SCHEMA}rootpage = 1 WHERE name = 'other'`,
		says: /damaged/,
	},
	{
		what: "a table of no SQL",
		rewrite: `${SCHEMA}sql = 'CREATE TABLE files (' WHERE name = 'files'`,
		says: /damaged/,
	},
	{
		what: "a table whose SQL is another statement",
		rewrite: `${SCHEMA}sql = 'DROP TABLE _meta' WHERE name = 'files'`,
		says: /damaged/,
	},
	{
		what: "a row that breaks NOT NULL",
		rewrite: `${SCHEMA}sql = 'CREATE TABLE other (a INTEGER PRIMARY KEY, b TEXT NOT NULL)' WHERE name = 'other'; INSERT INTO other VALUES (3, NULL)`,
		says: /NULL value in other.b/,
	},
	{
		what: "a view in the place of the files",
		rewrite: `DROP TABLE files; CREATE VIEW files AS SELECT 1000 AS size_bytes UNION ALL SELECT 500`,
		says: /no VPO tables/,
	},
	{
		what: "a view without an end in the place of the files",
		rewrite: `DROP TABLE files; CREATE VIEW files AS ${ENDLESS}`,
		says: /no VPO tables/,
	},
	{
		what: "a view without an end that says it is a table",
		rewrite: `DROP TABLE files; CREATE VIEW files AS ${ENDLESS}; ${SCHEMA}type = 'table', rootpage = ${ROOT_OF_OTHER} WHERE name = 'files'`,
		says: /damaged/,
	},
	{
		what: "a view in the place of the metadata table",
		rewrite:
			"DROP TABLE _meta; CREATE VIEW _meta AS SELECT 'schema_version' AS key, '27' AS value",
		says: /no VPO tables/,
	},
	{
		what: "a virtual table in the place of the files",
		rewrite:
			"DROP TABLE files; CREATE VIRTUAL TABLE files USING fts5 (path, size_bytes)",
		says: /no VPO tables/,
	},
	{
		what: "a virtual table in the place of the files that says it has a page",
		rewrite: `DROP TABLE files; CREATE VIRTUAL TABLE files USING fts5 (path, size_bytes); ${SCHEMA}rootpage = ${ROOT_OF_OTHER} WHERE name = 'files'`,
		says: /files has a page, and is no table of rows/,
	},
	{
		what: "a virtual table beside the files that says it has a page, so that no VACUUM would work any more",
		rewrite: `CREATE VIRTUAL TABLE found USING fts5 (path); ${SCHEMA}rootpage = ${ROOT_OF_OTHER} WHERE name = 'found'`,
		says: /found has a page, and is no table of rows/,
	},
	{
		what: "a virtual table with a page, made in words that SQLite does not write",
		rewrite: `CREATE VIRTUAL TABLE found USING fts5 (path); ${SCHEMA}rootpage = ${ROOT_OF_OTHER}, sql = 'CREATE/**/VIRTUAL TABLE found USING fts5 (path)' WHERE name = 'found'`,
		says: /found has a page, and is no table of rows/,
	},
	{
		what: "a virtual table of a module that does not exist",
		rewrite: `${SCHEMA}sql = 'CREATE VIRTUAL TABLE files USING evil (size_bytes)', rootpage = 0 WHERE name = 'files'`,
		says: /damaged|no VPO tables/,
	},
	{
		what: "no files table",
		rewrite: "DROP TABLE files",
		says: /no VPO tables/,
	},
	{
		what: "no metadata table",
		rewrite: "DROP TABLE _meta",
		says: /no VPO tables/,
	},
	{
		what: "nothing of VPO's: another program's database",
		rewrite:
			"DROP TABLE _meta; DROP TABLE files; CREATE TABLE moz_places (id INTEGER PRIMARY KEY)",
		says: /no VPO tables/,
	},
	{
		what: "files without a size",
		rewrite: "ALTER TABLE files DROP COLUMN size_bytes",
		says: /not a VPO library/,
	},
	{
		what: "a metadata table of other columns",
		rewrite: "ALTER TABLE _meta RENAME COLUMN value TO other",
		says: /not a VPO library/,
	},
	...[
		"DELETE FROM _meta",
		...["''", "'x'", "'-1'", "' 27'", "'27; DROP TABLE files'", "27.5"].map(
			(value) => `UPDATE _meta SET value = ${value}`,
		),
		"UPDATE _meta SET value = '99999999999'",
		"UPDATE _meta SET value = x'1b5b316d'",
		"UPDATE _meta SET value = '２７'",
	].map((rewrite) => ({
		what: `no schema version: ${rewrite}`,
		rewrite,
		says: /no valid schema version/,
	})),
	{
		what: "rows that break a CHECK",
		rewrite: `${SCHEMA}sql = 'CREATE TABLE other (a INTEGER PRIMARY KEY, b TEXT CHECK (b > ''z''))' WHERE name = 'other'`,
		says: /CHECK constraint failed in other/,
	},
	{
		what: "a CHECK that would load code",
		rewrite: `${SCHEMA}sql = 'CREATE TABLE other (a INTEGER PRIMARY KEY, b TEXT CHECK (load_extension(b) IS NULL))' WHERE name = 'other'`,
		says: /unsafe use of load_extension/,
	},
	{
		what: "a broken index whose name is long and of escape codes",
		rewrite: `CREATE INDEX "\x1b[31m\n${"x".repeat(2000)}" ON other (b); ${SCHEMA}sql = replace(sql, '(b)', '(a)') WHERE name LIKE '%xxx'`,
		says: /damaged/,
	},
])("a library with $what", ({ rewrite, says }) => {
	test("is refused", async () => {
		const hostile = make(INDEXED, rewrite);
		await target.expectRefused({ archive: inOwnArchive(hostile), says });
		const vpo = vpoArchive(hostile, vpoMetadata(hostile));
		await target.expectRefused({ archive: vpo, says });
	});
});

test("the program refuses a hostile database in one harmless line", async () => {
	const name = `\x1b[31m\u009b2J\n${"x".repeat(2000)}`;
	const hostile = make(
		INDEXED,
		`CREATE INDEX "${name}" ON other (b); ${SCHEMA}sql = replace(sql, '(b)', '(a)') WHERE name LIKE '%xxx'`,
	);
	const path = target.write(inOwnArchive(hostile));
	await target.expectProgramRefuses(path, /library.db is damaged/);
});

describe.each([
	{
		what: "triggers on everything",
		sql: [
			"CREATE TABLE log (what TEXT)",
			...["INSERT", "UPDATE", "DELETE"].flatMap((event) =>
				["files", "_meta"].map(
					(table) =>
						`CREATE TRIGGER ${event}_${table} AFTER ${event} ON ${table} BEGIN INSERT INTO log VALUES ('run'); END`,
				),
			),
		],
	},
	{
		what: "views that never end",
		sql: [`CREATE VIEW endless AS ${ENDLESS}`],
	},
	{
		what: "views of functions that no library may call",
		sql: ["CREATE VIEW evil AS SELECT load_extension('/tmp/evil.so')"],
	},
	{
		what: "generated columns and indexes on expressions",
		sql: [
			"ALTER TABLE files ADD COLUMN doubled AS (size_bytes * 2)",
			"CREATE INDEX by_double ON files (doubled) WHERE size_bytes > 600",
			"CREATE INDEX by_expression ON files (lower(path))",
		],
	},
	{
		what: "a full-text index kept by triggers",
		sql: [
			"CREATE VIRTUAL TABLE found USING fts5 (path, content=files)",
			"CREATE TRIGGER keep AFTER INSERT ON files BEGIN INSERT INTO found (rowid, path) VALUES (new.id, new.path); END",
			"INSERT INTO found (found) VALUES ('rebuild')",
		],
	},
	{
		what: "the settings of another user",
		sql: ["PRAGMA user_version = 7", "PRAGMA application_id = 9"],
	},
])("a library with $what", ({ sql }) => {
	test("comes back byte by byte, and nothing in it was run", async () => {
		const bytes = make(sql);
		const { warnings } = await target.expectAccepted(
			inOwnArchive(bytes),
			bytes,
		);
		expect(warnings).toEqual([]);
	});
});

test("rows that refer to nothing are a warning", async () => {
	const bytes = make([
		"CREATE TABLE tracks (file_id INTEGER REFERENCES files (id))",
		"PRAGMA foreign_keys = OFF",
		"INSERT INTO tracks VALUES (99)",
	]);
	const { warnings } = await target.expectAccepted(inOwnArchive(bytes), bytes);
	expect(warnings).toEqual([
		"1 row refers to rows that do not exist (foreign keys)",
	]);
});
