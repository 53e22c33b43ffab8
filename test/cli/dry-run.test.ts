// A dry run says what would be done, and leaves everything as it was. It says no where the real run would.

import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FAILURES, VPO_ARCHIVE, writeLock } from "../helpers/failing.ts";
import { Mount } from "../helpers/mounts.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { trace } from "../helpers/trace.ts";
import { treeOf } from "../helpers/tree.ts";

setDefaultTimeout(30_000);

const DRY_BACKUP = ["library", "backup", "--dry-run"];
const DRY_RESTORE = ["library", "restore", "--dry-run"];

test("a backup is described in full, and not even a folder is made", async () => {
	using home = new Home();
	const before = treeOf(home.path);
	const { exitCode, stdout, stderr } = await run(binary, home, DRY_BACKUP, {
		env: { VPO_TEMP_DIR: "~/scratch" },
	});
	expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
	expect(stdout).toMatch(
		/^Dry run, nothing is written\. A backup would be made:\n/,
	);
	for (const [label, value] of [
		["Library", home.library],
		["Database size", "720\\.9 KB"],
		["Output", `${home.backups}/vpo-library-.*Z\\.tar\\.gz`],
		["Archive size", ".* to .* \\(estimated\\)"],
		["Files in library", "120"],
		["Schema version", "27"],
		["Space", ".* needed, .* free in .*: enough"],
	]) {
		expect(stdout).toMatch(new RegExp(`^  ${label}: +${value}$`, "m"));
	}
	expect(treeOf(home.path)).toEqual(before);
});

test("a backup that may not be needed is announced as such", async () => {
	using home = new Home();
	const args = [...DRY_BACKUP, "--skip-unchanged"];
	const said = async (...more: readonly string[]) =>
		(await run(binary, home, [...args, ...more])).stdout;
	const unless = "would be made, unless the newest good one holds the same:";
	expect(await said()).toContain(unless);
	expect(await said("-o", "named.tar.gz")).not.toContain("unless");
});

test.each(["new/folder/", "new/out.tar.gz"])(
	"with --output %s nothing is made either",
	async (output) => {
		using home = new Home();
		const before = treeOf(home.path);
		const args = [...DRY_BACKUP, "--output", output];
		expect((await run(binary, home, args)).exitCode).toBe(0);
		expect(treeOf(home.path)).toEqual(before);
	},
);

test("the estimate holds for a real library", async () => {
	using home = new Home();
	const { json } = await runJson(binary, home, DRY_BACKUP);
	const done = await runJson(binary, home, ["library", "backup"]);
	const bytes = Number(done.json.archive_size_bytes);
	expect(bytes).toBeGreaterThan(Number(json.estimated_archive_min_bytes));
	expect(bytes).toBeLessThan(Number(json.estimated_archive_max_bytes));
	expect(done.json.path).toStartWith(
		String(json.output_path).replace(/\d\dZ\.tar\.gz$/, ""),
	);
});

test("a restore is validated in full, and all stays as it was", async () => {
	using home = new Home();
	const { mtimeNs } = statSync(home.library, { bigint: true });
	const before = readdirSync(home.path, { recursive: true });
	const args = [...DRY_RESTORE, VPO_ARCHIVE];
	const { exitCode, stdout, stderr } = await run(binary, home, args);
	expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
	expect(stdout).toMatch(
		/^Dry run, nothing is changed\. The backup is valid; a restore would replace the library:\n/,
	);
	expect(stdout).toMatch(/^ {2}Library now: +120 files, /m);
	expect(stdout).toMatch(/^ {2}Backup: +120 files, /m);
	expect(readdirSync(home.path, { recursive: true })).toEqual(before);
	expect(statSync(home.library, { bigint: true }).mtimeNs).toBe(mtimeNs);
});

const RESTORES = FAILURES.filter(({ name, stage }) => {
	using home = new Home();
	if (name === "a question that nobody can answer") return false;
	const { args, held } = stage(home);
	using _ = held;
	return args.includes("restore");
});
test.each(RESTORES)(
	"$name is refused as the restore itself would",
	async ({ stage }) => {
		using home = new Home();
		const { args } = stage(home);
		const wet = await run(binary, home, args);
		const dry = await run(binary, home, [...args, "--dry-run"]);
		expect(dry).toEqual(wet);
		expect(dry.exitCode).not.toBe(0);
	},
);

test("a library that somebody has open is named by the dry run, and the reason for refusing", async () => {
	using home = new Home();
	using _ = writeLock(home.library);
	const restore = ["library", "restore", VPO_ARCHIVE];
	const dry = await runJson(binary, home, [...restore, "--dry-run"]);
	const wet = await runJson(binary, home, [...restore, "--yes"]);
	const isOpen = / is open in .*pid \d+/;
	expect(dry).toMatchObject({
		exitCode: 0,
		json: { warnings: [expect.stringMatching(isOpen)] },
	});
	expect(wet).toMatchObject({
		exitCode: 43,
		json: { error: expect.stringMatching(isOpen) },
	});
});

test("too little space is the reason for refusing, and the dry run ends as the backup does", async () => {
	using home = new Home();
	using mount = Mount.tmpfs(256 * 1024);
	const output = ["--output", mount.at("/")];
	const dry = await runJson(binary, home, [...DRY_BACKUP, ...output]);
	const wet = await runJson(binary, home, ["library", "backup", ...output]);
	expect(wet.exitCode).toBe(44);
	expect(dry).toMatchObject({
		exitCode: 44,
		json: { ...wet.json, dry_run: true, free_bytes: 262_144, warnings: [] },
	});
	const { stdout, stderr } = await run(binary, home, [
		...DRY_BACKUP,
		...output,
	]);
	expect(stdout).toStartWith(
		"Dry run, nothing is written. A backup would fail:\n",
	);
	expect(stderr).toContain(`[error] not enough space in ${mount.path}: `);
});

test.each([
	["a file", (home: Home) => home.library],
	["below a file", (home: Home) => join(home.library, "new")],
	["where nobody can write", (_: Home, mount: Mount) => mount.path],
	["in there", (_: Home, mount: Mount) => mount.at("new")],
])("a scratch folder that is %s is refused by both", async (_, choose) => {
	using home = new Home();
	using mount = Mount.readOnly(home.path);
	const env = { VPO_TEMP_DIR: choose(home, mount) };
	const dry = await run(binary, home, DRY_BACKUP, { env });
	const wet = await run(binary, home, ["library", "backup"], { env });
	expect([dry.exitCode, wet.exitCode]).toEqual([40, 40]);
	expect(dry.stderr).toContain("[error] ");
});

test("the binary makes no system call that changes a file in a dry backup", async () => {
	using home = new Home();
	const count = { action: "count" } as const;
	const dry = await trace(home, DRY_BACKUP, count);
	expect(dry).toMatchObject({ exitCode: 0, calls: [""] });
	const wet = await trace(home, ["library", "backup"], count);
	expect(wet.calls.length).toBeGreaterThan(10);
});

test.each([
	["below a file", (home: Home) => join(home.library, "x.tar.gz")],
	["in a folder below a file", (home: Home) => `${home.library}/new/`],
	["where nobody can write", (_: Home, mount: Mount) => mount.at("new/")],
	[
		"a file where nobody can write",
		(_: Home, mount: Mount) => mount.at("x.tgz"),
	],
])(
	"a dry backup is refused as the backup itself would: %s",
	async (_, place) => {
		using home = new Home();
		using mount = Mount.readOnly(home.at(".vpo"));
		const output = ["--output", place(home, mount)];
		const wet = await run(binary, home, ["library", "backup", ...output]);
		const dry = await run(binary, home, [...DRY_BACKUP, ...output]);
		expect(dry).toEqual(wet);
		expect(dry.exitCode).toBe(40);
		expect(dry.stderr).toMatch(/not a folder|cannot write to the folder/);
	},
);

test("a dry backup of a damaged library is refused", async () => {
	using home = new Home();
	truncateSync(home.library, 300_000);
	writeFileSync(`${home.library}-wal`, "");
	const { exitCode } = await run(binary, home, DRY_BACKUP);
	expect(exitCode).toBe(42);
});
