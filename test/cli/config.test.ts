// Where things are: flag, then environment, then config.toml, then default. A wrong config.toml stops everything.

import { expect, setDefaultTimeout, test } from "bun:test";
import {
	existsSync,
	mkdirSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { succeed } from "../helpers/state.ts";

setDefaultTimeout(30_000);

const BACKUPS = ["library", "backups"];
const BACKUP = ["library", "backup"];

/** As VPO writes it: with much that is not ours. */
const FULL = `
database_path = "~/config/library.db"
log_level = "info"
since = 2026-02-05T14:30:22Z
at = 07:32:00
limits = [1, 2.5, inf, 0xff]

[backup]
directory = "~/config/backups"

[jobs]
temp_directory = "~/config/scratch"
max_workers = 4

[processing.video]
codecs = ["h264", "av1"]
text = """
several lines"""

[[plugins]]
name = "one"
`;

function configure(home: Home, text: string): string {
	const path = home.at(".vpo", "config.toml");
	writeFileSync(path, text);
	return path;
}

const directory = async (
	home: Home,
	env: Record<string, string> = {},
	flags: readonly string[] = [],
) => {
	const args = [...BACKUPS, ...flags];
	const { json } = await runJson(binary, home, args, { env });
	return json.directory;
};

test("a flag beats the environment, that beats config.toml, that beats the default", async () => {
	using home = new Home();
	expect(await directory(home)).toBe(home.backups);
	configure(home, FULL);
	for (const folder of ["config/backups", "env", "flag"]) {
		mkdirSync(home.at(folder), { recursive: true });
	}
	expect(await directory(home)).toBe(home.at("config", "backups"));
	const env = { VPO_BACKUP_DIR: "~/env" };
	expect(await directory(home, env)).toBe(home.at("env"));
	expect(await directory(home, env, ["-p", "flag"])).toBe(home.at("flag"));
});

test("the library is found in the same order", async () => {
	using home = new Home(null);
	configure(home, FULL);
	const missing = async (
		env: Record<string, string>,
		...flags: readonly string[]
	) => {
		const args = ["library", "backup", ...flags];
		const { stderr } = await run(binary, home, args, { env });
		return /no library at (.*)\n/.exec(stderr)?.[1];
	};
	expect(await missing({})).toBe(home.at("config", "library.db"));
	const env = { VPO_DATABASE_PATH: "env.db" };
	expect(await missing(env)).toBe(home.at("env.db"));
	expect(await missing(env, "--database=flag.db")).toBe(home.at("flag.db"));
	const other = { VPO_DATA_DIR: "~/data" };
	expect(await missing(other)).toBe(home.at("data", "library.db"));
});

test("relative paths in it are relative to its folder", async () => {
	using home = new Home();
	configure(home, '[backup]\ndirectory = "mine"');
	for (const name of [".vpo/mine", "b", "etc"]) mkdirSync(home.at(name));
	expect(await directory(home)).toBe(home.at(".vpo", "mine"));
	writeFileSync(home.at("etc", "my.toml"), '[backup]\ndirectory = "../b"');
	const env = { VPO_CONFIG_PATH: "~/etc/my.toml" };
	expect(await directory(home, env)).toBe(home.at("b"));
});

test("an empty value counts as none, as does an empty file", async () => {
	using home = new Home();
	configure(home, 'database_path = ""\n[backup]\ndirectory = ""');
	expect(await directory(home)).toBe(home.backups);
	configure(home, "");
	expect(await directory(home)).toBe(home.backups);
});

test.each([
	["database_path = ", /not valid TOML, line 1: /],
	["a = 1\n\nb b\n[backup]\n", /not valid TOML, line 3: /],
	["a = 1\na = 2", /not valid TOML, line 2: /],
	["a = 1\nlist = [1,\n2,\n", /not valid TOML, line 2: /],
	["database_path = 3", /database_path: expected string but received 3/],
	["backup = 3", /backup: must be a table/],
	['[[backup]]\ndirectory = "x"', /backup: must be a table/],
	["[backup]\ndirectory = [1]", /backup\.directory: expected string/],
	["[backup]\nlevel = 1.5", /backup\.level: must be a whole number/],
	['[backup]\ndirectry = "x"', /unknown key "directry" in \[backup\]/],
	["[jobs]\ntemp_directory = true", /jobs\.temp_directory: expected string/],
	['[backup]\ndirectory = "a\\u0000b"', /backup\.directory: .*NUL/],
])("the config.toml %j is refused, naming the place", async (text, says) => {
	using home = new Home();
	const path = configure(home, text);
	const { exitCode, stdout, stderr } = await run(binary, home, BACKUP);
	expect({ exitCode, stdout }).toEqual({ exitCode: 11, stdout: "" });
	expect(stderr).toStartWith(`[error] ${path}: `);
	expect(stderr).toMatch(says);
	expect(stderr.split("\n")).toHaveLength(3);
});

test("bytes that are no text are no TOML", async () => {
	using home = new Home();
	writeFileSync(home.at(".vpo", "config.toml"), Buffer.from([0xff, 0, 0x80]));
	expect((await run(binary, home, BACKUPS)).exitCode).toBe(11);
});

test("a config file that is named must be there, and be a file", async () => {
	using home = new Home();
	const cases: [path: string, reason: string][] = [
		["none.toml", "no such file or folder"],
		[".vpo", "it is a folder"],
		[".vpo/library.db/x", "a part of the path is not a folder"],
	];
	for (const [path, reason] of cases) {
		const env = { VPO_CONFIG_PATH: path };
		expect(await run(binary, home, BACKUPS, { env })).toEqual({
			exitCode: 11,
			stdout: "",
			stderr: `[error] cannot read ${home.at(path)}: ${reason}\n  correct VPO_CONFIG_PATH, or unset it\n`,
		});
	}
	const env = { VPO_CONFIG_PATH: "/dev/null" };
	expect((await run(binary, home, BACKUPS, { env })).exitCode).toBe(0);
});

test("what is no regular file, and what never ends, is refused at once", async () => {
	using home = new Home();
	succeed(["mkfifo", home.at("fifo.toml")]);
	writeFileSync(home.at("huge.toml"), "");
	truncateSync(home.at("huge.toml"), 3_000_000_000);
	const cases: [path: string, reason: string][] = [
		["/dev/full", "not a regular file"],
		["/dev/zero", "not a regular file"],
		[home.at("fifo.toml"), "not a regular file"],
		[home.at("huge.toml"), "3.0 GB is too much for a config file"],
	];
	for (const [path, reason] of cases) {
		const env = { VPO_CONFIG_PATH: path };
		const { exitCode, stderr } = await run(binary, home, BACKUPS, { env });
		expect(exitCode).toBe(11);
		expect(stderr).toStartWith(`[error] ${path}: ${reason}\n`);
	}
});

test("text in Latin-1 is refused with its line, also in a comment", async () => {
	using home = new Home();
	const path = configure(home, "");
	writeFileSync(path, Buffer.from("[jobs]\n# Zubeh\xf6r\n", "latin1"));
	const { exitCode, stderr } = await run(binary, home, BACKUPS);
	expect(exitCode).toBe(11);
	expect(stderr).toStartWith(`[error] ${path}: not UTF-8 text, line 2\n`);
});

test("the mark that Windows begins its texts with is no part of it", async () => {
	using home = new Home();
	configure(home, '\ufeff[backup]\ndirectory = "b"\n');
	mkdirSync(home.at(".vpo", "b"));
	const { exitCode, stderr } = await run(binary, home, BACKUPS);
	expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
});

test("a config.toml that is a folder is refused", async () => {
	using home = new Home();
	mkdirSync(home.at(".vpo", "config.toml"));
	const { exitCode, stderr } = await run(binary, home, BACKUPS);
	expect(exitCode).toBe(11);
	expect(stderr).toContain("config.toml: it is a folder\n");
});

test.each(["nas/config.toml", "through.toml"])(
	"a config.toml that is a link to nothing is no missing one: it may be on a share that is not mounted (%s)",
	async (target) => {
		using home = new Home();
		symlinkSync("gone/config.toml", home.at(".vpo", "through.toml"));
		symlinkSync(target, home.at(".vpo", "config.toml"));
		const { exitCode, json } = await runJson(binary, home, BACKUP);
		expect({ exitCode, error: json.error }).toEqual({
			exitCode: 11,
			error: `cannot read ${home.at(".vpo", "config.toml")}: it is a link to nothing`,
		});
		expect(existsSync(home.backups)).toBe(false);
	},
);

test("a password or a token in an endpoint is shown by nothing", async () => {
	for (const endpoint of ["https://u:hush@nas", "nas/?token=hush", "n#hush"]) {
		using home = new Home();
		const table = `[s3]\nendpoint = "${endpoint}"\n`;
		writeFileSync(home.at(".vpo", "config.toml"), table);
		const env = {
			VPO_BACKUP_DIR: "s3://my-bucket",
			VPO_DEBUG: "1",
			AWS_ACCESS_KEY_ID: "id",
			AWS_SECRET_ACCESS_KEY: "hush",
		};
		const exitCodes: number[] = [];
		for (const command of ["config", "config --json", "backup", "check"]) {
			const args = ["library", ...command.split(" ")];
			const outcome = await run(binary, home, args, { env });
			exitCodes.push(outcome.exitCode);
			expect(outcome.stdout + outcome.stderr).not.toInclude("hush");
		}
		expect(exitCodes).toEqual([0, 0, 11, 61]);
	}
});
