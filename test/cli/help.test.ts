// Help at every level: on stdout, readable on any terminal, with examples that work.

import { expect, setDefaultTimeout, test } from "bun:test";
import type { ArgsDef } from "citty";
import { requireKnownArgs } from "../../src/cli/arguments/strict.ts";
import { commandHelp, rootHelp } from "../../src/cli/help.ts";
import type { CommandModule } from "../../src/cli/manual/command.ts";
import { findCommand, LIBRARY_COMMANDS } from "../../src/cli/root.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";

setDefaultTimeout(30_000);

const NAMES = Object.keys(LIBRARY_COMMANDS);

test("vpo, vpo library and vpo db have one help, which names every command", async () => {
	using home = new Home(null);
	const calls = ["--help", "-h", "library --help", "db -h"];
	const outcomes = await Promise.all(
		calls.map((line) => run(binary, home, line.split(" "))),
	);
	expect(new Set(outcomes.map(({ stdout }) => stdout)).size).toBe(1);
	expect(outcomes[0]).toMatchObject({ exitCode: 0, stderr: "" });
	for (const name of NAMES) {
		expect(outcomes[0]?.stdout).toMatch(new RegExp(`^  ${name} +\\w`, "m"));
	}
});

test.each(NAMES)(
	"vpo library %s --help has usage, options and examples",
	async (name) => {
		using home = new Home(null);
		const args = ["db", name, "--unknown", "--help"];
		const { exitCode, stdout, stderr } = await run(binary, home, args);
		expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
		expect(stdout).toContain(`\nUSAGE\n  vpo library ${name} [OPTIONS]`);
		expect(stdout).toContain("\n  -h, --help ");
		expect(stdout).toContain("--json ");
		expect(stdout).toMatch(/\nEXAMPLES\n {2}.*vpo library /);
	},
);

test("--version is answered at every level", async () => {
	using home = new Home(null);
	const version = await run(binary, home, ["--version"]);
	expect(version).toMatchObject({ exitCode: 0, stderr: "" });
	expect(version.stdout).toMatch(/^vpo \d+\.\d+\.\d+\n$/);
	for (const level of [["library"], ["library", "backup"]]) {
		expect(await run(binary, home, [...level, "--version"])).toEqual(version);
	}
});

test("help and version come in JSON, too", async () => {
	using home = new Home(null);
	const version = await runJson(binary, home, ["--version"]);
	expect(version.json.version).toMatch(/^\d+\.\d+\.\d+$/);
	for (const args of [[], ["library"], ["library", "backup"]]) {
		const help = await runJson(binary, home, [...args, "--help"]);
		expect(help).toEqual({
			exitCode: 0,
			json: { help: expect.stringContaining("USAGE") },
		});
	}
});

test("--version --json tells what the executable was made from", async () => {
	using home = new Home(null);
	const outcome = await runJson(binary, home, ["--version"]);
	expect(outcome.json).toEqual({
		version: expect.any(String),
		commit: expect.stringMatching(/^[0-9a-f]{40}(\+changes)?$/),
		target: `linux-${process.arch}`,
		bun: Bun.version,
		sqlite: expect.stringMatching(/^3\.\d+\.\d+$/),
	});
});

test.each(NAMES)("the help of %s fits 80 columns", async (name) => {
	const module = await LIBRARY_COMMANDS[name]?.load();
	if (!module) throw new Error(`no command ${name}`);
	const [options = ""] = commandHelp(module).split("EXAMPLES");
	for (const line of [...options.split("\n"), ...rootHelp().split("\n")]) {
		expect(line.length).toBeLessThanOrEqual(80);
		expect(line).toBe(line.trimEnd());
	}
});

test.each(NAMES)(
	"the examples of %s can be pasted as they are",
	async (name) => {
		for (const line of (await load(name)).examples) {
			const shell = Bun.spawnSync(["bash", "-n", "-c", line]);
			expect([line, shell.exitCode]).toEqual([line, 0]);
			const [, called = "", ...words] = wordsOf(line);
			const { command, restArgs } = await load(called);
			const end = restArgs ? words.indexOf("--") : -1;
			const own = end < 0 ? words : words.slice(0, end);
			const args = command.args as ArgsDef;
			expect(() => requireKnownArgs(own, args, restArgs)).not.toThrow();
		}
	},
);

async function load(name: string): Promise<CommandModule> {
	const command = findCommand(name);
	if (!command) throw new Error(`no command ${name}`);
	return await command.load();
}

/** The program's words, from "library" on, before what a shell does with its output. */
function wordsOf(line: string): string[] {
	const [, call = ""] = line.split(/\bvpo (?=library )/);
	const words = call.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
	const end = words.findIndex((word) => /^[|>]/.test(word));
	const own = end < 0 ? words : words.slice(0, end);
	return own.map((word) => word.replaceAll(/^['"]|['"]$/g, ""));
}
