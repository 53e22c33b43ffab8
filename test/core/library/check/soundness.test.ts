// The check in parts finds what the check in one piece finds, and says it in the same words, however many cores there are.

import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { SqliteThread } from "../../../../src/core/library/sqlite-thread.ts";
import { python } from "../../../helpers/peer.ts";
import { Home } from "../../../helpers/program.ts";

const sqlite = new SqliteThread();
afterAll(() => sqlite[Symbol.dispose]());

/** A table whose schema will say something else of it than what is stored: as long, so that bytes can be exchanged. */
function addTable(library: Database, name = "extra"): void {
	const quoted = `"${name.replaceAll('"', '""')}"`;
	library.run(`CREATE TABLE ${quoted} (a, b /* NULL */)`);
	library.run(`CREATE INDEX indexed ON ${quoted} (a /* 1 */)`);
	library.run(`INSERT INTO ${quoted} VALUES (1, 2), (3, NULL)`);
}

type Claim = readonly [is: string, becomes: string];

const WRONG_INDEX: Claim = ["(a /* 1 */", "(b /* 1 */"];

/** What only the check of one table finds, and what hinders it. */
const DAMAGED: [string, (library: Database) => void, Claim][] = [
	["an index that differs from its table", addTable, WRONG_INDEX],
	...["5", 'a "b"', "it's", "", "quick_check"].map(
		(name): [string, (library: Database) => void, Claim] => [
			`such an index of a table named ${JSON.stringify(name)}`,
			(library) => addTable(library, name),
			WRONG_INDEX,
		],
	),
	["a null where none may be", addTable, ["/* NULL */", "  NOT NULL"]],
	[
		"such an index, and more tables than are checked one by one",
		(library) => {
			for (let at = 0; at < 120; at++) library.run(`CREATE TABLE t${at} (x)`);
			addTable(library);
		},
		WRONG_INDEX,
	],
];

/** Bytes of the file: a header that counts free pages which are not there, and rubbish in the middle of a page. */
const DISTURBED: [string, (file: Buffer) => void][] = [
	["free pages that are not there", (file) => file.writeUInt32BE(3, 36)],
	["rubbish in a page", (file) => file.fill(0xa5, 8192 + 8, 8192 + 64)],
	["rubbish in the middle", (file) => file.fill(0x11, file.length >> 1)],
];

async function checkBothWays(path: string) {
	const check = (cores: number) =>
		sqlite
			.check(path, cores)
			.catch((error: Error) => ({ damage: error.message, warnings: [] }));
	const inOne = await check(1);
	for (const cores of [2, 4, 16]) expect(await check(cores)).toEqual(inOne);
	return inOne;
}

describe("one core and many find the same", () => {
	test("nothing, in a library that is sound", async () => {
		using home = new Home();
		expect((await checkBothWays(home.library)).damage).toBe("");
	});

	test.each(DAMAGED)("%s", async (_, prepare, [is, becomes]) => {
		using home = new Home();
		const library = new Database(home.library);
		library.run("PRAGMA journal_mode = DELETE");
		prepare(library);
		library.close(true);
		const file = readFileSync(home.library);
		file.write(becomes, file.indexOf(is));
		writeFileSync(home.library, file);
		expect(await checkBothWays(home.library)).toMatchObject({
			damage: expect.stringMatching(/./),
		});
	});

	test.each(DISTURBED)("%s", async (_, disturb) => {
		using home = new Home();
		const file = readFileSync(home.library);
		disturb(file);
		writeFileSync(home.library, file);
		const found = await checkBothWays(home.library);
		expect(found).not.toMatchObject({ damage: "" });
	});

	test("rows that refer to nothing", async () => {
		using home = new Home();
		const library = new Database(home.library);
		library.run("PRAGMA journal_mode = DELETE");
		library.run("CREATE TABLE child (id REFERENCES files (id))");
		library.run("INSERT INTO child VALUES (-1)");
		library.close(true);
		const { warnings } = await checkBothWays(home.library);
		expect(warnings.join()).toMatch(/^\d+ rows? refers? to rows that/);
	});
});

describe("a library that needs what other programs teach SQLite", () => {
	const teach = `
import sqlite3, sys
library = sqlite3.connect(sys.argv[1], isolation_level=None)
library.execute("PRAGMA journal_mode = DELETE")
library.create_collation("naturally", lambda a, b: (a > b) - (a < b))
library.create_function("folded", 1, str.lower, deterministic=True)
for statement in sys.argv[2:]:
    library.execute(statement)
`;
	const TABLE = "CREATE TABLE taught (a TEXT)";
	const FILL = "INSERT INTO taught VALUES ('x')";

	async function check(statements: readonly string[]) {
		using home = new Home();
		const { exitCode } = Bun.spawnSync({
			cmd: [python(), "-c", teach, home.library, ...statements],
		});
		expect(exitCode).toBe(0);
		return await checkBothWays(home.library);
	}

	type Taught = readonly [thing: string, name: string, ...sql: string[]];

	test.each<Taught>([
		[
			"collation",
			"naturally",
			"CREATE INDEX by_a ON taught (a COLLATE naturally)",
		],
		["function", "folded", "CREATE INDEX by_a ON taught (folded(a))"],
		[
			"function",
			"folded",
			"CREATE INDEX by_a ON taught (a) WHERE folded(a) = 'x'",
		],
		[
			"tokenizer",
			"icu2",
			"CREATE VIRTUAL TABLE found USING fts5 (a)",
			"INSERT INTO found VALUES ('x')",
			"PRAGMA writable_schema = ON",
			"UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE found USING fts5 (a, tokenize = icu2)' WHERE name = 'found'",
		],
	])("hears which %s it is: %s", async (thing, name, ...statements) => {
		const { damage } = await check([TABLE, FILL, ...statements]);
		expect(damage).toContain(`the library needs the ${thing} "${name}", which`);
		expect(damage.length).toBeLessThan(400);
	});

	test("is sound where only a constraint needs it, with a warning", async () => {
		const table = "CREATE TABLE taught (a TEXT CHECK (folded(a) <> ''))";
		expect(await check([table, FILL])).toEqual({
			damage: "",
			warnings: [
				"CHECK constraints could not be asked: unknown function: folded()",
			],
		});
	});
});

test("foreign keys that can't be asked are a warning, and hide no other", async () => {
	using home = new Home();
	const library = new Database(home.library);
	for (const statement of [
		"PRAGMA journal_mode = DELETE",
		"CREATE TABLE tags (id INTEGER, name TEXT)",
		"CREATE TABLE file_tags (tag_id INTEGER REFERENCES tags (id))",
		"CREATE TABLE child (id REFERENCES files (id))",
		"PRAGMA foreign_keys = OFF",
		"INSERT INTO file_tags VALUES (1)",
		"INSERT INTO child VALUES (-1), (-2)",
	]) {
		library.run(statement);
	}
	library.close(true);
	expect(await checkBothWays(home.library)).toEqual({
		damage: "",
		warnings: [
			"2 rows refer to rows that do not exist (foreign keys)",
			'foreign keys could not be asked: foreign key mismatch - "file_tags" referencing "tags"',
		],
	});
});
