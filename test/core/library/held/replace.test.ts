// What a library holds becomes what another one holds: schema, rows, counters, statistics, in one transaction or not at all.

import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replaceContent } from "../../../../src/core/library/held/replace.ts";
import { TURN } from "../../../../src/core/library/held/turn.ts";
import { findObstacle, readShape } from "../../../../src/core/library/shape.ts";
import { connect } from "../../../../src/core/library/sqlite.ts";
import { FIXTURES, Home } from "../../../helpers/program.ts";

let home: Home;
let candidate: string;

beforeEach(() => {
	home = new Home(null);
	candidate = home.at("candidate.db");
});
afterEach(() => home[Symbol.dispose]());

function make(path: string, statements: readonly string[]): void {
	using database = new Database(path, { create: true });
	for (const statement of statements) database.run(statement);
}

function turn(value: number = TURN.free): Int32Array {
	return new Int32Array(new SharedArrayBuffer(4)).fill(value);
}

function replace(path: string, mine = turn()): void {
	using database = connect(path, "write");
	database.run("PRAGMA locking_mode = EXCLUSIVE");
	database.run("BEGIN EXCLUSIVE");
	database.run("COMMIT");
	replaceContent(database, candidate, mine);
}

/** All that a database holds, the rows in their order and with their numbers. */
function dump(path: string): Record<string, unknown> {
	using database = new Database(path, { readonly: true });
	const schema = database
		.query<{ type: string; name: string; sql: string | null }, []>(
			"SELECT type, name, sql FROM sqlite_schema ORDER BY type, name",
		)
		.all();
	const tables = schema.filter(({ type }) => type === "table");
	const rows = tables.map(({ name }) => {
		const table = `"${name.replaceAll('"', '""')}"`;
		try {
			return [
				name,
				database.query(`SELECT rowid, * FROM ${table} ORDER BY rowid`).values(),
			];
		} catch {
			return [name, database.query(`SELECT * FROM ${table}`).values()];
		}
	});
	const pragmas = ["user_version", "application_id", "integrity_check"].map(
		(name) => database.query(`PRAGMA ${name}`).values(),
	);
	return { schema, rows, pragmas };
}

const OLD = [
	"CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT UNIQUE)",
	"CREATE TABLE gone (x, y)",
	"CREATE INDEX gone_x ON gone (x)",
	"CREATE VIEW seen AS SELECT path FROM files",
	"CREATE TRIGGER watch AFTER DELETE ON files BEGIN INSERT INTO gone VALUES (old.id, old.path); END",
	"INSERT INTO files VALUES (1, 'a'), (2, 'b')",
	"CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT)",
	"INSERT INTO counted VALUES (41)",
	"PRAGMA user_version = 7",
	"ANALYZE",
];

const KINDS: Readonly<Record<string, readonly string[]>> = {
	"the same tables with other rows": [
		"CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT UNIQUE)",
		"INSERT INTO files VALUES (3, 'c'), (9, NULL), (4, x'00ff')",
	],
	"rows whose numbers no column shows": [
		"CREATE TABLE notes (text)",
		"INSERT INTO notes (rowid, text) VALUES (5, 'five'), (99, 'x'), (1000000, 'million')",
		"CREATE TABLE hidden (rowid TEXT, text)",
		"INSERT INTO hidden (oid, rowid, text) VALUES (77, 'taken', 'x')",
		"CREATE TABLE computed (a, b AS (a * 2), c AS (a + 1) STORED)",
		"INSERT INTO computed (rowid, a) VALUES (8, 4)",
	],
	counters: [
		"CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, x)",
		"INSERT INTO counted VALUES (500, 'gone'), (3, 'there')",
		"DELETE FROM counted WHERE id = 500",
	],
	"no counters and no statistics": ["CREATE TABLE plain (x)"],
	statistics: [
		"CREATE TABLE t (a, b)",
		"CREATE INDEX t_a ON t (a)",
		"INSERT INTO t VALUES (1, 2), (1, 3), (2, 4)",
		"ANALYZE",
	],
	"generated columns": [
		"CREATE TABLE g (id INTEGER PRIMARY KEY, a INT, b INT GENERATED ALWAYS AS (a + 1) STORED, c TEXT AS (a || 'x') VIRTUAL)",
		"CREATE INDEX g_c ON g (c)",
		"INSERT INTO g (id, a) VALUES (1, 10), (7, 20)",
	],
	"tables without rowids, strict ones, and odd names": [
		"CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID",
		"INSERT INTO w VALUES ('b', 1), ('a', x'01')",
		"CREATE TABLE s (id INTEGER PRIMARY KEY, n INT NOT NULL CHECK (n > 0)) STRICT",
		"INSERT INTO s VALUES (1, 5)",
		`CREATE TABLE "od""d; name" ("se lect" TEXT, '' INT)`,
		`INSERT INTO "od""d; name" VALUES ('x', 1)`,
		"CREATE TABLE [br ackets] (a)",
		"create table if not exists lower (a)",
	],
	"partial and expression indexes": [
		"CREATE TABLE p (a, b)",
		"CREATE INDEX p_part ON p (a) WHERE b IS NOT NULL",
		"CREATE UNIQUE INDEX p_expr ON p (lower(a) DESC, b COLLATE NOCASE)",
		"INSERT INTO p VALUES ('X', 1), ('y', NULL), ('Z', 'q')",
	],
	"views, and triggers that would fire": [
		"CREATE TABLE a (x)",
		"CREATE TABLE log (x)",
		"CREATE TRIGGER a_log AFTER INSERT ON a BEGIN INSERT INTO log VALUES (new.x); END",
		"INSERT INTO a VALUES (1)",
		"DELETE FROM log",
		"CREATE VIEW v AS SELECT * FROM a JOIN log",
		"CREATE TRIGGER v_in INSTEAD OF INSERT ON v BEGIN SELECT 1; END",
		"PRAGMA user_version = 27",
		"PRAGMA application_id = -5",
	],
	"rows that refer to each other in a circle, and to nothing": [
		"CREATE TABLE one (id INTEGER PRIMARY KEY, other INT REFERENCES two (id) ON DELETE CASCADE)",
		"CREATE TABLE two (id INTEGER PRIMARY KEY, other INT REFERENCES one (id))",
		"INSERT INTO one VALUES (1, 2), (5, 99)",
		"INSERT INTO two VALUES (2, 1)",
	],
};

describe.each(["wal", "delete"])(
	"a library in journal mode %s takes over",
	(mode) => {
		test.each(Object.entries(KINDS))("%s", (_, statements) => {
			make(home.library, [`PRAGMA journal_mode = ${mode}`, ...OLD]);
			make(candidate, statements);
			const wanted = dump(candidate);
			replace(home.library);
			const got = dump(home.library);
			// An empty list of counters can't be dropped.
			const isCounter = (name: unknown) => name === "sqlite_sequence";
			const hadCounters = JSON.stringify(wanted).includes("sqlite_sequence");
			if (!hadCounters) {
				got.schema = (got.schema as { name: string }[]).filter(
					({ name }) => !isCounter(name),
				);
				const rows = got.rows as [string, unknown[]][];
				expect(rows.find(([name]) => isCounter(name))?.[1]).toEqual([]);
				got.rows = rows.filter(([name]) => !isCounter(name));
			}
			expect(got).toEqual(wanted);
			using library = new Database(home.library);
			const now = library.query("PRAGMA journal_mode").values()[0]?.[0];
			expect(now).toBe(mode === "wal" ? "wal" : "delete");
		});
	},
);

test.each(["truncate", "persist"])(
	"a library in journal mode %s takes over another's content",
	(mode) => {
		make(home.library, [`PRAGMA journal_mode = ${mode}`, ...OLD]);
		make(candidate, KINDS.statistics ?? []);
		replace(home.library);
		using library = new Database(home.library);
		expect(library.query("SELECT * FROM t").values()).toHaveLength(3);
		expect(library.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
	},
);

test("a real library becomes one of another schema, and comes back", () => {
	cpSync(join(FIXTURES, "library-v27.db"), home.library);
	cpSync(join(FIXTURES, "library-v19.db"), candidate);
	const before = dump(home.library);
	replace(home.library);
	expect(dump(home.library)).toEqual(dump(candidate));
	cpSync(join(FIXTURES, "library-v27.db"), candidate);
	replace(home.library);
	expect(dump(home.library)).toEqual(before);
});

describe("nothing is changed", () => {
	test("when somebody wants to stop", () => {
		make(home.library, OLD);
		make(candidate, ["CREATE TABLE other (x)"]);
		const before = dump(home.library);
		expect(() => replace(home.library, turn(TURN.stop))).toThrow("interrupted");
		expect(dump(home.library)).toEqual(before);
	});

	test("when the candidate can't be read to its end", () => {
		make(home.library, ["PRAGMA journal_mode = WAL", ...OLD]);
		make(candidate, [
			"CREATE TABLE t (x)",
			"WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) INSERT INTO t SELECT hex(zeroblob(500)) FROM n",
		]);
		const bytes = readFileSync(candidate);
		bytes.fill(0x55, bytes.length - 40_000, bytes.length - 20_000);
		writeFileSync(candidate, bytes);
		const before = dump(home.library);
		expect(() => replace(home.library)).toThrow();
		expect(dump(home.library)).toEqual(before);
	});
});

test("once it is being committed, nobody can stop it", () => {
	make(home.library, OLD);
	make(candidate, ["CREATE TABLE other (x)"]);
	const mine = turn();
	replace(home.library, mine);
	expect(Atomics.load(mine, 0)).toBe(TURN.commit);
});

describe("there is nothing to be transacted with", () => {
	const shapeOf = (path: string, statements: readonly string[]) => {
		make(path, statements);
		using database = new Database(path);
		return readShape(database);
	};

	test.each([
		["the page size", ["PRAGMA page_size = 8192"], "another page size"],
		["the encoding", ["PRAGMA encoding = 'UTF-16le'"], "another text encoding"],
		["auto_vacuum", ["PRAGMA auto_vacuum = 2"], "another auto_vacuum mode"],
	])("where %s differs", (_, first, why) => {
		const library = shapeOf(home.library, ["CREATE TABLE t (x)"]);
		const other = shapeOf(candidate, [...first, "CREATE TABLE t (x)"]);
		expect(findObstacle(library, other)).toContain(why);
		expect(findObstacle(other, library)).toContain(why);
		expect(findObstacle(library, library)).toBeNull();
	});

	test("where either has virtual tables", () => {
		const library = shapeOf(home.library, ["CREATE TABLE t (x)"]);
		const other = shapeOf(candidate, ["CREATE VIRTUAL TABLE v USING fts5 (x)"]);
		expect(findObstacle(library, other)).toContain("virtual tables");
		expect(findObstacle(other, library)).toContain("virtual tables");
	});
});
