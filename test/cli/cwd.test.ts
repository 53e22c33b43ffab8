// Nothing is read from the working directory, whatever lies there.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { binary, Home, run } from "../helpers/program.ts";

setDefaultTimeout(30_000);

const EVIL_CODE = 'console.log("EVIL"); process.exit(99);\n';
const EVIL_ENV =
	"HOME=/evil\nVPO_DATA_DIR=/evil\nVPO_DATABASE_PATH=/evil\nVPO_BACKUP_DIR=/evil\nVPO_TEMP_DIR=/evil\nBUN_OPTIONS=--preload=./evil.ts\n";
const EVIL_PATHS = '{"compilerOptions":{"paths":{"*":["./evil.ts"]}}}';

/** All that Bun, Node or a careless program would take from a folder. */
const PLANTED: Readonly<Record<string, string>> = {
	".env": EVIL_ENV,
	".env.local": EVIL_ENV,
	".env.production": EVIL_ENV,
	".env.development": EVIL_ENV,
	"bunfig.toml": 'preload = ["./evil.ts"]\n[run]\nsmol = "evil"\n',
	".bunfig.toml": 'preload = ["./evil.ts"]\n',
	"package.json":
		'{"type":"commonjs","main":"evil.ts","imports":{"citty":"./evil.ts"}}',
	"tsconfig.json": EVIL_PATHS,
	"jsconfig.json": EVIL_PATHS,
	".npmrc": "registry=http://evil.invalid/\n",
	"config.toml": "database_path = 3\n",
	"library.db": "evil",
	"evil.ts": EVIL_CODE,
	"main.ts": EVIL_CODE,
	"main.js": EVIL_CODE,
	"gzip.worker.ts": EVIL_CODE,
	"gzip.worker.js": EVIL_CODE,
	"sqlite.worker.ts": EVIL_CODE,
	"sqlite.worker.js": EVIL_CODE,
	"src/core/archive/gzip.worker.ts": EVIL_CODE,
	"src/core/library/sqlite.worker.ts": EVIL_CODE,
	"core/sqlite.worker.ts": EVIL_CODE,
	"node_modules/citty/index.js": EVIL_CODE,
	"node_modules/tar/index.js": EVIL_CODE,
	"node_modules/consola/index.js": EVIL_CODE,
};

const CALLS: readonly (readonly [line: string, exitCode: number])[] = [
	["--help", 0],
	["library backup --note x", 0],
	["library backup --dry-run", 0],
	["library backups --json", 0],
	["library restore latest --dry-run", 0],
	["library restore latest --yes", 0],
	["library frobnicate", 2],
];

function plant(home: Home): string {
	const folder = home.at("hostile");
	for (const [name, content] of Object.entries(PLANTED)) {
		mkdirSync(dirname(join(folder, name)), { recursive: true });
		writeFileSync(join(folder, name), content);
	}
	return folder;
}

/** The calls of strace's log that touch a path in the folder, or a relative one. */
function touched(log: string, folder: string): string[] {
	const isOurs = (line: string) =>
		!/ (execve|getcwd)\(|<\.\.\. (execve|getcwd) resumed>/.test(line) &&
		(line.includes(`"${folder}`) ||
			/(AT_FDCWD, |(open|stat|access|lstat|readlink|mkdir)\()"[^/"]/.test(
				line,
			));
	return log.split("\n").filter(isOurs);
}

describe("in a folder full of traps", () => {
	test("every command does as anywhere else", async () => {
		using home = new Home();
		const cwd = plant(home);
		for (const [line, exitCode] of CALLS) {
			const outcome = await run(binary, home, line.split(" "), { cwd });
			expect([line, outcome.exitCode]).toEqual([line, exitCode]);
			expect(outcome.stdout + outcome.stderr).not.toMatch(/evil/i);
		}
	});

	test("no file of it is opened or even looked at", async () => {
		using home = new Home();
		const cwd = plant(home);
		const log = home.at("strace.log");
		const command = [
			...["strace", "-f", "-qq", "-e", "trace=%file", "-o", log],
			...binary.command,
		];
		const traced = { name: "traced", command };
		for (const [line, exitCode] of CALLS) {
			const outcome = await run(traced, home, line.split(" "), { cwd });
			expect([line, outcome.exitCode]).toEqual([line, exitCode]);
			const calls = readFileSync(log, "utf8");
			expect(calls).toContain("openat(");
			expect(touched(calls, cwd)).toEqual([]);
		}
	});

	test("what is there is taken only when it is named", async () => {
		using home = new Home();
		const cwd = plant(home);
		const env = { VPO_CONFIG_PATH: "config.toml" };
		const outcome = await run(binary, home, ["library", "backups"], {
			cwd,
			env,
		});
		expect(outcome.exitCode).toBe(11);
	});
});
