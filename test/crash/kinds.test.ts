// Libraries of every kind that SQLite knows come back as they were.

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { contentOf } from "../helpers/content.ts";
import { type Kind, kindOf, makeLibrary } from "../helpers/kinds.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";

const PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];
const KINDS: readonly Kind[] = [
	...PAGE_SIZES.map((page_size) => ({ page_size, journal_mode: "wal" })),
	{ page_size: 512, journal_mode: "delete" },
	{ page_size: 65536, journal_mode: "delete" },
	{ encoding: "UTF-16le", journal_mode: "wal" },
	{ encoding: "UTF-16be", journal_mode: "delete" },
	{ auto_vacuum: 1, journal_mode: "wal" },
	{ auto_vacuum: 2, journal_mode: "delete" },
];

async function expectSameAfterRestore(home: Home): Promise<void> {
	const before = contentOf(home.library);
	const kind = kindOf(home.library);
	const backup = await runJson(binary, home, ["library", "backup"]);
	expect(backup).toMatchObject({ exitCode: 0, json: { warnings: [] } });
	const target = home.at("elsewhere.db");
	const args = ["library", "restore", "latest", "--database", target];
	expect(await run(binary, home, args)).toMatchObject({ exitCode: 0 });
	expect(kindOf(target)).toEqual(kind);
	expect(contentOf(target)).toEqual(before);
}

test.each(KINDS)("a library with %j", async (kind) => {
	using home = new Home(null);
	makeLibrary(home.library, kind);
	expect(kindOf(home.library)).toMatchObject(kind);
	await expectSameAfterRestore(home);
});

const FEATURES: Readonly<Record<string, (library: Database) => void>> = {
	"full-text search": (library) => {
		library.run("CREATE VIRTUAL TABLE words USING fts5(title, body)");
		library.run(
			"INSERT INTO words SELECT filename, directory || ' 🎬 déjà vu' FROM files",
		);
		library.run(
			"CREATE VIRTUAL TABLE pointers USING fts5(filename, content='files', content_rowid='id')",
		);
		library.run("INSERT INTO pointers(pointers) VALUES ('rebuild')");
	},
	"generated columns": (library) => {
		library.run(
			"CREATE TABLE made (a INTEGER, b INTEGER AS (a * 2) VIRTUAL, c TEXT AS ('n' || a) STORED)",
		);
		library.run("CREATE INDEX made_b ON made (b)");
		library.run("INSERT INTO made (a) VALUES (1), (-5), (NULL)");
	},
	"triggers and views": (library) => {
		library.run("CREATE TABLE seen (id INTEGER, at TEXT)");
		library.run(
			"CREATE TRIGGER look AFTER UPDATE ON files BEGIN INSERT INTO seen VALUES (new.id, 'now'); END",
		);
		library.run("UPDATE files SET size_bytes = size_bytes WHERE id < 9");
		library.run("CREATE VIEW big AS SELECT * FROM files WHERE size_bytes > 9");
		library.run(
			"CREATE TRIGGER into_big INSTEAD OF DELETE ON big BEGIN DELETE FROM files WHERE id = old.id; END",
		);
	},
	"a WITHOUT ROWID table": (library) => {
		library.run(
			"CREATE TABLE pairs (a TEXT, b BLOB, PRIMARY KEY (a, b)) WITHOUT ROWID",
		);
		library.run("INSERT INTO pairs SELECT path, randomblob(40) FROM files");
	},
	"every type of value": (library) => {
		library.run("CREATE TABLE any_type (value ANY, strict_text TEXT) STRICT");
		library.run(
			"INSERT INTO any_type VALUES (NULL, ''), (9223372036854775807, 'a'), (-0.5, 'b'), (1e308, x'00' || 'c'), (x'00ff', '🎬'), ('', NULL)",
		);
		library.run("PRAGMA user_version = -7");
		library.run("PRAGMA application_id = 305419896");
	},
	"a blob of 5 MB": (library) => {
		library.run("CREATE TABLE blobs (data BLOB)");
		library.run("INSERT INTO blobs VALUES (randomblob(5000000))");
	},
	"partial, unique, descending and expression indexes": (library) => {
		library.run("CREATE INDEX partial ON files (path) WHERE size_bytes > 0");
		library.run("CREATE UNIQUE INDEX down ON files (id DESC, path)");
		library.run(
			"CREATE INDEX computed ON files (lower(filename) COLLATE NOCASE)",
		);
	},
};

test.each(Object.entries(FEATURES))("a library with %s", async (_, extras) => {
	using home = new Home(null);
	makeLibrary(home.library, { journal_mode: "wal" }, extras);
	await expectSameAfterRestore(home);
});

test("rows without a key of their own keep their rowid", async () => {
	using home = new Home(null);
	makeLibrary(home.library, {}, (library) => {
		library.run("CREATE TABLE loose (text TEXT)");
		library.run("INSERT INTO loose SELECT path FROM files");
		library.run("DELETE FROM loose WHERE rowid % 3 = 0");
	});
	const rowids = (path: string) => {
		using library = new Database(path);
		return library.query("SELECT rowid, text FROM loose").values();
	};
	const before = rowids(home.library);
	await run(binary, home, ["library", "backup"]);
	await run(binary, home, ["library", "restore", "--yes", "latest"]);
	expect(rowids(home.library)).toEqual(before);
	expect(before.length).toBeGreaterThan(50);
});
