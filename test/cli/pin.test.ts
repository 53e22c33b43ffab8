// vpo library pin and unpin: what is pinned stays, is shown, and is nowhere lost.

import { expect, test } from "bun:test";
import {
	readdirSync,
	readFileSync,
	symlinkSync,
	unlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeBackups } from "../helpers/backups.ts";
import { Mount } from "../helpers/mounts.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { stateOf, tree } from "../helpers/state.ts";

const CREATED = [
	"2026-02-01T03:00:00Z",
	"2026-02-02T03:00:00Z",
	"2026-02-03T03:00:00Z",
];
const [FIRST = "", SECOND = "", THIRD = ""] = CREATED.map(
	(at) => `vpo-library-${at.replaceAll(":", "")}.tar.gz`,
);

async function makeHome(): Promise<Home> {
	const home = new Home(null);
	await makeBackups(
		home.backups,
		CREATED.map((createdAt) => ({ createdAt })),
	);
	return home;
}

/** The pins that the list shows, as "name: note". */
async function pins(home: Home): Promise<string[]> {
	const { json } = await runJson(binary, home, ["library", "backups"]);
	const backups = json.backups as {
		filename: string;
		pinned: boolean;
		pin_note: string | null;
	}[];
	return backups
		.filter(({ pinned }) => pinned)
		.map(({ filename, pin_note }) => `${filename}: ${pin_note}`);
}

test("pins by name, prefix, path and latest, and unpins", async () => {
	using home = await makeHome();
	const pin = ["library", "pin"];
	const path = join(home.backups, FIRST);
	const { exitCode, stdout, stderr } = await run(binary, home, [
		...pin,
		path,
		"--note",
		"the first",
	]);
	expect([exitCode, stderr]).toEqual([0, ""]);
	expect(stdout).toBe(`Pinned: ${path}\n  Note:  the first\n`);
	expect(await runJson(binary, home, [...pin, "2026-02-02"])).toEqual({
		exitCode: 0,
		json: {
			success: true,
			filename: SECOND,
			path: join(home.backups, SECOND),
			pinned: true,
			note: null,
		},
	});
	await run(binary, home, [...pin, "latest"]);
	expect(await pins(home)).toEqual([
		`${THIRD}: null`,
		`${SECOND}: null`,
		`${FIRST}: the first`,
	]);
	const unpinned = await run(binary, home, ["library", "unpin", FIRST]);
	expect(unpinned.stdout).toBe(`No longer pinned: ${path}\n`);
	expect(await pins(home)).toEqual([`${THIRD}: null`, `${SECOND}: null`]);
	expect(readdirSync(home.backups).sort()).toEqual([
		".vpo-state.json",
		FIRST,
		SECOND,
		THIRD,
	]);
});

test("says so where nothing changes, and keeps a note until there is another", async () => {
	using home = await makeHome();
	const note = (text: string) =>
		run(binary, home, ["library", "pin", FIRST, "--note", text]);
	await note("one");
	const again = await run(binary, home, ["library", "pin", FIRST]);
	expect(again.stdout).toMatch(/^Pinned already: .*\n {2}Note: {2}one\n$/);
	expect((await note("two")).stdout).toContain("Note:  two");
	const never = await run(binary, home, ["library", "unpin", SECOND]);
	expect([never.exitCode, never.stdout]).toEqual([
		0,
		`Not pinned: ${join(home.backups, SECOND)}\n`,
	]);
	expect(await pins(home)).toEqual([`${FIRST}: two`]);
});

test("through a link it is the backup that is pinned", async () => {
	using home = await makeHome();
	symlinkSync(SECOND, join(home.backups, "favourite.tar.gz"));
	await run(binary, home, ["library", "pin", "favourite.tar.gz"]);
	expect(await pins(home)).toEqual([`${SECOND}: null`]);
});

test("what is no archive is refused", async () => {
	using home = new Home();
	const before = tree(home.at(".vpo"));
	const pin = ["library", "pin", home.library];
	const { exitCode, json } = await runJson(binary, home, pin);
	expect(exitCode).toBe(46);
	expect(json.error).toContain(home.library);
	expect(tree(home.at(".vpo"))).toEqual(before);
});

test("a dry run changes nothing", async () => {
	using home = await makeHome();
	const before = tree(home.backups);
	const { exitCode, json } = await runJson(binary, home, [
		"library",
		"pin",
		FIRST,
		"--dry-run",
	]);
	expect(exitCode).toBe(0);
	expect(json).toMatchObject({
		dry_run: true,
		filename: FIRST,
		pinned: true,
	});
	expect(tree(home.backups)).toEqual(before);
});

test.each([
	[["pin"], 2, "missing BACKUP"],
	[["unpin", ""], 2, "BACKUP is empty"],
	[["pin", FIRST, SECOND], 2, "unexpected argument"],
	[["pin", FIRST, "--note", "x".repeat(1001)], 2, "--note must have at most"],
	[["unpin", FIRST, "--note", "x"], 2, "unknown flag --note"],
	[["pin", "2026-02-0"], 20, "ambiguous"],
	[["pin", "2025"], 20, 'no backup "2025"'],
	[["pin", "/nowhere.tar.gz"], 20, "no such file"],
	[["pin", "/tmp/"], 46, "this is a folder"],
])("%p fails with exit code %d", async (args, code, message) => {
	using home = await makeHome();
	const { exitCode, json } = await runJson(binary, home, ["library", ...args]);
	expect(exitCode).toBe(code);
	expect(json.error).toContain(message);
	expect(await pins(home)).toEqual([]);
});

test("what can't be remembered is no pin", async () => {
	using home = await makeHome();
	using mount = Mount.readOnly(home.backups);
	const { exitCode, json } = await runJson(binary, home, [
		"library",
		"pin",
		"latest",
		"--path",
		mount.path,
	]);
	expect(exitCode).toBe(40);
	expect(json.error).toContain("read-only");
});

test("a malformed state file is not replaced until somebody removes it", async () => {
	using home = await makeHome();
	const path = join(home.backups, ".vpo-state.json");
	writeFileSync(path, "{");
	const before = stateOf(path);
	for (const flags of [[], ["--dry-run"]]) {
		const { exitCode, json } = await runJson(binary, home, [
			"library",
			"pin",
			FIRST,
			...flags,
		]);
		expect([exitCode, json.code]).toEqual([40, "OPERATION_FAILED"]);
	}
	expect(stateOf(path)).toBe(before);
	unlinkSync(path);
	await run(binary, home, ["library", "pin", FIRST]);
	expect(await pins(home)).toEqual([`${FIRST}: null`]);
});

test("a pin lies beside its archive, wherever that is", async () => {
	using home = await makeHome();
	const elsewhere = home.at("elsewhere");
	await makeBackups(elsewhere, [{ createdAt: "2025-01-01T00:00:00Z" }]);
	const [name = ""] = readdirSync(elsewhere);
	await run(binary, home, ["library", "pin", join(elsewhere, name)]);
	expect(readFileSync(join(elsewhere, ".vpo-state.json"), "utf8")).toContain(
		name,
	);
	expect(await pins(home)).toEqual([]);
});

test("prune keeps what is pinned", async () => {
	using home = await makeHome();
	await run(binary, home, ["library", "pin", FIRST]);
	const prune = await run(binary, home, [
		"library",
		"prune",
		"--keep-last",
		"1",
		"--yes",
	]);
	expect(prune.exitCode).toBe(0);
	expect(readdirSync(home.backups).sort()).toEqual([
		".vpo-state.json",
		FIRST,
		THIRD,
	]);
});
