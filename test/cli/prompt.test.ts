// Nothing is replaced without a clear yes from somebody who has read the question.

import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { setSchema, VPO_ARCHIVE } from "../helpers/failing.ts";
import { binary, Home, run } from "../helpers/program.ts";
import { inShell } from "../helpers/shell.ts";
import { runOnTerminal } from "../helpers/terminal.ts";

setDefaultTimeout(30_000);

const RESTORE = ["library", "restore", VPO_ARCHIVE];
const CANCELLED = "[error] cancelled, nothing was changed\r\n";
const INTERRUPTED = "[error] interrupted by SIGINT";

/** Everything in VPO's data folder. */
function contentsOf(home: Home): Record<string, string> {
	const names = readdirSync(home.at(".vpo"));
	const read = (name: string) =>
		readFileSync(home.at(".vpo", name)).toString("base64");
	return Object.fromEntries(names.map((name) => [name, read(name)]));
}

test.each(["y\n", "Y\n", "yes\n", " YES \n"])(
	"the answer %j restores",
	async (answer) => {
		using home = new Home();
		const screen = await runOnTerminal(binary, home, RESTORE, { answer });
		expect(screen.exitCode).toBe(0);
		expect(screen.text).toContain("Library restored: ");
	},
);

test.each([
	["n\n", 1, CANCELLED],
	["\n", 1, CANCELLED],
	["yy\n", 1, CANCELLED],
	["yes please\n", 1, CANCELLED],
	["\u0004", 1, CANCELLED],
	["\u0003", 130, INTERRUPTED],
])("the answer %j changes nothing", async (answer, exitCode, message) => {
	using home = new Home();
	const before = contentsOf(home);
	const screen = await runOnTerminal(binary, home, RESTORE, { answer });
	expect(screen.exitCode).toBe(exitCode);
	expect(screen.text).toContain(`\n${message}`);
	expect(contentsOf(home)).toEqual(before);
});

test.each([
	["y\n", "\n"],
	["y", "\n"],
	["\ny\nyes\ny", "\n"],
	["y\ny", "es please\n"],
])(
	"%j, typed before the question stands there, is no part of the answer %j",
	async (keys, answer) => {
		using home = new Home();
		const before = contentsOf(home);
		const screen = await runOnTerminal(binary, home, RESTORE, {
			typedAhead: [["", keys]],
			answer,
			answerAfterMs: 300,
		});
		expect(screen.exitCode).toBe(1);
		expect(screen.text).toContain(`\n${CANCELLED}`);
		expect(contentsOf(home)).toEqual(before);
	},
);

test("what was typed seconds ago and line by line since then is no answer; what is typed then is one", async () => {
	using home = new Home();
	const slow = inShell(
		binary,
		'echo one; sleep 1; echo two; sleep 0.3; exec "$@"',
	);
	const screen = await runOnTerminal(slow, home, RESTORE, {
		typedAhead: [
			["one", "n\n"],
			["two", "no\nn"],
		],
		answer: "y\n",
		answerAfterMs: 300,
	});
	expect(screen.text).toContain("Library restored: ");
	expect(screen.exitCode).toBe(0);
});

test("the question shows both libraries, and warns before it asks", async () => {
	using home = new Home();
	setSchema(home.library, 28);
	const { text } = await runOnTerminal(binary, home, RESTORE, {
		answer: "y\n",
	});
	const question = text.slice(0, text.indexOf("Replace the library? [y/N]"));
	expect(question).toMatch(
		/Library now: +120 files, 720\.9 KB, schema 28, last change 2\d{3}-/,
	);
	expect(question).toMatch(
		/Backup: +120 files, 720\.9 KB, schema 27, made 2026-11-22 /,
	);
	expect(question).toContain("[warn] the backup has schema 27, older than");
	expect(text.match(/\[warn\]/g)).toHaveLength(1);
});

test("what is told with the question is told once, and what came up since is told as well", async () => {
	using home = new Home();
	setSchema(home.library, 26);
	mkdirSync(`${home.library}.vpo.json`);
	const args = [...RESTORE, "--allow-newer-schema"];
	const screen = await runOnTerminal(binary, home, args, { answer: "y\n" });
	expect(screen.exitCode).toBe(0);
	const [before = "", after = ""] = screen.text.split("Replace the library?");
	expect(before).toContain("[warn] the backup has schema 27");
	expect(after).toContain("[warn] this restore is not remembered: ");
	expect(after).not.toContain("[warn] the backup has schema 27");
});

test("the call that takes it back is printed with all it needs", async () => {
	using home = new Home();
	setSchema(home.library, 28);
	mkdirSync(home.at("my backups"));
	const where = ["--path", "my backups", "--database", home.library];
	const done = await run(binary, home, [...RESTORE, "--yes", ...where]);
	const line = /Undo: +vpo (.*)/.exec(done.stdout)?.[1] ?? "";
	expect(line).toContain("--allow-newer-schema");
	const undo = inShell(binary, `exec "$@" ${line} --yes`);
	const { stdout } = await run(undo, home, []);
	expect(stdout).toMatch(/Schema version: +28\n/);
});

test("nothing is asked where there is no library yet", async () => {
	using home = new Home(null);
	expect(await run(binary, home, RESTORE)).toMatchObject({ exitCode: 0 });
});

test("a piped yes is no terminal", async () => {
	using home = new Home();
	const before = contentsOf(home);
	const outcome = await run(binary, home, RESTORE, { stdin: "y\n" });
	expect(outcome).toEqual({
		exitCode: 2,
		stdout: "",
		stderr:
			"[error] no terminal to ask on, and no --yes; nothing was changed\n  add --yes to do it without a question\n",
	});
	expect(contentsOf(home)).toEqual(before);
});

test("nobody is asked who can't see the question", async () => {
	using home = new Home();
	const blind = inShell(binary, 'exec "$@" 2>errors');
	const screen = await runOnTerminal(blind, home, RESTORE);
	expect(screen).toEqual({ exitCode: 2, text: "" });
	expect(readFileSync(home.at("errors"), "utf8")).toContain("no terminal");
});

test("the question is no part of the JSON", async () => {
	using home = new Home();
	const piped = inShell(binary, 'exec "$@" --json >result.json');
	const screen = await runOnTerminal(piped, home, RESTORE, { answer: "n\n" });
	expect(screen.text).toContain("Replace the library? [y/N]");
	expect(JSON.parse(readFileSync(home.at("result.json"), "utf8"))).toEqual({
		success: false,
		error: "cancelled, nothing was changed",
		code: "CANCELLED",
		exit_code: 1,
		hint: null,
	});
});
