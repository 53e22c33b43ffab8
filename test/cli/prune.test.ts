// vpo library prune, and backup --prune: only what the plan names goes, and never the last good backup.

import { describe, expect, test } from "bun:test";
import {
	readFileSync,
	statSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeBackups } from "../helpers/backups.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { backupsIn } from "../helpers/state.ts";

const DAY_MS = 24 * 3600 * 1000;

function daysAgo(days: number): string {
	return `${new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 19)}Z`;
}

test("keeps the newest of each day and removes the rest", async () => {
	using home = new Home();
	const names = await makeBackups(
		home.backups,
		[0, 1, 2, 3, 4].map((days) => ({ createdAt: daysAgo(days) })),
	);
	const args = ["library", "prune", "--keep-daily", "2", "--yes", "--utc"];
	const { exitCode, json } = await runJson(binary, home, args);
	expect(exitCode).toBe(0);
	expect(json.removed).toEqual(names.slice(2));
	expect(backupsIn(home.backups).sort()).toEqual(names.slice(0, 2).sort());
});

test("removes nothing in a dry run, and nothing the second time", async () => {
	using home = new Home();
	const names = await makeBackups(
		home.backups,
		[1, 2, 3].map((days) => ({ createdAt: daysAgo(days) })),
	);
	const args = ["library", "prune", "--keep-last", "1"];
	const plan = await runJson(binary, home, [...args, "--dry-run"]);
	expect(plan.json).toMatchObject({
		dry_run: true,
		remove: [{ name: names[1] }, { name: names[2] }],
	});
	expect(backupsIn(home.backups)).toHaveLength(3);
	await run(binary, home, [...args, "--yes"]);
	const again = await runJson(binary, home, [...args, "--yes"]);
	expect(again.json.removed).toEqual([]);
	expect(backupsIn(home.backups)).toEqual([names[0] ?? ""]);
});

test("asks for --yes where there is no terminal, and for a rule where there is none", async () => {
	using home = new Home();
	await makeBackups(
		home.backups,
		[1, 2].map((days) => ({ createdAt: daysAgo(days) })),
	);
	const unconfirmed = await runJson(binary, home, [
		"library",
		"prune",
		"--keep-last",
		"1",
	]);
	expect(unconfirmed).toMatchObject({
		exitCode: 2,
		json: { code: "CONFIRMATION_REQUIRED" },
	});
	const ruleless = await runJson(binary, home, ["library", "prune", "--yes"]);
	expect(ruleless).toMatchObject({ exitCode: 2, json: { code: "USAGE" } });
	expect(backupsIn(home.backups)).toHaveLength(2);
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
		expect(backupsIn(home.backups)).toContain(names[1] ?? "");
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
		expect(backupsIn(home.backups)).toHaveLength(3);
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

	test("takes prune's rules as flags, which then hold alone", async () => {
		using home = new Home();
		const names = await makeBackups(
			home.backups,
			[1, 2, 3, 40].map((days) => ({ createdAt: daysAgo(days) })),
		);
		writeFileSync(home.at(".vpo", "config.toml"), "[backup]\nkeep_last = 1\n");
		const flags = ["--prune", "--keep-within", "1w", "--keep-last=2"];
		const args = ["library", "backup", ...flags];
		const planned = await run(binary, home, [...args, "--dry-run"]);
		expect(planned.stdout).toMatch(/Afterwards: +prune by the rules given$/m);
		const { json } = await runJson(binary, home, args);
		expect(json.pruned).toEqual(names.slice(3));
	});

	test("takes no rule without --prune", async () => {
		using home = new Home();
		const args = ["library", "backup", "--keep-daily", "7"];
		const { exitCode, json } = await runJson(binary, home, args);
		expect([exitCode, json.error]).toEqual([
			2,
			"--keep-daily has a meaning only with --prune",
		]);
	});
});

describe("a rule", () => {
	test.each([
		["--keep-last", "0", 'whole number from 1 to 999999, not "0"'],
		["--keep-daily", "Unlimited", "whole number"],
		["--keep-daily", "-1", "needs a value"],
		["--keep-within", "3x", 'not a duration: "3x"'],
		["--keep-within-weekly", "unlimited", 'not a duration: "unlimited"'],
	])("%s %s is refused", async (flag, value, reason) => {
		using home = new Home();
		const args = ["library", "prune", "--dry-run", flag, value];
		const { exitCode, json } = await runJson(binary, home, args);
		expect(exitCode).toBe(2);
		expect(json.error).toContain(flag);
		expect(json.error).toContain(reason);
	});

	test.each([
		["flags", ["--keep-yearly=unlimited", "--keep-within-daily=2m"], ""],
		[
			"config.toml",
			[],
			'[backup]\nkeep_yearly = "unlimited"\nkeep_within_daily = "2m"\n',
		],
	])(
		"without an end, and one for each day of some months, may stand in %s",
		async (_, flags, toml) => {
			using home = new Home();
			await makeBackups(
				home.backups,
				["2021-03-04", "2022-05-06", "2022-06-07", "2023-07-01", "2023-07-02"]
					.map((day) => `${day}T12:00:00Z`)
					.concat("2023-07-02T11:00:00Z")
					.map((createdAt) => ({ createdAt })),
			);
			writeFileSync(home.at(".vpo", "config.toml"), toml);
			const args = ["library", "prune", "--dry-run", "--trust-clock", ...flags];
			const { json } = await runJson(binary, home, args);
			const removed = json.remove as { created_at: string }[];
			expect(removed.map(({ created_at }) => created_at)).toEqual([
				"2023-07-02T11:00:00Z",
				"2022-05-06T12:00:00Z",
			]);
		},
	);

	test("that is no count in config.toml is refused, with what it must be", async () => {
		using home = new Home();
		const path = home.at(".vpo", "config.toml");
		for (const value of ["0", "'all'", "1.5", "true"]) {
			writeFileSync(path, `[backup]\nkeep_daily = ${value}\n`);
			const { exitCode, json } = await runJson(binary, home, [
				"library",
				"config",
			]);
			expect([exitCode, json.error]).toEqual([
				11,
				`${path}: backup.keep_daily: must be a whole number from 1, or "unlimited"`,
			]);
		}
	});
});
