// What prune relies on is proven as a restore would; where the clock can't be right, nothing goes.

import {
	afterEach,
	beforeEach,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBackups } from "../helpers/backups.ts";
import {
	makeLibrary,
	ownArchive,
	ownMetadata,
	rewriteLibrary,
} from "../helpers/hostile.ts";
import { mountFile } from "../helpers/mounts.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { backupsIn, unpacked } from "../helpers/state.ts";

setDefaultTimeout(30_000);

const DAY_MS = 24 * 3600 * 1000;
const PRUNE = ["library", "prune", "--keep-last", "3", "--yes"];

const daysAgo = (days: number) =>
	`${new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 19)}Z`;

let home: Home;
beforeEach(() => {
	home = new Home();
});
afterEach(() => home[Symbol.dispose]());

/** An archive that looks like a backup in every byte of its ends, of a library that is none. */
function plant(days: number): string {
	const library = rewriteLibrary(
		home.path,
		makeLibrary(home.path),
		"DROP TABLE files; CREATE TABLE holidays (id INTEGER)",
	);
	const createdAt = daysAgo(days);
	const metadata = ownMetadata(library, { created_at: createdAt });
	const name = `vpo-library-${createdAt.replaceAll(":", "")}.tar.gz`;
	writeFileSync(join(home.backups, name), ownArchive(library, metadata));
	return name;
}

test.each([
	["newer than", [0.1, 0.2, 0.3]],
	["in between", [1.5, 2.5, 2.7]],
])(
	"planted archives %s the real ones take no place of theirs",
	async (_, days) => {
		const real = await makeBackups(
			home.backups,
			[1, 2, 3, 4, 5].map((day) => ({ createdAt: daysAgo(day) })),
		);
		const planted = days.map(plant);
		const { exitCode, json } = await runJson(binary, home, PRUNE);
		expect(exitCode).toBe(0);
		expect(json.removed).toEqual(real.slice(3));
		expect(backupsIn(home.backups)).toEqual(
			[...real.slice(0, 3), ...planted].sort(),
		);
		const { json: list } = await runJson(binary, home, ["library", "backups"]);
		const bad = (
			list.backups as { filename: string; verified_error: unknown }[]
		)
			.filter(({ verified_error }) => verified_error !== null)
			.map(({ filename }) => filename);
		expect(bad.length).toBeGreaterThan(0);
		expect(planted).toEqual(expect.arrayContaining(bad));
	},
);

test("what was proven once is not proven again, but for the newest", async () => {
	const names = await makeBackups(
		home.backups,
		[1, 2, 3, 4].map((day) => ({ createdAt: daysAgo(day) })),
	);
	await run(binary, home, PRUNE);
	const state = readFileSync(join(home.backups, ".vpo-state.json"), "utf8");
	const { archives } = JSON.parse(state) as {
		archives: Record<string, { verified_at: string | null }>;
	};
	const proven = Object.keys(archives).filter(
		(name) => archives[name]?.verified_at,
	);
	expect(proven.sort()).toEqual(names.slice(0, 3).sort());
});

test("a dry run proves what it says, and remembers nothing", async () => {
	const real = await makeBackups(
		home.backups,
		[1, 2, 3, 4].map((day) => ({ createdAt: daysAgo(day) })),
	);
	plant(0.5);
	const { json } = await runJson(binary, home, [...PRUNE, "--dry-run"]);
	expect(json).toMatchObject({ remove: [{ name: real[3] }] });
	expect(backupsIn(home.backups)).toHaveLength(5);
	expect(unpacked(join(home.backups, real[0] ?? ""), () => true)).toBe(true);
});

describe("where the clock must be wrong, nothing goes, and the reason is named", () => {
	const make = (days: readonly number[]) =>
		makeBackups(
			home.backups,
			days.map((day) => ({ createdAt: daysAgo(day) })),
		);

	test.each([
		["ahead: the newest backup is implausibly old", [700, 701, 702, 703, 704]],
		["behind: backups go on after now", [2, 1, -1, -2, -3, 3, 4, 5]],
	])("%s", async (_, days) => {
		await make(days);
		const { exitCode, json } = await runJson(binary, home, PRUNE);
		expect(exitCode).toBe(60);
		expect(json).toMatchObject({ removed: [], remove: [] });
		expect(String(json.warnings)).toContain("the clock must be wrong");
		expect(backupsIn(home.backups)).toHaveLength(days.length);
		const dry = await runJson(binary, home, [...PRUNE, "--dry-run"]);
		expect(dry.json.remove).not.toEqual([]);
		expect(String(dry.json.warnings)).toContain("the clock must be wrong");
		const trusting = [...PRUNE, "--trust-clock"];
		const { json: pruned } = await runJson(binary, home, trusting);
		expect(pruned.removed).not.toEqual([]);
	});

	test("behind: the library was changed later than now", async () => {
		await make([1, 2, 3, 4, 5]);
		const future = new Date(Date.now() + DAY_MS);
		utimesSync(home.library, future, future);
		const { exitCode, json } = await runJson(binary, home, PRUNE);
		expect(exitCode).toBe(60);
		expect(String(json.warnings)).toContain("later than now");
	});

	test("a backup of that night stands all the same, with exit code 60", async () => {
		await make([700, 701, 702, 703, 704]);
		writeFileSync(home.at(".vpo", "config.toml"), "[backup]\nkeep_last = 2\n");
		const args = ["library", "backup", "--prune"];
		const { exitCode, json } = await runJson(binary, home, args);
		expect(exitCode).toBe(60);
		expect(json).toMatchObject({ code: "ATTENTION", pruned: [] });
		expect(backupsIn(home.backups)).toHaveLength(6);
	});
});

test("one that can't be removed stops no other, both are named, and the exit code says so", async () => {
	const names = await makeBackups(
		home.backups,
		[1, 2, 3, 4, 5, 6].map((days) => ({ createdAt: daysAgo(days) })),
	);
	const stuck = names[4] ?? "";
	const path = join(home.backups, stuck);
	using _ = mountFile(path, path); // nobody removes what is a mount point
	writeFileSync(home.at(".vpo", "config.toml"), "[backup]\nkeep_last = 3\n");
	const { exitCode, json } = await runJson(binary, home, PRUNE);
	expect([exitCode, json.removed]).toEqual([60, [names[3], names[5]]]);
	expect(String(json.warnings)).toContain(`left ${stuck}: cannot be removed`);
	const next = await runJson(binary, home, ["library", "backup", "--prune"]);
	expect([next.exitCode, next.json.pruned]).toEqual([60, [names[2]]]);
	expect(String(next.json.error)).toContain(stuck);
	const { stdout } = await run(binary, home, ["library", "backup", "--prune"]);
	expect(stdout).toMatch(
		/\nPruned: 1 removed, \S+ K?B; not all, see the warning\n/,
	);
	expect(stdout).toEndWith(`  ${names[1]}\n`);
});

test("backup --output FOLDER/ --prune prunes the folder that it writes to", async () => {
	const usb = home.at("usb");
	const made = [1, 2, 3].map((days) => ({ createdAt: daysAgo(days) }));
	const here = await makeBackups(home.backups, made);
	const there = await makeBackups(usb, made);
	writeFileSync(home.at(".vpo", "config.toml"), "[backup]\nkeep_last = 2\n");
	const args = ["library", "backup", "--prune", "--output", `${usb}/`];
	const { exitCode, json } = await runJson(binary, home, args);
	expect([exitCode, json.pruned]).toEqual([0, there.slice(1)]);
	expect(backupsIn(home.backups)).toEqual([...here].sort());
});
