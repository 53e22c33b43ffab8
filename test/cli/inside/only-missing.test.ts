// vpo library restore --only-missing: what was lost at night comes back, and what happened since stays.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { contentOf } from "../../helpers/content.ts";
import {
	backUpAt,
	FOLDER,
	homeWithFolder,
	loseFolder,
} from "../../helpers/nights.ts";
import { binary, Home, run, runJson } from "../../helpers/program.ts";
import { copyOf } from "../../helpers/scene.ts";
import { backupsIn, stateOf } from "../../helpers/state.ts";
import { runOnTerminal } from "../../helpers/terminal.ts";

const MISSING = ["library", "restore", "--only-missing"];

let scene: Home;
let backup: string;
beforeAll(async () => {
	scene = homeWithFolder();
	backup = await backUpAt(scene, "2026-02-05T03:00:00Z");
	loseFolder(scene.library);
});
afterAll(() => scene[Symbol.dispose]());

function pathsIn(path: string): string[] {
	using library = new Database(path, { readonly: true });
	return library
		.query("SELECT path FROM files ORDER BY path")
		.values()
		.flat()
		.map(String);
}

describe("a lost folder", () => {
	test("comes back by the call that log names, a second call changes nothing, and --undo takes it back", async () => {
		using home = copyOf(scene);
		const before = contentOf(home.library);
		const log = await runJson(binary, home, ["library", "log", FOLDER]);
		const [{ command }] = log.json.missing as [{ command: string }];
		const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
			([, a, b]) => a ?? b ?? "",
		);
		const done = await run(binary, home, [...words.slice(1), "--yes"]);
		expect([done.exitCode, done.stderr]).toEqual([0, ""]);
		expect(done.stdout).toContain("  Files:          3 came back\n");
		const paths = pathsIn(home.library);
		expect(paths.filter((path) => path.startsWith(FOLDER))).toHaveLength(3);
		expect(paths).toContain("/mnt/media/new.mkv");
		const diff = await runJson(binary, home, ["library", "diff", backup]);
		expect(diff.json.files).toMatchObject({ added: 1, removed: 0, changed: 2 });

		const content = contentOf(home.library);
		const again = await run(binary, home, [...MISSING, "--yes", backup]);
		expect([again.exitCode, again.stderr]).toEqual([0, ""]);
		expect(again.stdout).toStartWith("Nothing is missing, nothing was changed");
		expect(contentOf(home.library)).toEqual(content);
		expect(backupsIn(home.backups)).toHaveLength(2);

		const undone = await run(binary, home, [
			"library",
			"restore",
			"--undo",
			"--yes",
		]);
		expect(undone.exitCode).toBe(0);
		expect(contentOf(home.library)).toEqual(before);
	}, 30_000);

	test("is told in a dry run, which changes nothing", async () => {
		const before = stateOf(scene.library);
		const { stdout } = await run(binary, scene, [
			...MISSING,
			"--dry-run",
			"latest",
		]);
		expect(stdout).toContain("  Files:         3 come back\n");
		const { json } = await runJson(binary, scene, [
			...MISSING,
			"--dry-run",
			"latest",
		]);
		expect(json).toMatchObject({
			dry_run: true,
			only_missing: true,
			files_missing: 3,
		});
		expect(stateOf(scene.library)).toBe(before);
		expect(backupsIn(scene.backups)).toEqual([backup]);
	}, 30_000);

	test("stays away where the question is not answered", async () => {
		const before = stateOf(scene.library);
		const { exitCode, text } = await runOnTerminal(
			binary,
			scene,
			[...MISSING, "latest"],
			{ answer: "n\n" },
		);
		expect(exitCode).toBe(1);
		expect(text).toContain("Bring them back? [y/N]");
		expect(stateOf(scene.library)).toBe(before);
	});

	test("of which only one file is wanted", async () => {
		using home = copyOf(scene);
		const under = join(FOLDER, "4.mkv");
		await run(binary, home, [
			...MISSING,
			"--yes",
			"--under",
			under,
			"latest",
			"--no-safety-backup",
		]);
		const back = pathsIn(home.library).filter((path) =>
			path.startsWith(FOLDER),
		);
		expect(back).toEqual([under]);
		expect(backupsIn(home.backups)).toEqual([backup]);
	});
});

test("of many tables it names the first few", async () => {
	using home = new Home();
	{
		using library = new Database(home.library);
		for (let at = 0; at < 9; at++) {
			library.run(`CREATE TABLE t${at} (id INTEGER PRIMARY KEY, u UNIQUE)`);
			library.run(`INSERT INTO t${at} VALUES (1, 1), (2, 2)`);
		}
	}
	await backUpAt(home, "2026-02-05T03:00:00Z");
	{
		using library = new Database(home.library);
		for (let at = 0; at < 9; at++) {
			library.run(`DELETE FROM t${at}`);
			library.run(`INSERT INTO t${at} VALUES (9, 2)`);
		}
	}
	const { stdout } = await run(binary, home, [
		...MISSING,
		"--dry-run",
		"latest",
	]);
	const six = "1 t0, 1 t1, 1 t2, 1 t3, 1 t4, 1 t5, rows of 3 more tables";
	expect(stdout).toContain(`  With them:     ${six}\n`);
	expect(stdout).toContain(`  Left out:      ${six}: the library has its own`);
});

describe("refuses", () => {
	const OLDER = "library-v19.db";

	test("a library of another schema, or none, or a damaged one", async () => {
		using other = new Home(OLDER);
		using none = new Home(null);
		using damaged = new Home(null);
		await Bun.write(damaged.library, "SQLite format 3\0 and then nothing");
		const archive = join(scene.backups, backup);
		const codes = await Promise.all(
			[other, none, damaged].map(async (home) => {
				const { exitCode } = await run(binary, home, [
					...MISSING,
					"--yes",
					archive,
				]);
				return exitCode;
			}),
		);
		expect(codes).toEqual([45, 20, 42]);
	});

	test("while somebody has the library open, whom it names", async () => {
		using home = copyOf(scene);
		using library = new Database(home.library);
		library.query("SELECT * FROM files").get();
		const before = stateOf(home.library);
		const { exitCode, stderr } = await run(binary, home, [
			...MISSING,
			"--yes",
			"latest",
		]);
		expect(exitCode).toBe(43);
		expect(stderr).toContain("open in");
		expect(stateOf(home.library)).toBe(before);
	});

	test("a path at which the backup has no file: of a mistyped one nothing is missing", async () => {
		const under = `${FOLDER}x`;
		for (const how of ["--yes", "--dry-run"]) {
			const { exitCode, stderr } = await run(binary, scene, [
				...[...MISSING, how, "--under", under, "latest"],
			]);
			expect(exitCode).toBe(20);
			expect(stderr).toContain(`no file at ${under} in ${scene.backups}`);
		}
	});

	test("flags that make no sense together", async () => {
		for (const args of [
			["restore", "latest", "--under", "/mnt"],
			["restore", "--only-missing", "latest", "--allow-newer-schema"],
			["restore", "--only-missing"],
		]) {
			expect(await run(binary, scene, ["library", ...args])).toMatchObject({
				exitCode: 2,
			});
		}
	});
});
