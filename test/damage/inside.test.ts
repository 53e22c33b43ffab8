// Looking into archives that are not what they say: cut off, changed, damaged or hostile inside though their checksums
// fit. Nothing is told of them as if it were true, and nothing takes for ever or all memory.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
	type Bytes,
	makeLibrary,
	ownArchive,
	ownMetadata,
	rewriteLibrary,
} from "../helpers/hostile.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";

let home: Home;
beforeAll(() => {
	home = new Home(null);
	mkdirSync(home.backups);
	writeFileSync(home.library, make([]));
});
afterAll(() => home[Symbol.dispose]());

function make(sql: readonly string[], rewrite = ""): Bytes {
	const library = makeLibrary(home.path, { sql });
	return rewrite ? rewriteLibrary(home.path, library, rewrite) : library;
}

const SCHEMA = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET ";

/** On a busy machine. */
const PATIENCE_MS = 60_000;

/** Each a backup in the backup folder, and nothing else there. */
const ARCHIVES: Record<string, () => Bytes> = {
	"that is cut off": () => good().slice(0, -700),
	"of which a bit is flipped": () => {
		const bytes = good();
		const middle = bytes.byteLength >> 1;
		bytes[middle] = (bytes[middle] ?? 0) ^ 1;
		return bytes;
	},
	"whose library has a page of zeros": () => {
		const library = make(["CREATE TABLE t (x)", "INSERT INTO t VALUES (1)"]);
		return own(library.fill(0, library.byteLength - 512));
	},
	"whose index lacks a row": () =>
		own(
			make(
				[
					"CREATE INDEX by_path ON files (path)",
					"CREATE INDEX for_others ON files (path) WHERE id > 1",
				],
				`${SCHEMA} rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'for_others') WHERE name = 'by_path'; DELETE FROM sqlite_schema WHERE name = 'for_others'`,
			),
		),
	"whose files are a view": () =>
		own(
			make(
				[],
				`${SCHEMA} sql = 'CREATE VIEW files AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, id AS path FROM n', type = 'view', rootpage = 0 WHERE name = 'files'`,
			),
		),
	"whose table is a virtual one": () =>
		own(
			make(
				["CREATE TABLE t (x)"],
				`${SCHEMA} sql = 'CREATE VIRTUAL TABLE t USING fts5(x)' WHERE name = 't'`,
			),
		),
	"whose files' sizes are made as they are read": () =>
		own(
			make(
				[],
				`${SCHEMA} sql = 'CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT, size_bytes INTEGER AS (length(hex(zeroblob(450000000 + id)))))' WHERE name = 'files'`,
			),
		),
};

function good(): Bytes {
	return own(make([]));
}

function own(library: Bytes): Bytes {
	return ownArchive(library, ownMetadata(library));
}

const NAME = "vpo-library-2026-02-05T030000Z.tar.gz";

function put(archive: Bytes): void {
	rmSync(home.backups, { recursive: true });
	mkdirSync(home.backups);
	writeFileSync(join(home.backups, NAME), archive);
}

const COMMANDS: Record<string, string[]> = {
	show: ["show", NAME],
	"diff with the library": ["diff", NAME],
	"diff of two": ["diff", "live", NAME],
	query: ["query", NAME, "SELECT count(*) FROM files"],
	extract: ["extract", NAME, "--to", "out.db"],
};

describe.each(Object.entries(ARCHIVES))("an archive %s", (_, archive) => {
	test.each(Object.entries(COMMANDS))(
		"is refused by %s",
		async (_, args) => {
			put(archive());
			const { exitCode, json } = await runJson(binary, home, [
				"library",
				...args,
			]);
			expect([exitCode, json.code]).toEqual([46, "INVALID_ARCHIVE"]);
			expect(String(json.error)).toContain(join(home.backups, NAME));
			expect(readdirSync(home.path).sort()).toEqual([".vpo"]);
			expect(readdirSync(home.at(".vpo")).sort()).toEqual([
				"backups",
				"library.db",
			]);
		},
		PATIENCE_MS,
	);

	test(
		"is no part of a log, which says so",
		async () => {
			put(archive());
			const older = "vpo-library-2026-02-04T030000Z.tar.gz";
			const library = make([]);
			const createdAt = { created_at: "2026-02-04T03:00:00Z" };
			writeFileSync(
				join(home.backups, older),
				ownArchive(library, ownMetadata(library, createdAt)),
			);
			const args = ["library", "log", "/video"];
			const { exitCode, stdout, stderr } = await run(binary, home, args);
			expect(exitCode).toBe(0);
			expect(stderr).toContain(`not read: ${NAME}`);
			expect(stdout).toContain("Backups:  1,");
			expect(stdout).not.toContain("2026-02-05T030000Z");
		},
		PATIENCE_MS,
	);
});
