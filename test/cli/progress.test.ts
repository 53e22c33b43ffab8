// Long work shows how far it is, on a terminal and nowhere else.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSampleLibrary } from "../../scripts/sample.ts";
import { writeLock } from "../helpers/failing.ts";
import { binary, Home, run } from "../helpers/program.ts";
import { runOnTerminal } from "../helpers/terminal.ts";

setDefaultTimeout(60_000);

const BACKUP = ["library", "backup"];
/** Enough for the bar to be drawn a few times once it may show. */
const LIBRARY_BYTES = 20_000_000;
/** After which it may. */
const QUICK_MS = 500;
const DELAY_MS = QUICK_MS + 200;

const folder = mkdtempSync(join(tmpdir(), "vpo-sample-"));
const sample = join(folder, "library.db");
beforeAll(() => {
	makeSampleLibrary(sample, LIBRARY_BYTES);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

function bigHome(): Home {
	const home = new Home(null);
	cpSync(sample, home.library);
	return home;
}

/** Makes a backup long by having its library locked for a while: fast machines need no larger sample. */
function lockForAWhile(home: Home): Disposable {
	const lock = writeLock(home.library);
	const timer = setTimeout(() => lock[Symbol.dispose](), DELAY_MS);
	return {
		[Symbol.dispose]() {
			clearTimeout(timer);
			lock[Symbol.dispose]();
		},
	};
}

/** What a terminal shows in the end: what was taken back is gone. */
function lastSeen(text: string): string {
	return text
		.split("\n")
		.map((line) => line.split("\r\u001b[K").at(-1)?.trim())
		.join("\n");
}

test("a bar with the stage's name shows, and is gone in the end", async () => {
	using home = bigHome();
	using _ = lockForAWhile(home);
	const { exitCode, text } = await runOnTerminal(binary, home, BACKUP);
	expect(exitCode).toBe(0);
	expect(text).toMatch(/\r(Snapshot|Check and compress) +[█░]{30} +\d+%/);
	expect(text.replaceAll("\u001b[K", "")).not.toContain("\u001b");
	expect(lastSeen(text)).toMatch(/^Backup created: [^█]*$/);
});

test("the bar comes back after a question", async () => {
	using home = bigHome();
	const output = home.at("big.tar.gz");
	await run(binary, home, [...BACKUP, "--output", output, "--level=1"]);
	const { text } = await runOnTerminal(
		binary,
		home,
		["library", "restore", output],
		{ answer: "y\n", answerAfterMs: DELAY_MS },
	);
	const [before = "", after = ""] = text.split("[y/N] y");
	expect(lastSeen(before)).not.toContain("█");
	expect(after).toMatch(/\rCheck and compress +[█░]+ +\d+%/);
	expect(lastSeen(after).trim()).toStartWith("Library restored: ");
});

test("a log gets the result and nothing else", async () => {
	using home = bigHome();
	using _ = lockForAWhile(home);
	const { stdout, stderr } = await run(binary, home, BACKUP, {
		env: { TERM: "xterm", FORCE_COLOR: "1" },
	});
	expect(stderr).toBe("");
	expect(stdout).toMatch(/^Backup created: [ -~\n]*$/);
});

test("quick work shows no bar", async () => {
	using home = new Home();
	const startedAt = performance.now();
	const { text } = await runOnTerminal(binary, home, BACKUP);
	// On a machine that is busy it was no quick work.
	const isQuick = performance.now() - startedAt < QUICK_MS;
	const isBare = text.startsWith("Backup created: ");
	expect({ isQuick, isBare }).not.toEqual({ isQuick: true, isBare: false });
});

test("a line never fills a narrow terminal", async () => {
	using home = bigHome();
	using _ = lockForAWhile(home);
	const { text } = await runOnTerminal(binary, home, BACKUP, {
		columns: 40,
	});
	const drawn = text
		.split("\r")
		.filter((line) => /[█░]/.test(line))
		.map((line) => line.replace("\u001b[K", ""));
	expect(drawn).not.toBeEmpty();
	for (const line of drawn) expect(line).toMatch(/^.{1,35} +\d+%$/);
});

test("a terminal that doesn't know its width is taken for one of 80 columns", async () => {
	using home = bigHome();
	using _ = lockForAWhile(home);
	const script = 'stty cols 0 && exec "$0" "$@"';
	const command = ["bash", "-c", script, ...binary.command];
	const { text } = await runOnTerminal({ ...binary, command }, home, BACKUP);
	expect(text).toMatch(/\r(Snapshot|Check and compress) +[█░]{30} +\d+%/);
});

test.each(["dumb", ""])(
	"a terminal of type %j that can take nothing back gets no bar",
	async (TERM) => {
		using home = bigHome();
		using _ = lockForAWhile(home);
		const env = { TERM };
		const { text } = await runOnTerminal(binary, home, BACKUP, { env });
		expect(text).toStartWith("Backup created: ");
	},
);
