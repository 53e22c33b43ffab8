// vpo library prune, and backup --prune: only what the plan names goes, and never the last good backup.

import { describe, expect, test } from "bun:test";
import {
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeBackups } from "../helpers/backups.ts";
import { binary, Home, PROGRAMS, run, runJson } from "../helpers/program.ts";

const DAY_MS = 24 * 3600 * 1000;

function daysAgo(days: number): string {
	return `${new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 19)}Z`;
}

describe.each(PROGRAMS)("$name", (program) => {
	test("keeps the newest of each day and removes the rest", async () => {
		using home = new Home();
		const names = await makeBackups(
			home.backups,
			[0, 1, 2, 3, 4].map((days) => ({ createdAt: daysAgo(days) })),
		);
		const args = ["library", "prune", "--keep-daily", "2", "--yes", "--utc"];
		const { exitCode, json } = await runJson(program, home, args);
		expect(exitCode).toBe(0);
		expect(json.removed).toEqual(names.slice(2));
		expect(readdirSync(home.backups).sort()).toEqual(names.slice(0, 2).sort());
	});

	test("removes nothing in a dry run, and nothing the second time", async () => {
		using home = new Home();
		const names = await makeBackups(
			home.backups,
			[1, 2, 3].map((days) => ({ createdAt: daysAgo(days) })),
		);
		const args = ["library", "prune", "--keep-last", "1"];
		const plan = await runJson(program, home, [...args, "--dry-run"]);
		expect(plan.json).toMatchObject({
			dry_run: true,
			remove: [{ name: names[1] }, { name: names[2] }],
		});
		expect(readdirSync(home.backups)).toHaveLength(3);
		await run(program, home, [...args, "--yes"]);
		const again = await runJson(program, home, [...args, "--yes"]);
		expect(again.json.removed).toEqual([]);
		expect(readdirSync(home.backups)).toEqual([names[0] ?? ""]);
	});

	test("asks for --yes where there is no terminal, and for a rule where there is none", async () => {
		using home = new Home();
		await makeBackups(
			home.backups,
			[1, 2].map((days) => ({ createdAt: daysAgo(days) })),
		);
		const unconfirmed = await runJson(program, home, [
			"library",
			"prune",
			"--keep-last",
			"1",
		]);
		expect(unconfirmed).toMatchObject({
			exitCode: 2,
			json: { code: "CONFIRMATION_REQUIRED" },
		});
		const ruleless = await runJson(program, home, [
			"library",
			"prune",
			"--yes",
		]);
		expect(ruleless).toMatchObject({ exitCode: 2, json: { code: "USAGE" } });
		expect(readdirSync(home.backups)).toHaveLength(2);
	});
});

describe("what prune never removes", () => {
	test("a truncated archive is reported and left, and does not count as kept", async () => {
		using home = new Home();
		const names = await makeBackups(
			home.backups,
			[1, 2, 3].map((days) => ({ createdAt: daysAgo(days) })),
		);
		truncateSync(join(home.backups, names[0] ?? ""), 600);
		const { json } = await runJson(binary, home, [
			"library",
			"prune",
			"--keep-last",
			"1",
			"--yes",
		]);
		expect(json).toMatchObject({
			keep: [{ name: names[1] }],
			removed: [names[2]],
			untouched: [{ name: names[0] }],
		});
	});

	test("the newest good backup is the newest that is whole to its last byte", async () => {
		using home = new Home();
		const names = await makeBackups(
			home.backups,
			[1, 2, 3].map((days) => ({ createdAt: daysAgo(days) })),
		);
		const newest = join(home.backups, names[0] ?? "");
		const bytes = readFileSync(newest);
		const middle = Math.floor(bytes.length / 2);
		bytes[middle] = (bytes[middle] ?? 0) ^ 1;
		writeFileSync(newest, bytes);
		const { json } = await runJson(binary, home, [
			"library",
			"prune",
			"--keep-last",
			"1",
			"--yes",
		]);
		expect(json).toMatchObject({
			keep: [{ name: names[1] }],
			untouched: [{ name: names[0] }],
		});
		expect(readdirSync(home.backups)).toContain(names[1] ?? "");
	});

	test("a young pre-restore backup and a backup from the future stay", async () => {
		using home = new Home();
		const names = await makeBackups(home.backups, [
			{ createdAt: daysAgo(0) },
			{ createdAt: daysAgo(1), kind: "pre-restore" },
			{ createdAt: daysAgo(-400) },
			{ createdAt: daysAgo(2) },
		]);
		const { json } = await runJson(binary, home, [
			"library",
			"prune",
			"--keep-last",
			"1",
			"--yes",
		]);
		expect(json.removed).toEqual([names[3]]);
	});

	test("shrunk backups don't push out the newest good one", async () => {
		using home = new Home();
		const names = await makeBackups(home.backups, [
			{ createdAt: daysAgo(0), shrinkWarning: "the library has shrunk" },
			{ createdAt: daysAgo(1), shrinkWarning: "the library has shrunk" },
			{ createdAt: daysAgo(2) },
		]);
		const { json } = await runJson(binary, home, [
			"library",
			"prune",
			"--keep-last",
			"1",
			"--yes",
		]);
		expect(json.removed).toEqual([names[1]]);
	});

	test("a folder that was named must be there: its share may not be mounted", async () => {
		using home = new Home();
		const path = home.at("nas");
		symlinkSync(home.at("not-mounted"), path);
		const args = ["library", "prune", "--keep-last", "1", "--yes"];
		const { exitCode, stderr } = await run(binary, home, [...args, "-p", path]);
		expect([exitCode, stderr]).toEqual([
			20,
			`[error] no such folder: ${path}\n  correct its name, or mount what it is on\n`,
		]);
	});

	test("a pinned backup stays", async () => {
		using home = new Home();
		const names = await makeBackups(
			home.backups,
			[0, 1, 2].map((days) => ({ createdAt: daysAgo(days) })),
		);
		await run(binary, home, ["library", "pin", names[2] ?? ""]);
		const { json } = await runJson(binary, home, [
			"library",
			"prune",
			"--keep-last",
			"1",
			"--yes",
		]);
		expect(json.removed).toEqual([names[1]]);
	});
});

describe("backup --prune", () => {
	test("applies the configured rules once the new backup stands", async () => {
		using home = new Home();
		const names = await makeBackups(
			home.backups,
			[1, 2, 3].map((days) => ({ createdAt: daysAgo(days) })),
		);
		writeFileSync(home.at(".vpo", "config.toml"), "[backup]\nkeep_last = 2\n");
		const { exitCode, json } = await runJson(binary, home, [
			"library",
			"backup",
			"--prune",
		]);
		expect(exitCode).toBe(0);
		expect(json.pruned).toEqual(names.slice(1));
		expect(statSync(String(json.path)).isFile()).toBe(true);
	});

	test("names what it removed", async () => {
		using home = new Home();
		const names = await makeBackups(
			home.backups,
			[1, 2, 3].map((days) => ({ createdAt: daysAgo(days) })),
		);
		writeFileSync(home.at(".vpo", "config.toml"), "[backup]\nkeep_last = 2\n");
		const args = ["library", "backup", "--prune"];
		const planned = await run(binary, home, [...args, "--dry-run"]);
		expect(planned.stdout).toMatch(
			/^ {2}Afterwards: +prune by the rules of config\.toml$/m,
		);
		const { stdout } = await run(binary, home, args);
		expect(stdout.split("\n").slice(-4)).toEqual([
			expect.stringMatching(/^Pruned: 2 removed, \S+ K?B$/),
			`  ${names[1]}`,
			`  ${names[2]}`,
			"",
		]);
	});

	test("a failed backup never prunes", async () => {
		using home = new Home(null);
		await makeBackups(
			home.backups,
			[1, 2, 3].map((days) => ({ createdAt: daysAgo(days) })),
		);
		writeFileSync(home.at(".vpo", "config.toml"), "[backup]\nkeep_last = 1\n");
		const { exitCode } = await run(binary, home, [
			"library",
			"backup",
			"--prune",
		]);
		expect(exitCode).toBe(20);
		expect(readdirSync(home.backups)).toHaveLength(3);
	});

	test("is refused before anything is done where no rule is configured", async () => {
		using home = new Home();
		const { exitCode, json } = await runJson(binary, home, [
			"library",
			"backup",
			"--prune",
		]);
		expect(exitCode).toBe(2);
		expect(json.error).toContain("--prune");
	});
});
