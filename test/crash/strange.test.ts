// What stands where a library, a backup or a name of one is expected, and is something else: told, never waited for.

import { describe, expect, test } from "bun:test";
import {
	cpSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { contentOf } from "../helpers/content.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { inShell } from "../helpers/shell.ts";
import { backupsIn, succeed } from "../helpers/state.ts";

describe("a FIFO beside the library, in which SQLite would wait for ever", () => {
	test.each(["-journal", "-wal", "-shm"])("as its %s", async (ending) => {
		using home = new Home();
		await run(binary, home, ["library", "backup"]);
		const path = home.library + ending;
		rmSync(path, { force: true });
		succeed(["mkfifo", path]);
		for (const args of [
			["backup"],
			["backup", "--salvage"],
			["check"],
			["restore", "--yes", "latest"],
		]) {
			const { exitCode, json } = await runJson(
				binary,
				home,
				["library", ...args],
				{ timeoutMs: 10_000 },
			);
			expect({ args, exitCode }).toEqual({
				args,
				exitCode: args[0] === "check" ? 61 : 40,
			});
			expect(json.error).toBe(`not a regular file: ${path}`);
		}
	});
});

/** "Zubehör" as an old system wrote it. */
const LATIN = Buffer.from("Zubeh\xf6r", "latin1");
const SHOWN = "Zubeh\ufffdr";

describe("a name that is not UTF-8", () => {
	test("as a backup's is listed, and never passed over", async () => {
		using home = new Home();
		await run(binary, home, ["library", "backup"]);
		const [name = ""] = backupsIn(home.backups);
		const bytes = readFileSync(join(home.backups, name));
		const path = [Buffer.from(`${home.backups}/`), LATIN, Buffer.from(".tgz")];
		writeFileSync(Buffer.concat(path), bytes);
		const listed = await runJson(binary, home, ["library", "backups"]);
		expect(listed.json).toMatchObject({
			total_count: 2,
			backups: [
				{ valid: true },
				{
					filename: `${SHOWN}.tgz`,
					valid: false,
					error: expect.stringContaining("its name is not UTF-8"),
				},
			],
		});
		const verified = await run(binary, home, ["library", "verify"]);
		expect(verified.exitCode).not.toBe(0);
		expect(verified.stderr).toContain("its name is not UTF-8");
		expect(verified.stdout).not.toContain("all good");
		const check = await run(binary, home, ["library", "check"]);
		expect(check.exitCode).toBe(60);
		const prune = ["library", "prune", "--keep-last", "1", "--yes"];
		const pruned = await run(binary, home, prune);
		expect(pruned.stdout).toMatch(/leave.*its name is not UTF-8\n/);
		expect(readdirSync(home.backups, "buffer")).toContainEqual(
			Buffer.concat([LATIN, Buffer.from(".tgz")]),
		);
	});

	test.each([
		['exec "$@" --output "$(printf "/tmp/Zubeh\\366r/")"', "/tmp/"],
		['exec "$@" --database "$(printf "/tmp/Zubeh\\366r")"', "/tmp/"],
		[
			'export VPO_BACKUP_DIR="$(printf "/tmp/Zubeh\\366r")"; exec "$@"',
			"/tmp/",
		],
		['cd Zubeh*; exec "$@" --output x/', null],
	])(
		"in a path is refused with a word, and nothing else is made: %s",
		async (line, folder) => {
			using home = new Home();
			mkdirSync(Buffer.concat([Buffer.from(`${home.path}/`), LATIN]));
			const { exitCode, stderr } = await run(inShell(binary, line), home, [
				"library",
				"backup",
			]);
			expect(exitCode).toBe(2);
			const at = folder ?? `${home.path}/`;
			expect(stderr).toStartWith(
				`[error] a name in this path is not UTF-8: ${at}${SHOWN}`,
			);
			expect(readdirSync(home.path)).toHaveLength(2);
			expect(readdirSync("/tmp")).not.toContain(SHOWN);
		},
	);

	test("is not made where a link leads to it", async () => {
		using home = new Home();
		const folder = Buffer.concat([Buffer.from(`${home.path}/`), LATIN]);
		mkdirSync(folder);
		succeed(["sh", "-c", `ln -s ${home.path}/Zubeh* ${home.at("link")}`]);
		const env = { VPO_DATA_DIR: home.at("link") };
		const backup = ["library", "restore", home.at("none.tar.gz")];
		const { exitCode, stderr } = await run(binary, home, backup, { env });
		expect([2, 20]).toContain(exitCode);
		expect(stderr).not.toBe("");
		expect(readdirSync(folder)).toEqual([]);
		expect(readdirSync(home.path)).toHaveLength(3);
	});
});

describe("a path as long as SQLite takes it", () => {
	/** The path of a library in this home that has so many bytes. */
	function longPath(home: Home, bytes: number): string {
		let folder = home.path;
		const rest = () => bytes - folder.length - "/library.db".length;
		while (rest() > 0) folder += `/${"x".repeat(Math.min(200, rest() - 1))}`;
		return join(folder, "library.db");
	}

	test.each([445, 471, 504])(
		"%i bytes: it is backed up, checked and restored",
		async (bytes) => {
			using home = new Home();
			const path = longPath(home, bytes);
			expect(path).toHaveLength(bytes);
			mkdirSync(dirname(path), { recursive: true });
			cpSync(home.library, path);
			const before = contentOf(path);
			for (const args of [
				["backup"],
				["check", "--deep"],
				["restore", "--yes", "latest"],
				["backup", "--output", `${dirname(path)}/`],
			]) {
				const all = ["library", ...args, "--database", path];
				const { exitCode, stderr } = await run(binary, home, all);
				expect({ args, exitCode, stderr }).toEqual({
					args,
					exitCode: 0,
					stderr: "",
				});
			}
			expect(contentOf(path)).toEqual(before);
			const left = readdirSync(home.path, { recursive: true }).map(String);
			expect(left.filter((name) => name.includes(".vpo-scratch"))).toEqual([]);
		},
	);

	test("longer ones are refused, where a library is to be made too", async () => {
		using home = new Home();
		await run(binary, home, ["library", "backup"]);
		const path = longPath(home, 505);
		const args = ["library", "restore", "latest", "--database", path];
		const { exitCode, stderr } = await run(binary, home, args);
		expect(exitCode).toBe(40);
		expect(stderr).toContain(
			"has 505 bytes, and SQLite opens none of more than 504",
		);
		expect(readdirSync(home.path)).toEqual([".vpo"]);
	});
});
