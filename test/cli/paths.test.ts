// Any path that a file system can hold is taken as it is; a wrong one is refused before anything is made.

import { expect, setDefaultTimeout, test } from "bun:test";
import {
	copyFileSync,
	existsSync,
	linkSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	realpathSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { VPO_ARCHIVE } from "../helpers/failing.ts";
import { binary, FIXTURES, Home, run, runJson } from "../helpers/program.ts";
import { backupsIn } from "../helpers/state.ts";

setDefaultTimeout(30_000);

const BACKUP = ["library", "backup"];
const RESTORE = ["library", "restore", "--yes"];
const DRY_RESTORE = ["library", "restore", "--dry-run"];

const ODD_NAMES = [
	"with space",
	"semi;colon & amp",
	"quo'te\"s`tick`",
	"$(touch pwned)",
	"back\\slash",
	"ünïcödé-漢字-😀",
	"new\nline\ttab",
	"query?mode=ro&immutable=1#x%41",
	"*glob[a-z]{b,c}",
	"-dash",
	"~",
	"trailing.",
	"n".repeat(200),
];

const LIBRARY = join(FIXTURES, "library-v27.db");

/** What would be made in the home, if anything were. */
const MADE = ["a", "out.tar.gz", "pwned"];

test.each(ODD_NAMES)("in a folder named %j all goes well", async (name) => {
	using home = new Home(null);
	const folder = home.at(name);
	mkdirSync(join(folder, ".vpo"), { recursive: true });
	copyFileSync(LIBRARY, join(folder, ".vpo", "library.db"));
	const env = { HOME: folder };
	const inside = { env, cwd: folder };
	const output = `./${name}.tar.gz`;
	const args = [...BACKUP, "--output", output];
	const backup = await runJson(binary, home, args, inside);
	expect(backup).toMatchObject({
		exitCode: 0,
		json: { path: join(folder, `${name}.tar.gz`) },
	});
	const args2 = [...RESTORE, output];
	const restore = await runJson(binary, home, args2, inside);
	expect(restore).toMatchObject({
		exitCode: 0,
		json: { database_path: join(folder, ".vpo", "library.db") },
	});
	expect(readdirSync(folder).sort()).toEqual([".vpo", `${name}.tar.gz`].sort());
});

test("--output takes a file, a folder and a folder that is not there yet", async () => {
	using home = new Home();
	mkdirSync(home.at("folder"));
	const outputs: [string, RegExp][] = [
		["a/b/out.tar.gz", /^a\/b\/out\.tar\.gz$/],
		["out.tgz", /^out\.tgz$/],
		["folder", /^folder\/vpo-library-[^/]*Z\.tar\.gz$/],
		["new/", /^new\/vpo-library-[^/]*Z\.tar\.gz$/],
		["~/tilde/", /^tilde\/vpo-library-[^/]*Z\.tar\.gz$/],
		[".", /^vpo-library-[^/]*Z\.tar\.gz$/],
		["folder/../dots.tar.gz", /^dots\.tar\.gz$/],
	];
	for (const [output, expected] of outputs) {
		const args = [...BACKUP, "--output", output];
		const { json } = await runJson(binary, home, args);
		const path = String(json.path);
		expect(path.slice(home.path.length + 1)).toMatch(expected);
		expect(lstatSync(path).isFile()).toBe(true);
	}
});

test("backups in one second have names of their own", async () => {
	using home = new Home();
	const runs = [1, 2, 3].map(() => runJson(binary, home, BACKUP));
	const paths = (await Promise.all(runs)).map(({ json }) => json.path);
	expect(new Set(paths).size).toBe(3);
	expect(backupsIn(home.backups)).toHaveLength(3);
});

test("an existing file is replaced with --force only, and only if it is a backup", async () => {
	using home = new Home();
	const args = [...BACKUP, "--output", "out.tar.gz"];
	writeFileSync(home.at("out.tar.gz"), "mine");
	for (const force of [[], ["--force"]]) {
		const refused = await runJson(binary, home, [...args, ...force]);
		expect(refused.exitCode).toBe(40);
		expect(readFileSync(home.at("out.tar.gz"), "utf8")).toBe("mine");
	}
	copyFileSync(VPO_ARCHIVE, home.at("out.tar.gz"));
	expect((await runJson(binary, home, args)).exitCode).toBe(40);
	const forced = await runJson(binary, home, [...args, "--force"]);
	expect(forced.exitCode).toBe(0);
	expect(readFileSync(home.at("out.tar.gz"))).not.toEqual(
		readFileSync(VPO_ARCHIVE),
	);
});

test("the library, its -wal and -shm are never an output, not through links either", async () => {
	using home = new Home();
	const before = readFileSync(home.library);
	writeFileSync(`${home.library}-wal`, "");
	symlinkSync(home.library, home.at("soft.tar.gz"));
	linkSync(home.library, home.at("hard.tgz"));
	symlinkSync(home.at(".vpo"), home.at("data"));
	const outputs = [
		home.library,
		`${home.library}-wal`,
		`${home.library}-shm`,
		"soft.tar.gz",
		"hard.tgz",
		"data/library.db",
	];
	for (const output of outputs) {
		const args = [...BACKUP, "--force", "--output", output];
		const { exitCode, stderr } = await run(binary, home, args);
		expect({ output, exitCode }).toEqual({ output, exitCode: 40 });
		expect(stderr).toContain("would overwrite the library itself");
	}
	expect(readFileSync(home.library)).toEqual(before);
});

test.each([
	["a name without an ending", "out", 2],
	["another ending", "out.zip", 2],
	["a device", "/dev/null", 2],
	["a name that is too long", `${"x".repeat(256)}.tar.gz`, 40],
	["a path that is too long", `${"deep/".repeat(1000)}out.tar.gz`, 40],
	["a path through a file", "file/out.tar.gz", 40],
	["a file with a slash behind it", "file/", 40],
])("as --output %s is refused in one line", async (_, output, exitCode) => {
	using home = new Home();
	writeFileSync(home.at("file"), "mine");
	const args = [...BACKUP, "--output", output];
	const outcome = await run(binary, home, args);
	expect(outcome).toMatchObject({ exitCode, stdout: "" });
	expect(outcome.stderr.split("\n").length).toBeLessThanOrEqual(3);
	const [name = ""] = output.replace(/^\//, "").split("/");
	expect(outcome.stderr).toContain(`/${name}`);
	expect(readdirSync(home.at(".vpo"))).toEqual(["library.db"]);
	for (const name of MADE) expect(existsSync(home.at(name))).toBe(false);
});

test("a library and a backup folder behind links stay behind them", async () => {
	using home = new Home(null);
	mkdirSync(home.at("disk"));
	copyFileSync(LIBRARY, home.at("disk", "real.db"));
	symlinkSync("../disk/real.db", home.library);
	symlinkSync("../disk", home.backups);
	const backup = await runJson(binary, home, BACKUP);
	expect(realpathSync(String(backup.json.path))).toStartWith(
		home.at("disk", "vpo-library-"),
	);
	const restore = await runJson(binary, home, [...RESTORE, "latest"]);
	expect(restore.exitCode).toBe(0);
	expect(lstatSync(home.library).isSymbolicLink()).toBe(true);
	expect(lstatSync(home.at("disk", "real.db")).isFile()).toBe(true);
});

test.each([
	["none.db", 20, "no library at "],
	["none/library.db", 20, "no library at "],
	[".", 42, "it is a folder"],
	["empty.db", 42, "the file is empty"],
	["text.db", 42, "it is not a SQLite database"],
	["/dev/null", 42, "it is not a regular file"],
	["pipe.db", 42, "it is not a regular file"],
])("--database %s is exit code %d", async (database, exitCode, says) => {
	using home = new Home();
	writeFileSync(home.at("empty.db"), "");
	writeFileSync(home.at("text.db"), "just text, and long enough for a header");
	Bun.spawnSync(["mkfifo", home.at("pipe.db")]);
	const args = [...BACKUP, "--database", database];
	const outcome = await run(binary, home, args);
	expect(outcome).toMatchObject({ exitCode, stdout: "" });
	expect(outcome.stderr).toContain(says);
	expect(existsSync(home.backups)).toBe(false);
});

test("a restore into a folder that is missing makes it, a refused one does not", async () => {
	using home = new Home(null);
	const database = home.at("a", "b", "library.db");
	const into = ["--database", database];
	const dry = [...DRY_RESTORE, VPO_ARCHIVE, ...into];
	expect((await run(binary, home, dry)).exitCode).toBe(0);
	expect(existsSync(home.at("a"))).toBe(false);
	const wet = [...RESTORE, VPO_ARCHIVE, ...into];
	expect((await run(binary, home, wet)).exitCode).toBe(0);
	expect(readdirSync(home.at("a", "b")).sort()).toEqual([
		"library.db",
		"library.db.vpo.json",
	]);
});
