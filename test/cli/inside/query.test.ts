// vpo library query: one statement that only reads, bounded, as a table, CSV or JSON.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { Mount } from "../../helpers/mounts.ts";
import { backUpAt } from "../../helpers/nights.ts";
import { binary, Home, run, runJson } from "../../helpers/program.ts";
import { stateOf } from "../../helpers/state.ts";
import { runOnTerminal } from "../../helpers/terminal.ts";

const QUERY = ["library", "query"];
const ODD = `SELECT id, 'a"b,c' AS q, char(10) || 'x' AS n, NULL AS none, '' AS empty, x'00ff' AS bytes, 9007199254740993 AS large, id FROM files ORDER BY id LIMIT 2`;
const ENDLESS =
	"WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";

let home: Home;
beforeAll(async () => {
	home = new Home();
	await backUpAt(home, "2026-02-05T03:00:00Z");
});
afterAll(() => home[Symbol.dispose]());

describe("prints", () => {
	test("a table for people, without a control character", async () => {
		const sql = "SELECT id, char(27) || '[31m' AS red FROM files LIMIT 2";
		const { exitCode, stdout } = await run(binary, home, [
			...QUERY,
			"latest",
			sql,
		]);
		expect(exitCode).toBe(0);
		expect(stdout).toBe("id  red\n 1  \ufffd[31m\n 2  \ufffd[31m\n2 rows\n");
	});

	test("as many rows of it as wanted, and says that there are more", async () => {
		const args = ["latest", "SELECT id FROM files", "--limit", "1"];
		const { stdout } = await run(binary, home, [...QUERY, ...args]);
		expect(stdout).toBe(
			"id\n 1\n1 row, and there are more: --limit N, or --csv\n",
		);
	});

	test("CSV as RFC 4180 has it, and the count on stderr", async () => {
		const args = ["latest", ODD, "--csv"];
		const { stdout, stderr } = await run(binary, home, [...QUERY, ...args]);
		const row = (id: number) =>
			`${id},"a""b,c","\nx",,"",x'00ff',9007199254740993,${id}\r\n`;
		expect(stdout).toBe(
			`id,q,n,none,empty,bytes,large,id\r\n${row(1)}${row(2)}`,
		);
		expect(stderr).toBe("2 rows\n");
	});

	test("rows in JSON, columns of one name apart", async () => {
		const { json } = await runJson(binary, home, [...QUERY, "latest", ODD]);
		expect(json).toMatchObject({
			success: true,
			row_count: 2,
			truncated: false,
		});
		expect(json.rows).toMatchObject([
			{
				id: 1,
				none: null,
				empty: "",
				bytes: "x'00ff'",
				large: "9007199254740993",
				"id:1": 1,
			},
			{ id: 2, "id:1": 2 },
		]);
	});

	test("all rows of a large table, to a reader that takes them or leaves", async () => {
		const sql =
			"WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 200000) SELECT x, hex(zeroblob(20)) FROM n";
		const args = [...QUERY, "latest", sql, "--csv"];
		const { stdout } = await run(binary, home, args);
		expect(stdout.split("\r\n")).toHaveLength(200_002);
		const shell = [
			"sh",
			"-c",
			'"$@" | head -n 2',
			"sh",
			...binary.command,
			...args,
		];
		const child = Bun.spawnSync(shell, {
			env: { HOME: home.path, PATH: process.env.PATH },
		});
		expect(child.stdout.toString().split("\r\n")).toHaveLength(3);
		expect(child.stderr.toString()).not.toContain("error");
	}, 30_000);

	test("on a terminal nothing that could steer it, in CSV either", async () => {
		const sql = "SELECT char(27) || '[31m', char(13), char(155)";
		const args = [...QUERY, "latest", sql, "--csv"];
		const { text: shown } = await runOnTerminal(binary, home, args);
		expect(shown).toContain("\ufffd[31m");
		expect(shown).not.toContain("\u001b[31m");
		expect(shown).not.toContain("\u009b");
	});
});

describe("asks", () => {
	test("the live library, without leaving a trace beside it", async () => {
		const before = stateOf(home.library);
		const { json } = await runJson(binary, home, [
			...[...QUERY, "live", "SELECT count(*) AS n FROM files"],
		]);
		expect(json).toMatchObject({ rows: [{ n: 120 }], path: home.library });
		expect(stateOf(home.library)).toBe(before);
		expect(readdirSync(home.at(".vpo")).sort()).toEqual([
			"backups",
			"library.db",
		]);
	});

	test("the live library, and leaves no -wal beside it, however it ends", async () => {
		const args = [...binary.command, ...QUERY, "live"];
		const ask = (script: string, sql: string) =>
			Bun.spawnSync(["sh", "-c", script, "sh", ...args, sql], {
				env: { HOME: home.path, PATH: process.env.PATH },
			}).exitCode;
		const endings = [
			ask('"$@" --timeout 0.3', ENDLESS),
			ask('"$@" & sleep 0.7; kill -TERM $!; wait $!', ENDLESS),
			ask('"$@" --csv | head -n 1', ENDLESS.replace("count(*)", "x")),
		];
		expect(endings).toEqual([40, 143, 0]);
		expect(readdirSync(home.at(".vpo")).sort()).toEqual([
			"backups",
			"library.db",
		]);
	}, 30_000);

	test.each([
		"EXPLAIN QUERY PLAN SELECT * FROM files",
		"PRAGMA table_info(files)",
		"pragma main.integrity_check",
		"VALUES (1), (2);  -- two",
		"/* a ; */ WITH x AS (SELECT ';') SELECT * FROM x ;",
	])("%s", async (sql) => {
		expect(await run(binary, home, [...QUERY, "latest", sql])).toMatchObject({
			exitCode: 0,
		});
	});
});

describe("refuses", () => {
	const REFUSED = [
		"DELETE FROM files",
		"WITH x AS (SELECT 1) DELETE FROM files",
		"SELECT 1; DELETE FROM files",
		"ATTACH 'other.db' AS other",
		"VACUUM INTO 'other.db'",
		"PRAGMA journal_mode = DELETE",
		"PRAGMA user_version = 7",
		"PRAGMA main.user_version(7)",
		"PRAGMA writable_schema = 1",
		"EXPLAIN DELETE FROM files; DROP TABLE files",
		"SELECT load_extension('other.so')",
		"SELECT nope FROM files",
		"SELECT 'open",
		"BEGIN",
		"",
	];

	test.each(REFUSED)("%s", async (sql) => {
		const before = stateOf(home.library);
		for (const backup of ["latest", "live"]) {
			const { exitCode, json } = await runJson(binary, home, [
				...[...QUERY, backup, sql],
			]);
			expect([exitCode, json.code]).toEqual([2, "USAGE"]);
		}
		expect(stateOf(home.library)).toBe(before);
		expect(existsSync(home.at("other.db"))).toBe(false);
	});

	test("to go on for ever, or to take all the memory", async () => {
		const late = await runJson(binary, home, [
			...[...QUERY, "latest", ENDLESS, "--timeout", "0.5"],
		]);
		expect(late).toMatchObject({
			exitCode: 40,
			json: { code: "OPERATION_FAILED" },
		});
		expect(late.json.error).toContain("longer than 0.5 s");
		const large = await runJson(binary, home, [
			...[...QUERY, "latest", "SELECT hex(randomblob(450000000))"],
		]);
		expect(large.json.error).toContain("of memory");
		expect(readdirSync(home.at(".vpo")).sort()).toEqual([
			"backups",
			"library.db",
		]);
	}, 30_000);

	test("more than there is room for in the scratch folder", async () => {
		using small = Mount.tmpfs(4_000_000);
		const sql =
			"WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT randomblob(9000) FROM n ORDER BY 1";
		for (const backup of ["latest", "live"]) {
			const { exitCode, json } = await runJson(
				binary,
				home,
				[...QUERY, backup, sql],
				{ env: { VPO_TEMP_DIR: small.path } },
			);
			expect([exitCode, json.code]).toEqual([44, "INSUFFICIENT_SPACE"]);
			expect(json.error).toContain(`no space left in ${small.path}`);
			expect(readdirSync(small.path)).toEqual([]);
		}
	}, 30_000);

	test("what makes no sense together", async () => {
		const both = await run(binary, home, [
			...QUERY,
			"latest",
			"SELECT 1",
			"--csv",
			"--json",
		]);
		expect(both.exitCode).toBe(2);
	});
});
