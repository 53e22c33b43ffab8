// vpo library verify as its user calls it: what it prints, how it exits, what it leaves.

import { afterAll, beforeAll, expect, test } from "bun:test";
import {
	chmodSync,
	chownSync,
	cpSync,
	mkdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeBackups } from "../helpers/backups.ts";
import { Mount, requireRoot } from "../helpers/mounts.ts";
import { asUser, OTHER_USER } from "../helpers/peer.ts";
import { binary, FIXTURES, Home, run, runJson } from "../helpers/program.ts";
import { libraryFiles, scratchIn, tree } from "../helpers/state.ts";

const VERIFY = ["library", "verify"];
const VPO = "vpo-library-2026-11-22T110747Z.tar.gz";
const CREATED = ["2026-02-01T03:00:00Z", "2026-02-02T03:00:00Z"];
const [FIRST = "", SECOND = ""] = CREATED.map(
	(at) => `vpo-library-${at.replaceAll(":", "")}.tar.gz`,
);

/** Two backups of ours and one of VPO's; made once, as it takes a while. */
let model: Home;
beforeAll(async () => {
	model = new Home();
	await makeBackups(
		model.backups,
		CREATED.map((createdAt) => ({ createdAt })),
	);
	cpSync(join(FIXTURES, VPO), join(model.backups, VPO));
});
afterAll(() => model[Symbol.dispose]());

function makeHome(): Home {
	const home = new Home();
	cpSync(model.backups, home.backups, {
		recursive: true,
		preserveTimestamps: true,
	});
	return home;
}

function stateIn(folder: string): Record<string, Record<string, unknown>> {
	return JSON.parse(readFileSync(join(folder, ".vpo-state.json"), "utf8"))
		.archives;
}

test("good backups make a table and exit code 0", async () => {
	using home = makeHome();
	const before = libraryFiles(home.library);
	const { exitCode, stdout, stderr } = await run(binary, home, VERIFY);
	expect(exitCode).toBe(0);
	expect(stderr).toBe("");
	const lines = stdout.trimEnd().split("\n");
	expect(lines.map((line) => line.replaceAll(/ +/g, " "))).toEqual([
		"RESULT ARCHIVE FILES TIME NAME",
		expect.stringMatching(/^good 127 KB 120 \d\.\d s 2026-11-22T110747Z$/),
		expect.stringMatching(/^good 1\.1 KB 3 \d\.\d s 2026-02-02T030000Z$/),
		expect.stringMatching(/^good 1\.1 KB 3 \d\.\d s 2026-02-01T030000Z$/),
		expect.stringMatching(/^3 backups, all good, in \d+\.\d s$/),
	]);
	expect(libraryFiles(home.library)).toEqual(before);
	expect(scratchIn(home.at(".vpo"))).toEqual([]);
});

test("a bad one is named with its reason, stops no other, and exits with 46", async () => {
	using home = makeHome();
	truncateSync(join(home.backups, SECOND), 500);
	const { exitCode, stdout, stderr } = await run(binary, home, VERIFY);
	expect(exitCode).toBe(46);
	expect(stdout).toMatch(
		/^good .*\nBAD .*02-02T030000Z\n {2}! incomplete archive: its end is missing\ngood /m,
	);
	expect(stdout).toEndWith(" s\n");
	expect(stderr).toContain(
		`1 of 3 backups is bad: ${SECOND} (incomplete archive: its end is missing)`,
	);
});

test("--json is one document, in good days and in bad ones", async () => {
	using home = makeHome();
	const good = await runJson(binary, home, VERIFY);
	expect(good.exitCode).toBe(0);
	expect(good.json).toMatchObject({
		success: true,
		directory: home.backups,
		total_count: 3,
		bad_count: 0,
		warnings: [],
	});
	expect((good.json.results as object[])[2]).toEqual({
		filename: FIRST,
		path: join(home.backups, FIRST),
		valid: true,
		error: null,
		code: null,
		verified_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
		duration_seconds: expect.any(Number),
		archive_size_bytes: expect.any(Number),
		file_count: 3,
		schema_version: 27,
		repaired_from: null,
		repair_error: null,
		damaged_kept_as: null,
		warnings: [],
	});
	truncateSync(join(home.backups, SECOND), 500);
	const { exitCode, json } = await runJson(binary, home, VERIFY);
	expect(exitCode).toBe(46);
	expect(json).toMatchObject({
		success: false,
		code: "INVALID_ARCHIVE",
		exit_code: 46,
		error: expect.stringContaining(SECOND),
		hint: expect.any(String),
		total_count: 3,
		bad_count: 1,
	});
	expect(json.results).toMatchObject([
		{ valid: true },
		{
			filename: SECOND,
			valid: false,
			code: "INVALID_ARCHIVE",
			error: expect.stringContaining("incomplete archive"),
		},
		{ valid: true },
	]);
});

test("takes any number of names, and only those", async () => {
	using home = makeHome();
	const args = [...VERIFY, "latest", "2026-02-01"];
	const { exitCode, json } = await runJson(binary, home, args);
	expect(exitCode).toBe(0);
	expect(json.results).toMatchObject([{ filename: VPO }, { filename: FIRST }]);
	expect(Object.keys(stateIn(home.backups))).toEqual([VPO, FIRST]);
});

test.each([
	[["--oldest", "0"], "--oldest must be a whole number"],
	[["--oldest", "two"], "--oldest must be a whole number"],
	[["--oldest", "1", "latest"], "--oldest takes no BACKUP"],
	[["latest", ""], "BACKUP is empty"],
	[["--olddest", "1"], "unknown flag --olddest"],
])("%p is a usage error", async (args, message) => {
	using home = makeHome();
	const { exitCode, json } = await runJson(binary, home, [...VERIFY, ...args]);
	expect(exitCode).toBe(2);
	expect(json.error).toContain(message);
});

test("nothing to verify is not success", async () => {
	using home = new Home();
	const { exitCode, json } = await runJson(binary, home, VERIFY);
	expect(exitCode).toBe(20);
	expect(json).toMatchObject({ success: false, code: "NOT_FOUND" });
});

test("needs no library", async () => {
	using home = makeHome();
	rmSync(home.library);
	const { exitCode } = await run(binary, home, VERIFY, {
		env: { VPO_DATABASE_PATH: "/nowhere/library.db" },
	});
	expect(exitCode).toBe(0);
	expect(scratchIn(home.backups)).toEqual([]);
});

test("unpacks in VPO_TEMP_DIR where that is set", async () => {
	using home = makeHome();
	using small = Mount.tmpfs(64 * 1024);
	const { exitCode, json } = await runJson(
		binary,
		home,
		[...VERIFY, VPO, FIRST],
		{ env: { VPO_TEMP_DIR: small.path } },
	);
	expect(exitCode).toBe(44);
	expect(json.results).toMatchObject([
		{ valid: false, code: "INSUFFICIENT_SPACE", verified_at: null },
		{ valid: true },
	]);
	expect(Object.keys(stateIn(home.backups))).toEqual([FIRST]);
});

test("an unreadable one is reported, says nothing about its content, and stops no other", async () => {
	requireRoot("it runs as another user");
	using home = makeHome();
	for (const path of [home.path, home.at(".vpo"), home.backups]) {
		chmodSync(path, 0o755);
		chownSync(path, OTHER_USER, OTHER_USER);
	}
	for (const name of [FIRST, VPO])
		chownSync(join(home.backups, name), OTHER_USER, OTHER_USER);
	chmodSync(join(home.backups, SECOND), 0o600);
	const { exitCode, stdout, stderr } = await run(
		asUser(binary, OTHER_USER),
		home,
		VERIFY,
	);
	expect(exitCode).toBe(40);
	expect(stdout).toMatch(
		/^good .*\nnot read .*02-02T030000Z\n {2}! cannot read: permission denied\ngood /m,
	);
	expect(stderr).toContain(
		`1 of 3 backups is bad: ${SECOND} (cannot read: permission denied)`,
	);
	expect(Object.keys(stateIn(home.backups))).toEqual([VPO, FIRST]);
});

test("in a read-only folder the results stand, and that they are not remembered is one warning", async () => {
	using home = makeHome();
	using mount = Mount.readOnly(home.backups);
	const before = tree(home.backups);
	const { exitCode, stdout, stderr } = await run(binary, home, [
		...VERIFY,
		"--path",
		mount.path,
	]);
	expect(exitCode).toBe(0);
	expect(stdout).toContain("3 backups, all good");
	expect(stderr.match(/not remembered/g)).toHaveLength(1);
	expect(tree(home.backups)).toEqual(before);
});

test("names obey no terminal's rules, and long ones get a line of their own", async () => {
	using home = makeHome();
	const evil = "evil\u001b[31m\u202ename.tar.gz";
	symlinkSync(FIRST, join(home.backups, evil));
	mkdirSync(join(home.backups, "folder.tar.gz"));
	const long = `${"long-name-".repeat(6)}.tar.gz`;
	writeFileSync(join(home.backups, long), "nothing");
	const { exitCode, stdout, stderr } = await run(binary, home, VERIFY);
	expect(exitCode).toBe(46);
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is for
	expect(stdout + stderr).not.toMatch(/[\u001b\u202e]/);
	expect(stdout).toContain(
		`\n  ${long.replace(".tar.gz", "")}\n  ! archive format not supported`,
	);
	for (const line of stdout.split("\n"))
		expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
	expect(stdout).toContain("this is a folder");
});

test("verifications and pins at the same time are all remembered", async () => {
	using home = makeHome();
	const names = [VPO, FIRST, SECOND];
	const outcomes = await Promise.all([
		...names.map((name) =>
			run(binary, home, ["library", "pin", name, "--note", `of ${name}`]),
		),
		...names.map((name) => run(binary, home, [...VERIFY, name])),
		run(binary, home, VERIFY),
	]);
	expect(
		outcomes.map(({ exitCode, stderr }) => `${exitCode}${stderr}`),
	).toEqual(outcomes.map(() => "0"));
	const state = stateIn(home.backups);
	for (const name of names) {
		expect(state[name]).toMatchObject({
			pinned: true,
			note: `of ${name}`,
			verified_error: null,
			verified_at: expect.any(String),
		});
	}
});

test.each([
	["no data folder", {}],
	[
		"a configured backup folder that is missing",
		{ VPO_BACKUP_DIR: "/nowhere" },
	],
])("an archive is verified by its path where there is %s", async (_, env) => {
	using home = new Home(null);
	rmSync(home.at(".vpo"), { recursive: true, force: true });
	const archive = join(model.backups, FIRST);
	const outcome = await runJson(binary, home, [...VERIFY, archive], { env });
	expect(outcome).toMatchObject({ exitCode: 0, json: { bad_count: 0 } });
	expect(tree(home.path)).toEqual({});
});
