// Which library a backup is of: two of them in one folder never count for each other, on whatever machine they are.

import {
	afterEach,
	beforeEach,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import {
	cpSync,
	existsSync,
	mkdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { openFolder } from "../../src/core/location/folder.ts";
import { identityIn } from "../../src/core/location/location.ts";
import { makeBackups } from "../helpers/backups.ts";
import { binary, FIXTURES, Home, run, runJson } from "../helpers/program.ts";
import { backupsIn } from "../helpers/state.ts";

setDefaultTimeout(30_000);

const DAY_MS = 24 * 3600 * 1000;
const daysAgo = (days: number) =>
	`${new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 19)}Z`;

let home: Home;
let nas: string;
beforeEach(() => {
	home = new Home();
	nas = home.at("nas");
	mkdirSync(nas);
});
afterEach(() => home[Symbol.dispose]());

/** Runs a command for one of two libraries that share the folder. */
const call = (library: string, ...args: string[]) =>
	runJson(binary, home, [
		"library",
		...args,
		"--path",
		nas,
		"--database",
		library,
	]);

const memoryOf = (library: string) =>
	JSON.parse(readFileSync(`${library}.vpo.json`, "utf8")) as {
		library_id: string;
		last_restore: unknown;
	};

/** Two libraries; the other one is the older version's. */
function second(): string {
	const path = home.at("other", "library.db");
	mkdirSync(home.at("other"));
	cpSync(join(FIXTURES, "library-v19.db"), path);
	return path;
}

test("two libraries in one folder: neither prunes, checks, compares with or restores the other's", async () => {
	const other = second();
	const first = await call(home.library, "backup");
	const theirs = await call(other, "backup");
	expect([first.exitCode, theirs.exitCode]).toEqual([0, 0]);
	expect(theirs.json.warnings).toEqual([]); // no shrink alarm against the first one's
	expect(memoryOf(home.library).library_id).not.toBe(
		memoryOf(other).library_id,
	);

	const { json: list } = await call(home.library, "backups");
	expect(
		(
			list.backups as { path: string; counts: boolean; passed_over: string }[]
		).map(({ path, counts, passed_over }) => [path, counts, passed_over]),
	).toEqual([
		[theirs.json.path as string, false, "of another library"],
		[first.json.path as string, true, null as never],
	]);

	const latest = await call(home.library, "restore", "latest", "--dry-run");
	expect(latest.json).toMatchObject({
		backup_path: first.json.path,
		passed_over: [{ path: theirs.json.path, reason: "of another library" }],
	});

	await makeBackups(
		nas,
		[1, 2, 3].map((days) => ({
			createdAt: daysAgo(days),
			libraryId: memoryOf(other).library_id,
		})),
	);
	const pruned = await call(home.library, "prune", "--keep-last", "1", "--yes");
	expect(pruned.json.removed).toEqual([]);
	expect(backupsIn(nas)).toHaveLength(5);
	const ours = await call(other, "prune", "--keep-last", "1", "--yes");
	expect(ours.json.removed).toHaveLength(3);
	expect(backupsIn(nas)).toHaveLength(2);

	rmSync(String(first.json.path));
	const check = await call(home.library, "check");
	expect(check).toMatchObject({ exitCode: 61, json: { backup_count: 0 } });
	expect((await call(other, "check")).exitCode).toBe(0);
});

test("another library's backup is restored by its name, with a word, and the library stays who it is", async () => {
	const other = second();
	await call(home.library, "backup");
	const theirs = await call(other, "backup");
	const before = memoryOf(home.library).library_id;
	const restored = await call(
		home.library,
		"restore",
		"--yes",
		"--allow-newer-schema",
		String(theirs.json.path),
	);
	expect(restored.exitCode).toBe(0);
	expect(String(restored.json.warnings)).toContain("of another library");
	expect(memoryOf(home.library).library_id).toBe(before);
	const undo = ["restore", "--yes", "--undo", "--allow-newer-schema"];
	const undone = await call(home.library, ...undo);
	expect(undone.json.source_path).toBe(restored.json.safety_backup);
	expect(
		(await call(other, "restore", "--undo", "--yes")).json.error,
	).toContain("no restore to undo");
});

describe("on a new machine", () => {
	test("the library is the one of which all backups are, and a restore takes its id over", async () => {
		await call(home.library, "backup");
		const { library_id } = memoryOf(home.library);
		const fresh = home.at("fresh", "library.db");
		const restored = await call(fresh, "restore", "latest", "--yes");
		expect(restored.exitCode).toBe(0);
		expect(memoryOf(fresh).library_id).toBe(library_id);
		expect((await call(fresh, "check")).exitCode).toBe(0);
	});

	test("latest is not guessed where there are several, and a restore by name settles it", async () => {
		const other = second();
		const first = await call(home.library, "backup");
		const theirs = await call(other, "backup");
		const fresh = home.at("fresh", "library.db");
		const refused = await call(fresh, "restore", "latest", "--yes");
		expect(refused.exitCode).toBe(20);
		for (const { json } of [first, theirs]) {
			const name = String(json.path).split("/").at(-1) ?? "";
			expect(refused.json.error).toContain(name);
		}
		expect(existsSync(fresh)).toBe(false);
		const prune = await call(fresh, "prune", "--keep-last", "1", "--yes");
		expect(prune.exitCode).toBe(20);
		await call(fresh, "restore", String(first.json.path), "--yes");
		const { library_id } = memoryOf(home.library);
		expect(memoryOf(fresh).library_id).toBe(library_id);
		expect((await call(fresh, "restore", "latest", "--dry-run")).exitCode).toBe(
			0,
		);
	});
});

test("a copied library is another one, a linked one is the same", async () => {
	await call(home.library, "backup");
	const { library_id } = memoryOf(home.library);
	const copy = home.at("copy.db");
	cpSync(home.library, copy);
	await call(copy, "backup");
	expect(memoryOf(copy).library_id).not.toBe(library_id);
	const link = home.at("link.db");
	symlinkSync(home.library, link);
	const { json } = await call(link, "restore", "latest", "--dry-run");
	expect(json.passed_over).toHaveLength(1);
	expect(existsSync(`${link}.vpo.json`)).toBe(false);
});

test("without its memory a library makes itself known anew, and loses nothing", async () => {
	await call(home.library, "backup");
	rmSync(`${home.library}.vpo.json`);
	const again = await call(home.library, "backup");
	expect(again.exitCode).toBe(0);
	expect(backupsIn(nas)).toHaveLength(2);
	const prune = await call(home.library, "prune", "--keep-last", "1", "--yes");
	expect(prune.json.removed).toEqual([]);
});

describe("backups of earlier versions and of VPO, which have no id,", () => {
	test("count for whoever looks", async () => {
		const [old = ""] = await makeBackups(nas, [{ createdAt: daysAgo(1 / 24) }]);
		const { json } = await call(home.library, "check");
		expect(json).toMatchObject({ status: "ok", newest_backup: join(nas, old) });
		await call(home.library, "backup");
		const { json: list } = await call(home.library, "backups");
		expect(
			(list.backups as { counts: boolean }[]).map(({ counts }) => counts),
		).toEqual([true, true]);
	});
});

describe("a backup that the library still equals", () => {
	test("is confirmed, and counts from then for check, list and metrics", async () => {
		await run(binary, home, ["library", "backup", "--path", nas]);
		const [name = ""] = backupsIn(nas);
		const unchanged = await call(home.library, "backup", "--skip-unchanged");
		expect(unchanged.json).toMatchObject({ unchanged: true, warnings: [] });
		const { json } = await call(home.library, "backups");
		expect(json.backups).toMatchObject([
			{ filename: name, confirmed_at: expect.stringMatching(/Z$/) },
		]);
		const listed = await run(binary, home, [
			"library",
			"backups",
			"--path",
			nas,
		]);
		expect(listed.stdout).toContain("\n  unchanged until ");
	});

	test("is as old as its confirmation, not as its file", async () => {
		const [name = ""] = await makeBackups(nas, [{ createdAt: daysAgo(5) }]);
		expect((await call(home.library, "check")).exitCode).toBe(61);
		const folder = openFolder(nas);
		const entry = await folder.find(name);
		if (entry === null || "problem" in entry) throw new Error("not made");
		await folder.remember(name, identityIn(entry), { confirmedAt: daysAgo(1) });
		const metrics = home.at("vpo.prom");
		const check = await call(home.library, "check", "--metrics", metrics);
		expect(check.exitCode).toBe(0);
		expect(check.json.newest_backup_age_seconds).toBeLessThan(25 * 3600);
		const confirmed = Date.parse(daysAgo(1)) / 1000;
		const [, newest] =
			/newest_timestamp_seconds (\d+)/.exec(readFileSync(metrics, "utf8")) ??
			[];
		expect(Math.abs(Number(newest) - confirmed)).toBeLessThan(60);
	});
});

test("a backup dated ahead of the clock takes part in nothing, and check warns until it is gone", async () => {
	const [ahead = ""] = await makeBackups(nas, [
		{ createdAt: daysAgo(-3000), fileCount: 99_999 },
	]);
	const first = await call(
		home.library,
		"backup",
		"--fail-on-shrink",
		"--skip-unchanged",
	);
	expect(first).toMatchObject({ exitCode: 0, json: { warnings: [] } });
	const again = await call(home.library, "backup", "--skip-unchanged");
	expect(again.json).toMatchObject({ unchanged: true, path: first.json.path });
	const check = await call(home.library, "check");
	expect(check.exitCode).toBe(60);
	expect(check.json.error).toContain(ahead);
	const latest = await call(home.library, "restore", "latest", "--dry-run");
	expect(latest.json).toMatchObject({
		backup_path: first.json.path,
		passed_over: [{ filename: ahead }],
	});
	rmSync(join(nas, ahead));
	expect((await call(home.library, "check")).exitCode).toBe(0);
});

test("latest that turns out to be damaged is not met a second time", async () => {
	const first = await call(home.library, "backup");
	const [name = ""] = await makeBackups(nas, [
		{ createdAt: daysAgo(-1 / 1440) },
	]);
	const path = join(nas, name);
	const bytes = readFileSync(path);
	const middle = bytes.length >> 1; // its ends are whole
	bytes.fill((bytes[middle] ?? 0) ^ 8, middle, middle + 1);
	writeFileSync(path, bytes);
	const dry = await call(home.library, "restore", "latest", "--dry-run");
	expect(dry.exitCode).toBe(46);
	const refused = await call(home.library, "restore", "latest", "--yes");
	expect(refused).toMatchObject({
		exitCode: 46,
		json: {
			error: expect.stringContaining(path),
			hint: expect.stringContaining("restore latest"),
		},
	});
	const restored = await call(home.library, "restore", "latest", "--yes");
	expect(restored).toMatchObject({
		exitCode: 0,
		json: { source_path: first.json.path, passed_over: [{ path }] },
	});
});
