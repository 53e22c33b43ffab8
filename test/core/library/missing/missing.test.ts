// What a library has lost comes back, and what it has stays: on libraries that lived on at random, and on schemas of any kind.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SqliteThread } from "../../../../src/core/library/sqlite-thread.ts";
import { byBruteForce } from "../../../helpers/brute-force.ts";
import { contentOf } from "../../../helpers/content.ts";
import { FIXTURES, Home } from "../../../helpers/program.ts";

const SEEDS = 12;

const home = new Home(null);
const scratch = home.at("scratch");
const sqlite = new SqliteThread();
beforeAll(() => mkdirSync(scratch));
afterAll(() => {
	sqlite[Symbol.dispose]();
	home[Symbol.dispose]();
});

async function bringBack(
	old: string,
	live: string,
	under: string | null = null,
) {
	await using lock = await sqlite.lock(live);
	const { missing, isFolded } = await lock.bringBack(old, scratch, under);
	expect(isFolded).toBe(true);
	return missing;
}

const pathOf = (seed: string, side: string) =>
	home.at("pairs", `${seed}.${side}.db`);

describe("of libraries that lived on at random", () => {
	const seeds = Array.from({ length: SEEDS }, (_, at) => String(100 + at));
	let cameBack = 0;
	beforeAll(async () => {
		mkdirSync(home.at("pairs"));
		const library = join(FIXTURES, "library-v27.db");
		byBruteForce("make", library, home.at("pairs"), "100", String(SEEDS));
		for (const seed of seeds) {
			cpSync(pathOf(seed, "new"), pathOf(seed, "result"));
			const missing = await bringBack(
				pathOf(seed, "old"),
				pathOf(seed, "result"),
			);
			cameBack += missing.files;
		}
	}, 120_000);

	test("lost files come back with all that belongs to them, and nothing that is there changes", () => {
		const problems = byBruteForce(
			"verify",
			home.at("pairs"),
			"100",
			String(SEEDS),
		);
		expect(problems).toEqual(
			Object.fromEntries(seeds.map((seed) => [seed, []])),
		);
		expect(cameBack).toBeGreaterThan(SEEDS);
	}, 60_000);

	test("a second run changes nothing", async () => {
		for (const seed of seeds.slice(0, 8)) {
			const before = contentOf(pathOf(seed, "result"));
			const { files, tables } = await bringBack(
				pathOf(seed, "old"),
				pathOf(seed, "result"),
			);
			expect([files, ...tables.map(({ rows }) => rows)]).toEqual(
				[files, ...tables].map(() => 0),
			);
			expect(contentOf(pathOf(seed, "result"))).toEqual(before);
		}
	}, 60_000);

	test("below a folder only its files come back", async () => {
		for (const seed of seeds.slice(0, 8)) {
			const under = "/mnt/media/New (1%_)";
			const live = pathOf(seed, "below");
			cpSync(pathOf(seed, "new"), live);
			await bringBack(pathOf(seed, "old"), live, under);
			const paths = (path: string) => {
				using database = new Database(path, { readonly: true });
				return database
					.query("SELECT path FROM files")
					.values()
					.flat()
					.map(String);
			};
			const [old, now, then] = ["old", "new", "below"].map((side) =>
				paths(pathOf(seed, side)),
			) as [string[], string[], string[]];
			const lost = old.filter((path) => !now.includes(path));
			const wanted = lost.filter((path) => path.startsWith(`${under}/`));
			expect(then.sort()).toEqual([...now, ...wanted].sort());
		}
	}, 60_000);
});

const FILES =
	"CREATE TABLE files (id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT UNIQUE NOT NULL, size INT);";

/** What comes back of the old rows into the new ones, all tables but `files` afterwards. */
async function bring(sql: string, old: string, fresh: string, violations = 0) {
	const [from, live] = [old, fresh].map((rows) => {
		const path = home.at(`${crypto.randomUUID()}.db`);
		using database = new Database(path);
		database.run(`BEGIN; ${FILES} ${sql} ${rows} COMMIT`);
		return path;
	}) as [string, string];
	const missing = await bringBack(from, live);
	const ask = (statement: string) => {
		using database = new Database(live, { readonly: true });
		return database.query(statement).values();
	};
	expect(ask("PRAGMA foreign_key_check")).toHaveLength(violations);
	return { missing, rows: (table: string) => ask(`SELECT * FROM ${table}`) };
}

describe("whatever the schema is", () => {
	test("numbers that are taken are given out anew, and what refers to them follows", async () => {
		const { rows } = await bring(
			"CREATE TABLE t (id INTEGER PRIMARY KEY, file INT NOT NULL REFERENCES files ON DELETE CASCADE, place INT NOT NULL, next INT REFERENCES t, UNIQUE (file, place));",
			"INSERT INTO files VALUES (1, '/a', 1); INSERT INTO t VALUES (1, 1, 0, 2), (2, 1, 1, NULL);",
			"INSERT INTO files VALUES (1, '/b', 1), (9, '/c', 1); DELETE FROM files WHERE id = 9; INSERT INTO t VALUES (2, 1, 0, NULL);",
		);
		expect(rows("files")).toEqual([
			[1, "/b", 1],
			[10, "/a", 1],
		]);
		expect(rows("t")).toEqual([
			[1, 10, 0, 3],
			[2, 1, 0, null],
			[3, 10, 1, null],
		]);
	});

	test("rows that only their order tells apart come back in it, or not at all", async () => {
		const { rows, missing } = await bring(
			"CREATE TABLE n (id INTEGER PRIMARY KEY, file INT REFERENCES files, x);",
			"INSERT INTO files VALUES (1, '/a', 1), (2, '/b', 1), (3, '/c', 1); INSERT INTO n VALUES (5, 1, 'a1'), (6, 1, 'a2'), (7, 2, 'b1'), (8, 2, 'b2'), (9, 3, 'c1');",
			"INSERT INTO files VALUES (2, '/b', 1), (3, '/c', 1); INSERT INTO n VALUES (5, 2, 'b2');",
		);
		expect(rows("n").map(([, , x]) => x)).toEqual(["b2", "a1", "a2", "c1"]);
		expect(missing.tables.find(({ table }) => table === "n")).toEqual({
			table: "n",
			rows: 3,
			leftOut: 1,
		});
	});

	test("what belongs to a file that has changed since stays away, but for records of their own", async () => {
		const { rows } = await bring(
			"CREATE TABLE t (id INTEGER PRIMARY KEY, file INT NOT NULL REFERENCES files, place INT NOT NULL, UNIQUE (file, place)); CREATE TABLE r (id TEXT PRIMARY KEY, file INT NOT NULL REFERENCES files);",
			"INSERT INTO files VALUES (1, '/a', 1); INSERT INTO t VALUES (1, 1, 0), (2, 1, 1); INSERT INTO r VALUES ('x', 1);",
			"INSERT INTO files VALUES (4, '/a', 2); INSERT INTO t VALUES (1, 4, 0);",
		);
		expect(rows("t")).toEqual([[1, 4, 0]]);
		expect(rows("r")).toEqual([["x", 4]]);
	});

	test("what refers to a row that stays away refers to nothing, or stays away too", async () => {
		const { rows, missing } = await bring(
			"CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT UNIQUE); CREATE TABLE may (id TEXT PRIMARY KEY, p INT REFERENCES p ON DELETE SET NULL); CREATE TABLE must (id TEXT PRIMARY KEY, p INT NOT NULL REFERENCES p); CREATE TABLE then_ (id TEXT PRIMARY KEY, must TEXT NOT NULL REFERENCES must);",
			"INSERT INTO p VALUES (1, 'taken'), (2, 'free'); INSERT INTO may VALUES ('a', 1), ('b', 2); INSERT INTO must VALUES ('a', 1), ('b', 2); INSERT INTO then_ VALUES ('a', 'a'), ('b', 'b');",
			"INSERT INTO p VALUES (7, 'taken');",
		);
		expect(rows("p")).toEqual([
			[2, "free"],
			[7, "taken"],
		]);
		expect(rows("may")).toEqual([
			["a", null],
			["b", 2],
		]);
		expect(rows("must")).toEqual([["b", 2]]);
		expect(rows("then_")).toEqual([["b", "b"]]);
		expect(
			missing.tables.map(({ table, leftOut }) => [table, leftOut]),
		).toEqual([
			["may", 0],
			["must", 1],
			["p", 1],
			["then_", 1],
		]);
	});

	test("tables without numbers, odd names, bytes, text that is not UTF-8", async () => {
		const { rows } = await bring(
			'CREATE TABLE "n"" -- \'x" (file INT NOT NULL REFERENCES "FILES"("ID"), "select" TEXT, o0 BLOB, PRIMARY KEY (file, "select")) WITHOUT ROWID;',
			"INSERT INTO files VALUES (1, '/a', 1); INSERT INTO \"n\"\" -- 'x\" VALUES (1, CAST(x'ff' AS TEXT), x'00ff'), (1, 'b', NULL);",
			"INSERT INTO files VALUES (1, '/b', 1);",
		);
		expect(rows("files")).toEqual([
			[1, "/b", 1],
			[2, "/a", 1],
		]);
		expect(
			rows('(SELECT file, hex("select") AS t, hex(o0) AS o FROM "n"" -- \'x")'),
		).toEqual([
			[2, "62", ""],
			[2, "FF", "00FF"],
		]);
	});

	test("a row that lost its file before gets no other one", async () => {
		const orphan = "INSERT INTO n VALUES (1, 1, 'of a');";
		const { missing, rows } = await bring(
			"CREATE TABLE n (id INTEGER PRIMARY KEY, file INT NOT NULL REFERENCES files, x, UNIQUE (file, x));",
			`INSERT INTO files VALUES (1, '/a', 1); ${orphan}`,
			orphan,
			1,
		);
		expect(missing.files).toBe(1);
		expect(rows("files")).toEqual([[2, "/a", 1]]);
		expect(rows("n")).toEqual([
			[1, 1, "of a"],
			[2, 2, "of a"],
		]);
	});

	test("nor one that gets a new number", async () => {
		const { rows } = await bring(
			"CREATE TABLE n (id INTEGER PRIMARY KEY, file NOT NULL REFERENCES files, x, UNIQUE (file, x));",
			"INSERT INTO files VALUES (1, '/a', 1); INSERT INTO n VALUES (1, 1, 'of a');",
			"INSERT INTO n VALUES (1, 1, 'of a'), (2, 2, 'of a'), (3, 7, 'of b'), (4, 'z', 'of c');",
			4,
		);
		expect(rows("files")).toEqual([[8, "/a", 1]]);
		expect(rows("n")[4]).toEqual([5, 8, "of a"]);
	});

	test("a row that has its file's own number", async () => {
		const { rows } = await bring(
			"CREATE TABLE more (file INTEGER PRIMARY KEY REFERENCES files, x);",
			"INSERT INTO files VALUES (1, '/a', 1), (2, '/b', 1); INSERT INTO more VALUES (1, 'a'), (2, 'b');",
			"INSERT INTO files VALUES (1, '/b', 1); INSERT INTO more VALUES (1, 'b');",
		);
		expect(rows("files")).toEqual([
			[1, "/b", 1],
			[3, "/a", 1],
		]);
		expect(rows("more")).toEqual([
			[1, "b"],
			[3, "a"],
		]);
	});

	test("a constraint that the rows would break leaves the library as it was", async () => {
		const sql =
			"CREATE TABLE n (id TEXT PRIMARY KEY, x); CREATE UNIQUE INDEX one ON n (x) WHERE x > 0;";
		const old = "INSERT INTO n VALUES ('a', 1);";
		await expect(
			bring(sql, old, "INSERT INTO n VALUES ('b', 1);"),
		).rejects.toThrow("UNIQUE constraint failed");
	});
});

test("nothing is left in the scratch folder, nor beside the libraries", () => {
	expect(readdirSync(scratch)).toEqual([]);
	const beside = readdirSync(home.path).filter((name) =>
		/-(wal|shm|journal)$/.test(name),
	);
	expect(beside).toEqual([]);
	expect(existsSync(home.at("pairs"))).toBe(true);
});
