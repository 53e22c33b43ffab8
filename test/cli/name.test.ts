// The program goes by the name it was called by, so that what it prints can be pasted.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY, Home, PROGRAMS, run, runJson } from "../helpers/program.ts";

setDefaultTimeout(30_000);

/** A shell whose PATH finds the program as `name`, or not at all. */
async function shell(home: Home, script: string, ...paths: string[]) {
	const child = Bun.spawn(["bash", "-c", script], {
		cwd: home.path,
		env: { HOME: home.path, PATH: [...paths, "/usr/bin", "/bin"].join(":") },
		stderr: "pipe",
	});
	const [stdout, stderr] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
	]);
	return { stdout, stderr, exitCode: await child.exited };
}

/** The program as bin/`name`, by a link or as a copy. */
function install(
	home: Home,
	name: string,
	put: (target: string, path: string) => void = symlinkSync,
): string {
	mkdirSync(home.at("bin"), { recursive: true });
	put(BINARY, home.at("bin", name));
	return home.at("bin");
}

describe("called by another name", () => {
	test("a name that ends in -library is the group as well", async () => {
		using home = new Home();
		const bin = install(home, "vpo-library");
		const none = await shell(home, "vpo-library backups", bin);
		expect(none.stdout).toContain("\nMake one: vpo-library backup\n");
		const made = await shell(
			home,
			"vpo-library backup >&2 && vpo-library library backups --json",
			bin,
		);
		expect(JSON.parse(made.stdout).total_count).toBe(1);
		const wrong = await shell(home, "vpo-library backupz", bin);
		expect(wrong).toMatchObject({
			exitCode: 2,
			stderr:
				"[error] unknown command backupz\n  did you mean vpo-library backup?\n",
		});
	});

	test("any other name stands before the group", async () => {
		using home = new Home();
		const bin = install(home, "vpo2");
		const { stderr } = await shell(home, "vpo2 library restore latest", bin);
		expect(stderr).toContain("  make one: vpo2 library backup\n");
		expect(await shell(home, "vpo2 backups", bin)).toMatchObject({
			exitCode: 2,
			stderr:
				"[error] unknown command backups\n  did you mean vpo2 library backups?\n",
		});
	});

	test("help has the name, in usage and examples", async () => {
		using home = new Home(null);
		const bin = install(home, "vpo-library");
		const { stdout } = await shell(
			home,
			"vpo-library --help; vpo-library help prune; vpo-library schedule -h",
			bin,
		);
		expect(stdout).toContain("\nUSAGE\n  vpo-library COMMAND [OPTIONS]\n");
		expect(stdout).toContain("\nUSAGE\n  vpo-library prune [OPTIONS]\n");
		expect(stdout).not.toContain("vpo library");
	});

	test("where PATH finds another vpo, the path that was called stands in what is to be pasted", async () => {
		using home = new Home();
		const bin = install(home, "vpo", (_, path) =>
			writeFileSync(path, "#!/bin/sh\necho not ours\n", { mode: 0o755 }),
		);
		mkdirSync(home.at("own"));
		symlinkSync(BINARY, home.at("own", "vpo"));
		const other = await shell(home, "./own/vpo library backups", bin);
		expect(other.stdout).toContain("\nMake one: ./own/vpo library backup\n");
		const found = await shell(home, "own/vpo library backups", home.at("own"));
		expect(found.stdout).toContain("\nMake one: vpo library backup\n");
	});

	test("a name that a shell would read as more than a word is not repeated", async () => {
		using home = new Home();
		const script = `exec -a 'x; rm -rf $HOME' ${BINARY} library backups`;
		const { stdout } = await shell(home, script);
		expect(stdout).toContain("\nMake one: vpo library backup\n");
	});

	test("a schedule calls the link by which it was called, not where that leads today", async () => {
		using home = new Home();
		const bin = install(home, "vpo-library");
		const script = "vpo-library schedule --at 03:00";
		const { stdout } = await shell(home, script, bin);
		expect(stdout).toContain(` ${join(bin, "vpo-library")} library backup `);
		const byPath = await shell(home, `cd bin && ./${script}`);
		expect(byPath.stdout).toBe(stdout);
	});

	test("a schedule calls the file itself where the name leads elsewhere", async () => {
		using home = new Home();
		const bin = install(home, "vpo", cpSync);
		const script = `exec -a vpo ${BINARY} library schedule --at 03:00`;
		const { stdout } = await shell(home, script, bin);
		expect(stdout).toContain(` ${BINARY} library backup `);
	});
});

describe.each(PROGRAMS)("$name", (program) => {
	test("list, ls and snapshots are the list", async () => {
		using home = new Home(null);
		const list = await run(program, home, ["library", "backups"]);
		for (const alias of ["list", "ls", "snapshots"]) {
			expect(await run(program, home, ["library", alias])).toEqual(list);
		}
		expect(await run(program, home, ["ls"])).toMatchObject({ exitCode: 2 });
	});

	test("help, help COMMAND and -V are what they say", async () => {
		using home = new Home(null);
		const answer = async (line: string) => {
			const outcome = await run(program, home, line.split(" "));
			expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
			return outcome.stdout;
		};
		const root = await answer("--help");
		for (const line of ["help", "library help", "help library", "help db"]) {
			expect(await answer(line)).toBe(root);
		}
		const prune = await answer("library prune --help");
		for (const line of ["help prune", "db help prune", "help library prune"]) {
			expect(await answer(line)).toBe(prune);
		}
		const version = await answer("--version");
		for (const line of ["-V", "library -V", "library prune -V"]) {
			expect(await answer(line)).toBe(version);
		}
	});

	test.each([
		["help bakup", "unknown command bakup", "did you mean vpo library backup?"],
		["help backup prune", "unexpected argument: prune", "see --help"],
		["library help --nope", "unknown flag --nope", expect.any(String)],
	])("vpo %s: %s", async (line, error, hint) => {
		using home = new Home(null);
		expect(await runJson(program, home, line.split(" "))).toEqual({
			exitCode: 2,
			json: { success: false, error, code: "USAGE", exit_code: 2, hint },
		});
	});
});
