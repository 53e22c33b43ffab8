// A restore that asks nobody begins while the backup is still being proven; what the proof finds then counts as ever.

import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { breakConstraint, breakIndex } from "../helpers/harm.ts";
import { type Json, ownArchive, ownMetadata } from "../helpers/hostile.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";

const UNASKED = ["--yes", "--no-safety-backup"];

let home: Home;
let snapshot: string;

/** Two libraries of one schema: the one that stands there, and the one in the backup, of which a file has another size. */
beforeEach(() => {
	home = new Home();
	snapshot = home.at("snapshot.db");
	using library = new Database(home.library);
	library.run("VACUUM INTO ?", [snapshot]);
	change("UPDATE files SET size_bytes = 12345 WHERE id = 1");
});
afterEach(() => home[Symbol.dispose]());

function change(sql: string): void {
	using database = new Database(snapshot);
	database.run(sql);
}

function facts(path: string) {
	using database = new Database(path, { readonly: true });
	return database
		.query<Json, []>(
			"SELECT count(*) AS file_count, total(size_bytes) AS total_library_size_bytes FROM files",
		)
		.get();
}

function archive(changes: Json = {}): string {
	const path = home.at("made.tar.gz");
	const library = new Uint8Array(readFileSync(snapshot));
	const metadata = ownMetadata(library, { ...facts(snapshot), ...changes });
	writeFileSync(path, ownArchive(library, metadata));
	return path;
}

describe.each(["wal", "delete"])("a library in journal mode %s", (mode) => {
	beforeEach(() => {
		using library = new Database(home.library);
		library.run(`PRAGMA journal_mode = ${mode}`);
	});

	test("becomes the backup's, and keeps its mode", async () => {
		const args = ["library", "restore", ...UNASKED, archive()];
		const { exitCode, json } = await runJson(binary, home, args);
		expect(json).toMatchObject({ success: true, warnings: [] });
		expect(exitCode).toBe(0);
		expect(facts(home.library)).toEqual(facts(snapshot));
		using library = new Database(home.library);
		expect(library.query("PRAGMA journal_mode").values()).toEqual([[mode]]);
		expect(library.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
	});

	type Case = [what: string, harm: () => unknown, metadata: Json];
	test.each<Case>([
		["an index that differs from its table", () => breakIndex(snapshot), {}],
		["a value that may not be", () => breakConstraint(snapshot), {}],
		["fewer files than it says", () => undefined, { file_count: 500 }],
		["another schema than it says", () => undefined, { schema_version: 26 }],
		["an older schema than it says", () => undefined, { schema_version: 28 }],
	])("is untouched by a backup with %s", async (_, harm, metadata) => {
		await harm();
		const path = archive(metadata);
		const before = readFileSync(home.library);
		const names = readdirSync(home.at(".vpo"));
		for (const how of [["--dry-run"], UNASKED, ["--yes"]]) {
			const args = ["library", "restore", ...how, path];
			const { exitCode, json } = await runJson(binary, home, args);
			expect(json).toMatchObject({ code: "INVALID_ARCHIVE" });
			expect(exitCode).toBe(46);
			expect(readFileSync(home.library).equals(before)).toBeTrue();
			expect(readdirSync(home.at(".vpo"))).toEqual(names);
		}
	});

	test("is told of rows that refer to nothing", async () => {
		change(
			"INSERT INTO tracks (file_id, track_index, track_type) VALUES (999999, 0, 'audio')",
		);
		const args = ["library", "restore", ...UNASKED, archive()];
		const { exitCode, stderr } = await run(binary, home, args);
		expect(stderr).toContain("1 row refers to rows that do not exist");
		expect(exitCode).toBe(0);
	});

	test("takes over a schema that is not its own", async () => {
		change("CREATE TABLE since (x CHECK (x > 0))");
		change("INSERT INTO since VALUES (1)");
		const args = ["library", "restore", ...UNASKED, archive()];
		expect(await run(binary, home, args)).toMatchObject({ exitCode: 0 });
		using library = new Database(home.library);
		expect(library.query("SELECT x FROM since").values()).toEqual([[1]]);
	});
});

test("latest that turns out to be damaged is passed over from then on", async () => {
	const good = "vpo-library-2026-02-04T143022Z.tar.gz";
	const damaged = "vpo-library-2026-02-05T143022Z.tar.gz";
	mkdirSync(home.backups);
	const created = { created_at: "2026-02-04T14:30:22Z" };
	renameSync(archive(created), join(home.backups, good));
	await breakIndex(snapshot);
	renameSync(archive(), join(home.backups, damaged));
	const args = ["library", "restore", ...UNASKED, "latest"];
	const first = await run(binary, home, args);
	expect(first.stderr).toContain("counts as damaged from now on");
	expect(first.exitCode).toBe(46);
	const { json } = await runJson(binary, home, args);
	expect(json.source_path).toBe(join(home.backups, good));
});
