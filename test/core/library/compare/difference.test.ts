// What is found to have changed is what an independent comparison finds: by brute force from VPO's own schema, where
// numbers were given out anew, and by sqldiff, where they were not.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { compareLibraries } from "../../../../src/core/library/compare/libraries.ts";
import { SqliteThread } from "../../../../src/core/library/sqlite-thread.ts";
import { byBruteForce } from "../../../helpers/brute-force.ts";
import { FIXTURES, Home } from "../../../helpers/program.ts";
import { succeed } from "../../../helpers/state.ts";

const SEEDS = 25;

const home = new Home(null);
const scratch = home.at("scratch");
const sqlite = new SqliteThread();
beforeAll(() => mkdirSync(scratch));
afterAll(() => {
	sqlite[Symbol.dispose]();
	home[Symbol.dispose]();
});

const options = { lockTimeoutMs: 0 };

function compare(
	old: string,
	fresh: string,
	under: string | null = null,
	table: string | null = null,
) {
	const paths = { old, new: fresh, live: null };
	const list = table === null ? undefined : { table, limit: null };
	return compareLibraries(sqlite, paths, scratch, { ...options, under, list });
}

/** The counts of a table, without the rows that there are. */
async function countsOf(old: string, fresh: string) {
	const { files, tables } = await compare(old, fresh);
	const counts = tables.map(
		({ table, oldRows: _, newRows: __, ...rest }) => [table, rest] as const,
	);
	return { files, tables: Object.fromEntries(counts) };
}

/** Two databases made by these statements. */
function makePair(old: string, fresh: string): [string, string] {
	const make = (sql: string) => {
		const path = home.at(`${crypto.randomUUID()}.db`);
		using database = new Database(path);
		// An encoding can be chosen as long as nothing was written.
		const [first = "", ...rest] = sql.split(/(?<=^PRAGMA [^;]*;)/);
		const all = rest.length > 0 ? rest.join("") : first;
		if (rest.length > 0) database.run(first);
		database.run(`BEGIN; ${all}; COMMIT`);
		return path;
	};
	return [make(old), make(fresh)];
}

describe("equals what brute force finds", () => {
	let expected: Record<string, object>;
	beforeAll(() => {
		mkdirSync(home.at("pairs"));
		const library = join(FIXTURES, "library-v27.db");
		const seeds = ["1", String(SEEDS)];
		expected = byBruteForce("make", library, home.at("pairs"), ...seeds);
	}, 60_000);

	test("in libraries that lived on at random, with files renamed, rescanned and renumbered", async () => {
		for (const [seed, found] of Object.entries(expected)) {
			const path = (side: string) => home.at("pairs", `${seed}.${side}.db`);
			const counts = await countsOf(path("old"), path("new"));
			expect({ seed, ...counts } as object).toEqual({ seed, ...found });
		}
		expect(Object.keys(expected)).toHaveLength(SEEDS);
	}, 60_000);

	test("and below one folder, or of one file, what is left if all else is deleted", async () => {
		for (const seed of Object.keys(expected).slice(0, 4)) {
			for (const under of ["/mnt/media/New (1%_)", "/mnt/media/TV"]) {
				const path = (side: string) => home.at("pairs", `${seed}.${side}.db`);
				const { files, tables } = await compare(
					path("old"),
					path("new"),
					under,
				);
				const only = ["old", "new"].map((side) => {
					const copy = home.at(`${seed}.${side}.only.db`);
					cpSync(path(side), copy);
					using database = new Database(copy);
					database.run("PRAGMA foreign_keys = ON");
					database.run("DELETE FROM plans WHERE file_id IS NULL");
					database.run("DELETE FROM jobs WHERE file_id IS NULL");
					for (const { table } of tables) {
						database.run(
							`DELETE FROM ${table} WHERE ${table === "files" ? "substr(path, 1, ?) <> ?" : "? < 0 AND ? = 0"}`,
							[under.length + 1, `${under}/`],
						);
					}
					database.run("DELETE FROM plans WHERE file_id IS NULL");
					return copy;
				});
				const alone = await compare(only[0] ?? "", only[1] ?? "");
				const names = tables.map(({ table }) => table);
				expect(files).toEqual(alone.files);
				expect(tables).toEqual(
					alone.tables.filter(({ table }) => names.includes(table)),
				);
			}
		}
	}, 60_000);
});

describe("equals what sqldiff finds", () => {
	const CHANGES = {
		"rows of every kind": (library: Database) => {
			library.run("DELETE FROM files WHERE id % 7 = 0");
			library.run("UPDATE files SET size_bytes = 1 WHERE id % 11 = 0");
			library.run("UPDATE tracks SET title = NULL WHERE id % 5 = 0");
			library.run("UPDATE tracks SET codec = x'00ff' WHERE id % 13 = 0");
			library.run(
				"UPDATE tracks SET language = CAST(x'ff' AS TEXT) WHERE id % 17 = 0",
			);
			library.run("UPDATE performance_metrics SET bytes_read = NULL");
			library.run(
				"INSERT INTO library_snapshots SELECT id, 'now', 1, 2, 3, 4 FROM files",
			);
		},
		nothing: () => undefined,
	};

	test.each(Object.entries(CHANGES))("%s", async (_, change) => {
		const [old, fresh] = [home.at("was.db"), home.at("is.db")];
		for (const path of [old, fresh]) {
			cpSync(join(FIXTURES, "library-v27.db"), path);
		}
		{
			using library = new Database(fresh);
			library.run("PRAGMA foreign_keys = ON");
			change(library);
		}
		const lines = succeed(["sqldiff", "--summary", old, fresh])
			.trim()
			.split("\n");
		const pattern = /^(\w+): (\d+) changes, (\d+) inserts, (\d+) deletes/;
		const found = lines
			.map((line) => pattern.exec(line) ?? [])
			.filter(([, table]) => !table?.startsWith("sqlite_"))
			.map(([, table, changed, added, removed]) => ({
				table,
				changed: Number(changed),
				added: Number(added),
				removed: Number(removed),
			}));
		const { tables } = await compare(old, fresh);
		expect(
			tables.map(({ table, changed, lookedAgain, added, removed }) => ({
				table,
				changed: changed + lookedAgain,
				added,
				removed,
			})) as unknown[],
		).toEqual(found);
	});
});

const FILES =
	"CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, size INT);";

describe("whatever the schema is", () => {
	const ONE = "INSERT INTO files VALUES (1, '/a', 1), (2, '/b', 1);";
	const OTHER = "INSERT INTO files VALUES (1, '/b', 1), (7, '/a', 1);";
	const same = { added: 0, removed: 0, changed: 0, lookedAgain: 0 };
	const CASES: Record<
		string,
		[sql: string, old: string, fresh: string, counts: object]
	> = {
		"numbers that were exchanged are no change": [
			"CREATE TABLE n (id INTEGER PRIMARY KEY, file INT REFERENCES files, x);",
			"INSERT INTO n VALUES (1, 1, 'of a'), (2, 2, 'of b');",
			"INSERT INTO n VALUES (1, 1, 'of b'), (2, 7, 'of a');",
			same,
		],
		"a table without its own number": [
			"CREATE TABLE n (file INT NOT NULL REFERENCES files, k TEXT, x, PRIMARY KEY (file, k)) WITHOUT ROWID;",
			"INSERT INTO n VALUES (1, 'k', 1), (2, 'k', 2), (2, 'l', 3);",
			"INSERT INTO n VALUES (7, 'k', 1), (1, 'k', 9);",
			{ ...same, changed: 1, removed: 1 },
		],
		"a table that hides the number of its rows": [
			"CREATE TABLE n (rowid, _rowid_, oid, file INT REFERENCES files);",
			"INSERT INTO n VALUES (1, 2, 3, 1), (1, 2, 3, 1), (4, 5, 6, 2);",
			"INSERT INTO n VALUES (1, 2, 3, 7), (4, 5, 7, 1);",
			{ ...same, added: 1, removed: 2 },
		],
		"a table without any key": [
			"CREATE TABLE n (a, b);",
			"INSERT INTO n VALUES (1, NULL), (1, NULL), ('1', x'00');",
			"INSERT INTO n VALUES (1, NULL), ('1', x'00'), ('1', x'01');",
			{ ...same, added: 1, removed: 1 },
		],
		"a row without a key that belongs to another file now": [
			"CREATE TABLE n (rowid, _rowid_, oid, file INT REFERENCES files);",
			"INSERT INTO n VALUES (1, 2, 3, 1), (4, 5, 6, 2);",
			"INSERT INTO n VALUES (1, 2, 3, 1), (4, 5, 6, 1);",
			{ ...same, added: 1, removed: 1 },
		],
		"keys that lead over another table's numbers": [
			"CREATE TABLE t (id INTEGER PRIMARY KEY, file INT NOT NULL REFERENCES files ON DELETE CASCADE, place INT NOT NULL, UNIQUE (file, place)); CREATE TABLE n (id INTEGER PRIMARY KEY, file INT, place INT, x, FOREIGN KEY (file, place) REFERENCES t (file, place));",
			"INSERT INTO t VALUES (1, 1, 0), (2, 2, 0); INSERT INTO n VALUES (1, 1, 0, 'a'), (2, 2, 0, 'b');",
			"INSERT INTO t VALUES (5, 7, 0), (6, 1, 0); INSERT INTO n VALUES (8, 1, 0, 'b'), (9, 7, 0, 'other');",
			{ ...same, changed: 1 },
		],
		"what refers to other rows, its own table's among them": [
			"CREATE TABLE n (id INTEGER PRIMARY KEY, file INT REFERENCES files, next INT REFERENCES n, best INT REFERENCES files ON DELETE SET NULL);",
			"INSERT INTO n VALUES (1, 1, 2, 2), (2, 1, NULL, 2), (3, 2, 1, 1);",
			"INSERT INTO n VALUES (11, 7, 12, 1), (12, 7, NULL, 7), (13, 1, 12, 7);",
			{ ...same, changed: 2 },
		],
		"rows that belong to files which are not there": [
			"CREATE TABLE n (id INTEGER PRIMARY KEY, file INT REFERENCES files, x);",
			"INSERT INTO n VALUES (1, 99, 'x'), (2, NULL, 'y'), (3, 98, 'z');",
			"INSERT INTO n VALUES (1, 99, 'x'), (2, NULL, 'Y'), (4, 98, 'z');",
			{ ...same, changed: 1, added: 1, removed: 1 },
		],
		"odd names": [
			'CREATE TABLE "n"" -- \'x" ("a "" b" INTEGER PRIMARY KEY, "select" INT REFERENCES "FILES"("ID"), "it\'s");',
			'INSERT INTO "n"" -- \'x" VALUES (1, 1, 1), (2, 2, 2);',
			'INSERT INTO "n"" -- \'x" VALUES (3, 7, 1), (4, 1, 3);',
			{ ...same, changed: 1 },
		],
		"generated columns and collations": [
			"CREATE TABLE n (id INTEGER PRIMARY KEY, file INT REFERENCES files, x TEXT COLLATE NOCASE, y AS (x || id) STORED, z AS (id));",
			"INSERT INTO n (id, file, x) VALUES (1, 1, 'a'), (2, 2, 'b');",
			"INSERT INTO n (id, file, x) VALUES (5, 7, 'A'), (6, 1, 'b');",
			{ ...same, changed: 1 },
		],
		"a table that only looking changes": [
			"CREATE TABLE n (id INTEGER PRIMARY KEY, file INT REFERENCES files, last_seen, updated_at, x);",
			"INSERT INTO n VALUES (1, 1, 'a', 'b', 1), (2, 2, 'a', 'b', 1);",
			"INSERT INTO n VALUES (1, 7, 'c', 'd', 1), (2, 1, 'c', 'b', 2);",
			{ ...same, changed: 1, lookedAgain: 1 },
		],
		"more columns than an expression may be deep": [
			`CREATE TABLE n (id INTEGER PRIMARY KEY, ${Array.from({ length: 1200 }, (_, at) => `c${at}`).join()});`,
			"INSERT INTO n (id, c1199) VALUES (1, 1), (2, 1);",
			"INSERT INTO n (id, c1199) VALUES (1, 2), (2, 1);",
			{ ...same, changed: 1 },
		],
	};

	test.each(Object.entries(CASES))(
		"%s",
		async (_, [sql, old, fresh, counts]) => {
			const pair = makePair(
				FILES + sql + ONE + old,
				FILES + sql + OTHER + fresh,
			);
			const { tables } = await compare(...pair);
			const found = tables.find(({ table }) => !["files", "t"].includes(table));
			expect(found as unknown).toMatchObject(counts);
			expect(
				tables.find(({ table }) => table === "files") as unknown,
			).toMatchObject(same);
		},
	);

	test("a number that was given to another file refers to another file, and one of none is a number", async () => {
		const sql = `${FILES} CREATE TABLE n (id TEXT PRIMARY KEY, file INT REFERENCES files ON DELETE SET NULL);`;
		const [old, fresh] = makePair(
			`${sql} INSERT INTO files VALUES (1, '/a', 1), (9, '/gone', 1); INSERT INTO n VALUES ('same', 1), ('given', 9), ('left', 9), ('none', 77), ('came', 78);`,
			`${sql} INSERT INTO files VALUES (7, '/a', 1), (9, '/new', 1), (78, '/late', 1); INSERT INTO n VALUES ('same', 7), ('given', 9), ('left', NULL), ('none', 77), ('came', 78);`,
		);
		const { tables, changes } = await compare(old, fresh, null, "n");
		expect(tables.find(({ table }) => table === "n") as unknown).toMatchObject({
			...same,
			changed: 3,
		});
		expect(changes.map(({ key }) => key[0]?.value).sort()).toEqual([
			"came",
			"given",
			"left",
		]);
	});

	test("the rows of a table without any key are listed whole", async () => {
		const sql = `${FILES} CREATE TABLE n (a, b);`;
		const [old, fresh] = makePair(
			`${sql} INSERT INTO n VALUES (1, NULL), (1, NULL), (2, x'00ff'), (3, 'x');`,
			`${sql} INSERT INTO n VALUES (1, NULL), (2, x'00fe'), (3, 'x');`,
		);
		const { changes } = await compare(old, fresh, null, "n");
		expect(
			changes.map(({ change, columns }) => [
				change,
				...columns.map((column) => column.old ?? column.new),
			]),
		).toEqual([
			["removed", 1, null],
			["added", 2, "x'00fe'"],
			["removed", 2, "x'00ff'"],
		]);
	});

	test("two schemas are compared by what they share", async () => {
		const [old, fresh] = makePair(
			`${FILES} CREATE TABLE gone (x); INSERT INTO gone VALUES (1), (2); INSERT INTO files VALUES (1, '/a', 1)`,
			`CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, size TEXT, later DEFAULT 7); CREATE TABLE made (x PRIMARY KEY); INSERT INTO made VALUES (1); INSERT INTO files VALUES (5, '/a', 1, 7)`,
		);
		const { files, tables } = await compare(old, fresh);
		expect(
			tables.map(({ table, oldRows, newRows }) => [table, oldRows, newRows]),
		).toEqual([
			["files", 1, 1],
			["gone", 2, null],
			["made", null, 1],
		]);
		// What was a number is text now.
		expect([files.changed, tables[1]?.removed, tables[2]?.added]).toEqual([
			1, 2, 1,
		]);
	});

	test("VPO's schemas 19 and 27", async () => {
		const [old, fresh] = [19, 27].map((schema) => {
			const path = home.at(`v${schema}.db`);
			cpSync(join(FIXTURES, `library-v${schema}.db`), path);
			return path;
		}) as [string, string];
		const { files, tables } = await compare(old, fresh);
		expect(files).toMatchObject({ removed: 40, added: 120, changed: 0 });
		expect(tables.find(({ table }) => table === "_meta")?.changed).toBe(1);
	});
});

test("UTF-16 is compared as well", async () => {
	const sql = `PRAGMA encoding = 'UTF-16le'; ${FILES} INSERT INTO files VALUES`;
	const pair = makePair(
		`${sql} (1, '/ä', 1)`,
		`${sql} (2, '/ä', 2), (3, '/b', 1)`,
	);
	const { files } = await compare(...pair);
	expect(files).toMatchObject({ changed: 1, added: 1, removed: 0 });
});

test("leaves nothing in its scratch folder", () => {
	expect(readdirSync(scratch)).toEqual([]);
});

describe("refuses", () => {
	test("libraries of which the text is encoded differently", async () => {
		const [old, fresh] = makePair(
			`PRAGMA encoding = 'UTF-16le'; ${FILES}`,
			FILES,
		);
		await expect(compare(old, fresh)).rejects.toThrow("encoded differently");
	});

	test("files without paths", async () => {
		const [old, fresh] = makePair("CREATE TABLE files (id)", FILES);
		await expect(compare(old, fresh)).rejects.toThrow("no path");
	});

	test("more tables than can be looked at", async () => {
		const many = Array.from(
			{ length: 1001 },
			(_, at) => `CREATE TABLE t${at} (x);`,
		);
		const [old, fresh] = makePair(FILES + many.join(""), FILES);
		await expect(compare(old, fresh)).rejects.toThrow("more than 1000 tables");
	});
});
