// vpo library diff, and the same counts in the question before a restore.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, symlinkSync } from "node:fs";
import {
	backUpAt,
	COUNTS,
	FOLDER,
	homeWithFolder,
	loseFolder,
} from "../../helpers/nights.ts";
import { binary, type Home, run, runJson } from "../../helpers/program.ts";
import { stateOf } from "../../helpers/state.ts";

const DIFF = ["library", "diff"];

let home: Home;
let backup: string;
beforeAll(async () => {
	home = homeWithFolder();
	backup = await backUpAt(home, "2026-02-05T03:00:00Z");
	loseFolder(home.library);
});
afterAll(() => home[Symbol.dispose]());

describe("diff", () => {
	test("tells what changed since a backup, by table and then by path, and changes nothing", async () => {
		const before = stateOf(home.path);
		const { exitCode, stdout, stderr } = await run(binary, home, [
			...DIFF,
			"latest",
		]);
		expect([exitCode, stderr]).toEqual([0, ""]);
		const lines = stdout.trimEnd().split("\n");
		expect(lines.slice(0, 3)).toEqual([
			`  From:   ${home.backups}/${backup} (2026-02-05 03:00)`,
			`  To:     ${home.library} (the library as it is)`,
			"  Files:  1 added, 3 removed, 2 changed, 4 only looked at again",
		]);
		expect(stdout).toMatch(/^files +1 +3 +1 +4$/m);
		expect(lines.filter((line) => /^[-+~] /.test(line))).toHaveLength(6);
		expect(lines).toContain("+ /mnt/media/new.mkv");
		expect(lines).toContain(`- ${FOLDER}/3.mkv`);
		expect(stdout).toMatch(/^ {4}size_bytes \d+ → 7$/m);
		expect(stateOf(home.path)).toEqual(before);
	});

	test("in JSON, all of it", async () => {
		const { exitCode, json } = await runJson(binary, home, [...DIFF, "latest"]);
		expect(exitCode).toBe(0);
		expect(json).toMatchObject({
			success: true,
			new: { path: home.library, live: true, created_at: null },
			files: { added: 1, removed: 3, changed: 2, looked_at_again: 4 },
			changes_total: 6,
		});
		const changes = json.changes as Record<string, unknown>[];
		expect(changes.find(({ change }) => change === "added")).toMatchObject({
			path: "/mnt/media/new.mkv",
		});
		const changed = changes.filter(({ change }) => change === "changed");
		expect(changed.flatMap(({ columns }) => columns)).toMatchObject([
			{ column: "size_bytes", new: 7 },
		]);
		expect(changed.flatMap(({ belongings }) => belongings)).toEqual([
			{ table: "tracks", change: "changed", rows: 1 },
		]);
	});

	test("lists the rows of a table, below a folder, as many as wanted", async () => {
		const args = ["latest", "--table", "TRACKS", "--limit", "2"];
		const { stdout } = await run(binary, home, [
			...[...DIFF, ...args, "--under", FOLDER],
		]);
		const rows = stdout.split("\n").filter((line) => line.startsWith("- "));
		expect(rows).toEqual([
			`- ${FOLDER}/3.mkv  track_index=0`,
			`- ${FOLDER}/3.mkv  track_index=1`,
		]);
		expect(stdout).toMatch(/… and \d+ more: --limit \d+\n$/);
		expect(stdout).not.toContain("new.mkv");
	});

	test("lets no control character of a title out", async () => {
		const args = [...DIFF, "latest", "--table", "tracks", "--limit", "999"];
		const { stdout } = await run(binary, home, args);
		expect(stdout).toContain("\ufffd[31m");
		expect(stdout).not.toContain("\u001b");
	});

	test("compares two backups, and one with itself", async () => {
		const { json } = await runJson(binary, home, [...DIFF, backup, "latest"]);
		expect(json).toMatchObject({
			new: { live: false, created_at: "2026-02-05T03:00:00Z" },
			files: { added: 0, removed: 0, changed: 0, looked_at_again: 0 },
			changes: [],
		});
		const { stdout } = await run(binary, home, [...DIFF, backup, "latest"]);
		expect(stdout).toContain("  Files:  none changed\n");
	});

	test("names a table that is not there, and what is wrong with a path", async () => {
		const none = await runJson(binary, home, [
			...[...DIFF, "latest", "--table", "nope"],
		]);
		expect(none).toMatchObject({ exitCode: 20, json: { code: "NOT_FOUND" } });
		const typo = await runJson(binary, home, [
			...[...DIFF, "latest", "--under", `${FOLDER}x`],
		]);
		expect(typo).toMatchObject({ exitCode: 20, json: { code: "NOT_FOUND" } });
		expect(typo.json.error).toStartWith(`no file at ${FOLDER}x in `);
		const empty = await runJson(binary, home, [
			...[...DIFF, "latest", "--under="],
		]);
		expect(empty).toMatchObject({ exitCode: 2, json: { code: "USAGE" } });
	});

	test("follows a library that is a link", async () => {
		const link = home.at("link.db");
		symlinkSync(home.library, link);
		const { json } = await runJson(binary, home, [
			...[...DIFF, "latest", "--database", link],
		]);
		expect(json).toMatchObject({ files: { added: 1, removed: 3 } });
	});

	test("leaves no scratch behind", () => {
		expect(readdirSync(home.at(".vpo")).sort()).toEqual([
			"backups",
			"library.db",
		]);
	});
});

describe("the preview of a restore", () => {
	const RESTORE = ["library", "restore", "latest", "--dry-run"];

	test("tells in at most eight lines what would be lost", async () => {
		const { stdout } = await run(binary, home, RESTORE);
		const lines = stdout.trimEnd().split("\n");
		const changes = lines.slice(lines.indexOf("  Changes:") + 1);
		expect(changes.slice(0, 2)).toEqual([
			"    1 file scanned since then would be lost, 3 come back, 2 differ",
			"    4 files only looked at again since then",
		]);
		expect(changes.length).toBeLessThanOrEqual(8);
		expect(changes.at(-1)).toBe(
			`    in full: vpo library diff ${home.backups}/${backup}`,
		);
	});

	test("has the counts in its document, and so has the restore", async () => {
		const { json } = await runJson(binary, home, RESTORE);
		const { lost, comeBack, differ, lookedAgain } = COUNTS;
		expect(json.changes).toMatchObject({
			files: {
				lost,
				come_back: comeBack,
				differ,
				looked_at_again: lookedAgain,
			},
		});
	});
});
