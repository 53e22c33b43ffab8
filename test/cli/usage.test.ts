// A wrong call is refused with one line that names what is wrong, and a hint at what was meant. Nothing is done then.

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { binary, Home, run } from "../helpers/program.ts";

setDefaultTimeout(30_000);

type WrongCall = readonly [line: string, error: string, hint: string];

const COMMANDS: readonly WrongCall[] = [
	["libary backup", "unknown command libary", "did you mean vpo library?"],
	["LIBRARY backup", "unknown command LIBRARY", "did you mean vpo library?"],
	["backup", "unknown command backup", "did you mean vpo library backup?"],
	["bakcup", "unknown command bakcup", "did you mean vpo library backup?"],
	[
		"library restor",
		"unknown command restor",
		"did you mean vpo library restore?",
	],
	["db xyzzy", "unknown command xyzzy", "see vpo --help"],
	["toString", "unknown command toString", "see vpo --help"],
	["library constructor", "unknown command constructor", "see vpo --help"],
	["--verson", "unknown flag --verson", "did you mean --version?"],
	["-v", "unknown flag -v", "did you mean --version?"],
	[
		"--dry-run library backup",
		"unknown flag --dry-run",
		"flags come after the command: vpo library COMMAND --dry-run",
	],
	[
		"library --dry-run backup",
		"unknown flag --dry-run",
		"flags come after the command: vpo library COMMAND --dry-run",
	],
	[
		"library -- backup",
		"unknown flag --",
		"flags come after the command: vpo library COMMAND --",
	],
];

const FLAGS: readonly WrongCall[] = [
	["backup --jsn", "unknown flag --jsn", "did you mean --json?"],
	["backup --dryrun", "unknown flag --dryrun", "did you mean --dry-run?"],
	["backup --dry_run", "unknown flag --dry_run", "did you mean --dry-run?"],
	["backup --DRY-RUN", "unknown flag --DRY-RUN", "did you mean --dry-run?"],
	["backup --out x", "unknown flag --out", "did you mean --output?"],
	["backup -x", "unknown flag -x", "see --help"],
	["backup -d x", "unknown flag -d", "see --help"],
	["backup -n x", "unknown flag -n", "see --help"],
	["backup -hx", "unknown flag -x", "see --help"],
	["backup ---", "unknown flag ---", "see --help"],
	["backup --__proto__", "unknown flag --__proto__", "see --help"],
	["backup --toString=x", "unknown flag --toString", "see --help"],
	["backup --no-force", "unknown flag --no-force", "see --help"],
	["restore --no-yes latest", "unknown flag --no-yes", "see --help"],
	[
		"restore --no-safty-backup latest",
		"unknown flag --no-safty-backup",
		"did you mean --no-safety-backup?",
	],
	["backups --yes", "unknown flag --yes", "see --help"],
	["backup --dry-run=true", "--dry-run takes no value", "see --help"],
	["restore --yes=1 latest", "--yes takes no value", "see --help"],
	["backup --help=x", "--help takes no value", "see --help"],
];

const VALUES: readonly WrongCall[] = [
	["backup --output", "--output needs a value", "see --help"],
	["backup --output=", "--output needs a value", "see --help"],
	["backup -o", "-o needs a value", "see --help"],
	[
		"backup --output --dry-run",
		"--output needs a value",
		"one that begins with a dash is written --output=--dry-run",
	],
	[
		"backup --note -draft",
		"--note needs a value",
		"one that begins with a dash is written --note=-draft",
	],
	[
		"backup -o=x.tar.gz",
		'-o takes its value without "="',
		"write --output=x.tar.gz",
	],
	["restore -yp", "-p needs a value", "see --help"],
	["backups --path=", "--path needs a value", "see --help"],
	[
		"backup --level 0",
		'--level must be a whole number from 1 to 9, not "0"',
		"see --help",
	],
	[
		"backup --level=10",
		'--level must be a whole number from 1 to 9, not "10"',
		"see --help",
	],
	[
		"backup --level=5.5",
		'--level must be a whole number from 1 to 9, not "5.5"',
		"see --help",
	],
	[
		"backup --lock-timeout=-1",
		'--lock-timeout must be a number of seconds from 0 to 86400, not "-1"',
		"see --help",
	],
	[
		"restore --lock-timeout 1e9 latest",
		'--lock-timeout must be a number of seconds from 0 to 86400, not "1e9"',
		"see --help",
	],
];

const OPERANDS: readonly WrongCall[] = [
	["backup here", "unexpected argument: here", "see --help"],
	["backup -", "unexpected argument: -", "see --help"],
	["backup -- --json", "unexpected argument: --json", "see --help"],
	["backups here", "unexpected argument: here", "see --help"],
	["restore", "missing BACKUP", "see --help"],
	["restore --yes", "missing BACKUP", "see --help"],
	["restore one two", "unexpected argument: two", "see --help"],
	[
		"restore --undo latest",
		"--undo takes no BACKUP: it knows which one",
		"see --help",
	],
];

const inLibrary = ([line, ...rest]: WrongCall): WrongCall => [
	`library ${line}`,
	...rest,
];
const WRONG_CALLS = [
	...COMMANDS,
	...[...FLAGS, ...VALUES, ...OPERANDS].map(inLibrary),
];

test.each(WRONG_CALLS)("refuses vpo %s", async (line, error, hint) => {
	using home = new Home();
	const args = line.split(" ");
	const outcome = await run(binary, home, args);
	expect(outcome).toEqual({
		exitCode: 2,
		stdout: "",
		stderr: `[error] ${error}\n  ${hint}\n`,
	});
	expect(readdirSync(home.at(".vpo"))).toEqual(["library.db"]);
});

test.each([[[]], [["library"]], [["db"]]])(
	"refuses to do nothing: vpo %p shows the help on stderr",
	async (args) => {
		using home = new Home();
		const { exitCode, stdout, stderr } = await run(binary, home, args);
		expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
		expect(stderr).toContain("USAGE");
		expect(stderr).toEndWith("[error] no command given\n  see --help\n");
	},
);

test("a note has an end", async () => {
	using home = new Home();
	const args = ["library", "backup", "--note", "x".repeat(1001)];
	expect(await run(binary, home, args)).toMatchObject({
		exitCode: 2,
		stderr: expect.stringContaining("--note must have at most 1000"),
	});
});

test("an empty value is no value", async () => {
	using home = new Home();
	const args = ["library", "backup", "--database", ""];
	const { exitCode, stderr } = await run(binary, home, args);
	expect(exitCode).toBe(2);
	expect(stderr).toStartWith("[error] --database needs a value\n");
});

test("an output that is no archive's name is refused before anything is made", async () => {
	using home = new Home();
	const args = ["library", "backup", "-ojson/x"];
	expect(await run(binary, home, args)).toEqual({
		exitCode: 2,
		stdout: "",
		stderr: `[error] --output must be a name that ends in .tar.gz or .tgz: ${home.at("json/x")}\n  for a folder that is not there yet, write a slash at its end\n`,
	});
	expect(existsSync(home.at("json"))).toBe(false);
});

test("flags may be clustered, repeated and follow the operand", async () => {
	using home = new Home();
	const backup = ["library", "backup", "--level", "1", "--level=9", "--"];
	expect((await run(binary, home, backup)).exitCode).toBe(0);
	const restore = ["library", "restore", "latest", `-yp${home.backups}`];
	expect((await run(binary, home, restore)).exitCode).toBe(0);
});
