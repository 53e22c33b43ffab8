// vpo library log: when a folder or a file came, changed and went, and the call that brings it back, which does.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
	backUpAt,
	FOLDER,
	homeWithFolder,
	loseFolder,
} from "../../helpers/nights.ts";
import { binary, type Home, run, runJson } from "../../helpers/program.ts";

const LOG = ["library", "log"];
const NIGHTS = 30;
const LOST = 21;

const at = (night: number) =>
	`2026-02-${String(night).padStart(2, "0")}T03:00:00Z`
		.replace("02-29", "03-01")
		.replace("02-30", "03-02");
const nameOf = (night: number) =>
	`vpo-library-${at(night).replaceAll(":", "")}.tar.gz`;

let home: Home;
beforeAll(async () => {
	home = homeWithFolder();
	for (let night = 1; night <= NIGHTS; night++) {
		if (night === LOST) loseFolder(home.library);
		using library = new Database(home.library);
		if (night === 8) {
			library.run("UPDATE files SET size_bytes = 9 WHERE path = ?", [
				`${FOLDER}/4.mkv`,
			]);
		}
		// Else every third night the library is the same as before.
		if (night % 3 > 0) {
			library.run(
				"INSERT INTO library_snapshots (snapshot_at, total_files, total_size_bytes, missing_files) VALUES ('x', 1, 1, 0)",
			);
		}
		await backUpAt(home, at(night));
	}
}, 60_000);
afterAll(() => home[Symbol.dispose]());

describe("of a folder, over thirty backups", () => {
	test("names the night in which it went", async () => {
		const { exitCode, stdout, stderr } = await run(binary, home, [
			...LOG,
			FOLDER,
		]);
		expect([exitCode, stderr]).toEqual([0, ""]);
		const nights = stdout.split("\n").filter((line) => /^2026/.test(line));
		expect(nights).toEqual([
			"2026-02-01 03:00  2026-02-01T030000Z: 3 files there",
			"2026-02-08 03:00  2026-02-08T030000Z: 1 file changed",
			"2026-02-21 03:00  2026-02-21T030000Z: 3 files vanished",
		]);
		expect(stdout).toContain(`  Backups:  ${NIGHTS}, `);
	}, 30_000);

	test("in JSON, with the call that brings it back", async () => {
		const { json } = await runJson(binary, home, [...LOG, FOLDER]);
		expect(json).toMatchObject({
			backup_count: NIGHTS,
			live: true,
			missing_count: 3,
			missing: [{ filename: nameOf(LOST - 1), count: 3 }],
			entries: [
				{ first: true, files: 3 },
				{ filename: nameOf(8), changed: 1 },
				{ filename: nameOf(LOST), removed: 3, files: 0 },
			],
		});
		const [{ command }] = json.missing as [{ command: string }];
		expect(command).toBe(
			`vpo library restore --only-missing --under '${FOLDER}' ${nameOf(LOST - 1)}`,
		);
	}, 30_000);

	test("reads each backup once, and passes over one that is damaged", async () => {
		const path = join(home.backups, nameOf(8));
		const kept = home.at("kept");
		cpSync(path, kept);
		appendFileSync(path, "x");
		const { exitCode, stdout, stderr } = await run(binary, home, [
			...LOG,
			FOLDER,
		]);
		cpSync(kept, path);
		rmSync(kept);
		expect(exitCode).toBe(0);
		expect(stdout).toContain("2026-02-09T030000Z: 1 file changed");
		expect(stderr).toContain(`not read: ${nameOf(8)}`);
	}, 30_000);
});

test("of a file it tells what changed", async () => {
	const { stdout } = await run(binary, home, [...LOG, `${FOLDER}/4.mkv`]);
	expect(stdout).toMatch(/^ {6}size_bytes \d+ → 9$/m);
	expect(stdout).toContain("1 file is missing, last in 2026-02-20T030000Z");
}, 30_000);

test("of a file that is still there it says that nothing is missing", async () => {
	const { stdout } = await run(binary, home, [...LOG, "/mnt/media/new.mkv"]);
	expect(stdout).toContain("2026-02-21T030000Z: 1 file appeared");
	expect(stdout).toContain("Nothing is missing.");
}, 30_000);

test("of what never was it says so", async () => {
	expect(await runJson(binary, home, [...LOG, "/nowhere"])).toMatchObject({
		exitCode: 20,
		json: { code: "NOT_FOUND" },
	});
}, 30_000);

test("leaves no scratch behind", () => {
	expect(readdirSync(home.at(".vpo")).sort()).toEqual([
		"backups",
		"library.db",
	]);
});
