// Archives through stdin and stdout: the recipes of docs/pipes.md, and every way in which a pipe can let us down.

import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import {
	closeSync,
	constants,
	cpSync,
	existsSync,
	openSync,
	readdirSync,
	readFileSync,
	readSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { contentOf } from "../helpers/content.ts";
import { BINARY, binary, Home, run, start } from "../helpers/program.ts";
import { LEFT } from "../helpers/scene.ts";
import { inShell } from "../helpers/shell.ts";
import { scratchIn } from "../helpers/state.ts";
import { runOnTerminal } from "../helpers/terminal.ts";

setDefaultTimeout(60_000);

const DOCS = join(import.meta.dir, "..", "..", "docs", "pipes.md");
const BACKUP = ["library", "backup", "--output", "-"];
const RESTORE = ["library", "restore", "--yes", "-"];

let home: Home;
let archive: Uint8Array;
beforeAll(async () => {
	home = new Home();
	const child = start(binary, home, BACKUP);
	archive = await new Response(child.stdout).bytes();
	if ((await child.exited) !== 0) throw new Error("no backup");
	if (archive.byteLength < 70_000) throw new Error("a pipe takes it at once");
});
afterAll(() => home[Symbol.dispose]());

const shell = (line: string) => inShell(binary, line);

test("the recipes of the documentation work as they are written", async () => {
	using server = new Home();
	using here = new Home(null);
	// ssh as seen from here: another folder, another HOME, and no vpo but the one that is installed.
	symlinkSync(BINARY, here.at("vpo"));
	const ssh = `ssh() { (cd "${server.path}" && HOME="${server.path}" sh -c "$2"); }`;
	const recipes = [
		...readFileSync(DOCS, "utf8").matchAll(/```sh\n([\s\S]*?)```/g),
	].map(([, recipe]) => recipe ?? "");
	expect(recipes.length).toBe(5);
	cpSync(server.library, here.library);
	for (const recipe of recipes) {
		const bash = { name: "bash", command: ["bash", "-c"] };
		const env = { PATH: `${here.path}:${process.env.PATH}` };
		if (recipe.includes("ssh nas 'cat vpo"))
			cpSync(here.at("vpo.tar.gz"), server.at("vpo.tar.gz"));
		const { exitCode, stderr } = await run(bash, here, [`${ssh}\n${recipe}`], {
			env,
		});
		expect({ recipe, exitCode, stderr: exitCode ? stderr : "" }).toEqual({
			recipe,
			exitCode: 0,
			stderr: "",
		});
	}
	expect(contentOf(here.at("copy.db"))).toEqual(contentOf(server.library));
	expect(readdirSync(server.path)).toContain("vpo.tar.gz");
	for (const each of [here, server]) {
		expect(existsSync(each.at("vpo.part"))).toBe(false);
		expect(readdirSync(each.backups).join()).toInclude("pre-restore");
	}
});

test("what is written is an archive like any other; what is said goes to stderr, and nothing is kept", async () => {
	const { stderr, exitCode } = await run(
		shell('exec "$@" > got.tar.gz'),
		home,
		BACKUP,
	);
	expect([exitCode, stderr]).toEqual([
		0,
		expect.stringContaining("Backup written to stdout"),
	]);
	expect(existsSync(home.backups)).toBe(false);
	expect(scratchIn(home.at(".vpo"))).toEqual([]);
	const dryRun = await run(binary, home, [
		"library",
		"restore",
		"--dry-run",
		"got.tar.gz",
	]);
	expect(dryRun.exitCode).toBe(0);
});

describe("a backup that is not taken in full is none", () => {
	test.each([
		['exec "$@" > /dev/full', 44, "no space left on device"],
		['exec "$@" >&-', 40, "stdout is closed"],
		['exec "$@" --json', 2, "leave one of them out"],
	])("%s", async (line, exitCode, what) => {
		const outcome = await run(shell(line), home, BACKUP);
		expect(outcome.exitCode).toBe(exitCode);
		expect(outcome.stderr + outcome.stdout).toInclude(what);
	});

	test("a reader that leaves", async () => {
		const line =
			'"$@" | head -c 1000 > /dev/null; exit "$' + '{PIPESTATUS[0]}"';
		const bash = {
			name: "bash",
			command: ["bash", "-c", line, "bash", BINARY],
		};
		const { exitCode, stderr } = await run(bash, home, BACKUP);
		expect([exitCode, stderr]).toEqual([
			40,
			expect.stringContaining("left before the end of the archive"),
		]);
	});

	test("a terminal", async () => {
		const { exitCode, text } = await runOnTerminal(binary, home, BACKUP);
		expect([exitCode, text]).toEqual([
			2,
			expect.stringContaining("to a terminal"),
		]);
	});
});

test("a pipe that does not wait gets every byte, however slow its reader", async () => {
	const script = `
import os, subprocess, sys, time
r, w = os.pipe()
os.set_blocking(w, False)
child = subprocess.Popen(sys.argv[1:], stdout=w)
os.close(w)
got = b""
while piece := os.read(r, 20000):
    got += piece
    time.sleep(0.002)
sys.stdout.buffer.write(got)
sys.exit(child.wait())
`;
	writeFileSync(home.at("slow.py"), script);
	const slow = {
		name: "slow",
		command: ["python3", home.at("slow.py"), BINARY],
	};
	const child = start(slow, home, BACKUP);
	const got = await new Response(child.stdout).bytes();
	expect(await child.exited).toBe(0);
	writeFileSync(home.at("slow.tar.gz"), got);
	expect(
		(
			await run(binary, home, [
				"library",
				"restore",
				"--dry-run",
				"slow.tar.gz",
			])
		).exitCode,
	).toBe(0);
});

test("Ctrl-C ends a backup whose reader takes nothing", async () => {
	const path = home.at("fifo");
	await Bun.spawn(["mkfifo", path]).exited;
	const fifo = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
	const child = Bun.spawn([BINARY, ...BACKUP], {
		env: { HOME: home.path, PATH: process.env.PATH ?? "" },
		stdin: "ignore",
		stdout: openSync(path, constants.O_WRONLY),
		stderr: "ignore",
	});
	const hasBegun = () => {
		try {
			return readSync(fifo, new Uint8Array(1)) === 1;
		} catch {
			return false; // nothing in it yet
		}
	};
	while (!hasBegun()) await Bun.sleep(5);
	child.kill("SIGINT");
	expect(await child.exited).toBe(130);
	closeSync(fifo);
	expect(scratchIn(home.at(".vpo"))).toEqual([]);
});

describe("restore -", () => {
	const restoring = async (bytes: Uint8Array, args = RESTORE) => {
		using target = new Home();
		LEFT.nothing(target.library);
		const before = contentOf(target.library);
		writeFileSync(target.at("in"), bytes);
		const outcome = await run(shell('cat in | "$@"'), target, args);
		const isSame = Bun.deepEquals(contentOf(target.library), before);
		expect(scratchIn(target.at(".vpo"))).toEqual([]);
		return { ...outcome, isSame };
	};

	test("puts in place what comes", async () => {
		const { exitCode, stdout, isSame } = await restoring(archive);
		expect([exitCode, isSame]).toEqual([0, false]);
		expect(stdout).toMatch(/From: +stdin/);
	});

	test.each([
		[
			"nothing",
			(bytes: Uint8Array) => bytes.subarray(0, 0),
			"the file is empty",
		],
		[
			"a part",
			(bytes: Uint8Array) => bytes.subarray(0, -5000),
			"incomplete archive",
		],
		["something else", () => new TextEncoder().encode("PK\u0003\u0004"), "ZIP"],
	])("refuses %s, and the library is as it was", async (_, change, what) => {
		const { exitCode, stderr, isSame } = await restoring(change(archive));
		expect([exitCode, isSame]).toEqual([46, true]);
		expect(stderr).toInclude(what);
	});

	test("a dry run changes nothing; without --yes it can't ask", async () => {
		const dry = await restoring(archive, [
			"library",
			"restore",
			"--dry-run",
			"-",
		]);
		expect([dry.exitCode, dry.isSame]).toEqual([0, true]);
		const unasked = await restoring(archive, ["library", "restore", "-"]);
		expect([unasked.exitCode, unasked.isSame]).toEqual([2, true]);
	});
});
