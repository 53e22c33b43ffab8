// The main job on real libraries: what is backed up comes back, row by row.

import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { cpSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { contentOf } from "../helpers/content.ts";
import {
	binary,
	FIXTURES,
	Home,
	PROGRAMS,
	run,
	runJson,
} from "../helpers/program.ts";
import { backupsIn } from "../helpers/state.ts";

const VPO_ARCHIVES = readdirSync(FIXTURES).filter((name) =>
	name.endsWith(".tar.gz"),
);

describe.each(PROGRAMS)("$name", (program) => {
	test.each(["library-v27.db", "library-v19.db"])(
		"%s comes back as it was",
		async (fixture) => {
			using home = new Home(fixture);
			const before = contentOf(home.library);
			const backup = await runJson(program, home, ["library", "backup"]);
			expect(backup).toMatchObject({
				exitCode: 0,
				json: { success: true, warnings: [] },
			});
			const target = home.at("elsewhere", "library.db");
			const args = ["library", "restore", "latest", "--database", target];
			const restored = await runJson(program, home, args);
			expect(restored).toMatchObject({
				exitCode: 0,
				json: { success: true, safety_backup: null },
			});
			expect(contentOf(target)).toEqual(before);
		},
	);

	test.each(VPO_ARCHIVES)(
		"VPO's own archive %s restores to the library it was made of",
		async (name) => {
			using home = new Home(null);
			const args = ["library", "restore", join(FIXTURES, name)];
			const { exitCode } = await run(program, home, args);
			expect(exitCode).toBe(0);
			expect(contentOf(home.library)).toEqual(
				contentOf(join(FIXTURES, "library-v27.db")),
			);
		},
	);

	test("a library in WAL mode comes back in WAL mode, another one in its own", async () => {
		using home = new Home();
		const modeOf = (path: string) => readFileSync(path)[18];
		for (const mode of ["wal", "delete"]) {
			const database = new Database(home.library);
			database.run(`PRAGMA journal_mode = ${mode}`);
			database.close(true);
			const target = home.at(`${mode}.db`);
			await run(program, home, ["library", "backup"]);
			await run(program, home, [
				"library",
				"restore",
				"latest",
				"--database",
				target,
			]);
			expect(modeOf(target)).toBe(mode === "wal" ? 2 : 1);
		}
	});

	test("rows that are only in the WAL are in the backup, and the library's files stay as they were", async () => {
		using home = new Home(null);
		cpSync(join(FIXTURES, "library-v27-hot-wal"), home.at(".vpo"), {
			recursive: true,
		});
		const files = [home.library, `${home.library}-wal`];
		const before = files.map((path) => readFileSync(path).toString("base64"));
		const { json } = await runJson(program, home, ["library", "backup"]);
		expect(json.file_count).toBe(150);
		expect(files.map((path) => readFileSync(path).toString("base64"))).toEqual(
			before,
		);
	});

	test("files and folders are private whatever the umask", async () => {
		using home = new Home();
		const command = [
			"sh",
			"-c",
			'umask 000; exec "$@"',
			"sh",
			...program.command,
		];
		await run({ ...program, command }, home, ["library", "backup"]);
		const [name = ""] = backupsIn(home.backups);
		expect(statSync(home.backups).mode & 0o777).toBe(0o700);
		expect(statSync(join(home.backups, name)).mode & 0o777).toBe(0o600);
	});

	test("a closed library in WAL mode is left without new files beside it but its memory", async () => {
		using home = new Home();
		await run(program, home, ["library", "backup"]);
		expect(readdirSync(home.at(".vpo")).sort()).toEqual([
			"backups",
			"library.db",
			"library.db.vpo.json",
		]);
	});
});

test("a library of hundreds of tables with long names is backed up again and again", async () => {
	using home = new Home();
	const library = new Database(home.library);
	library.transaction(() => {
		for (let at = 0; at < 210; at++) {
			const name = `${at} ${"\u{1f3ac}".repeat(90)}`;
			library.run(`CREATE TABLE "${name}" (a)`);
			library.run(`INSERT INTO "${name}" VALUES (1)`);
		}
	})();
	library.close(true);
	for (const _ of [1, 2]) {
		const { exitCode, json } = await runJson(binary, home, [
			"library",
			"backup",
		]);
		expect({ exitCode, warnings: json.warnings }).toEqual({
			exitCode: 0,
			warnings: [],
		});
	}
});
