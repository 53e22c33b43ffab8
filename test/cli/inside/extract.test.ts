// vpo library extract and show: the library in a backup as a file of its own, and all that is known of a backup.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	cpSync,
	existsSync,
	readdirSync,
	readFileSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Mount } from "../../helpers/mounts.ts";
import { backUpAt } from "../../helpers/nights.ts";
import { binary, FIXTURES, Home, run, runJson } from "../../helpers/program.ts";
import {
	expectWholeBackup,
	integrityOf,
	stateOf,
} from "../../helpers/state.ts";

const EXTRACT = ["library", "extract"];
const VPOS_OWN = join(FIXTURES, "vpo-library-2026-11-22T110747Z.tar.gz");

let home: Home;
let backup: string;
beforeAll(async () => {
	home = new Home();
	backup = await backUpAt(home, "2026-02-05T03:00:00Z");
});
afterAll(() => home[Symbol.dispose]());

const sha256 = (bytes: Uint8Array) => Bun.SHA256.hash(bytes, "hex");

describe("extract", () => {
	test("writes the library in the archive, private, and never over a file", async () => {
		const to = home.at("out.db");
		const { exitCode, json } = await runJson(binary, home, [
			...EXTRACT,
			"latest",
			"--to",
			to,
		]);
		expect(exitCode).toBe(0);
		expect(json).toMatchObject({ success: true, path: to, file_count: 120 });
		expect(stateOf(to)).toStartWith("file 600 ");
		expect(integrityOf(to)).toBe("ok");
		expectWholeBackup(join(home.backups, backup), (library) => {
			expect(sha256(readFileSync(to))).toBe(sha256(readFileSync(library)));
		});
		const before = stateOf(to);
		const again = await runJson(binary, home, [
			...EXTRACT,
			"latest",
			"--to",
			to,
		]);
		expect(again).toMatchObject({
			exitCode: 40,
			json: { code: "OPERATION_FAILED" },
		});
		expect(stateOf(to)).toBe(before);
	});

	test("writes it to a pipe", async () => {
		const command = [...binary.command, ...EXTRACT, "latest", "--to", "-"];
		const child = Bun.spawnSync(command, {
			env: { HOME: home.path },
			cwd: home.path,
		});
		expect(child.exitCode).toBe(0);
		expectWholeBackup(join(home.backups, backup), (library) => {
			expect(sha256(child.stdout)).toBe(sha256(readFileSync(library)));
		});
	});

	test("takes VPO's own archives too", async () => {
		const { exitCode } = await run(binary, home, [
			...EXTRACT,
			VPOS_OWN,
			"--to",
			home.at("vpo.db"),
		]);
		expect(exitCode).toBe(0);
	});

	test("refuses the library's own place, a journal beside it, a folder, and no place at all", async () => {
		using other = new Home(null);
		const archive = join(home.backups, backup);
		const codes = async (...args: string[]) =>
			(await run(binary, other, [...EXTRACT, archive, ...args])).exitCode;
		expect(await codes("--to", other.library)).toBe(40);
		writeFileSync(other.at("x.db-wal"), "");
		expect(await codes("--to", other.at("x.db"))).toBe(40);
		writeFileSync(other.at("y.db"), "");
		for (const end of ["-wal", "-shm", "-journal"]) {
			expect(await codes("--to", other.library + end)).toBe(40);
			expect(await codes("--to", other.at(`y.db${end}`))).toBe(40);
		}
		expect(await codes("--to", `${other.path}/`)).toBe(2);
		expect(await codes("--to", other.path)).toBe(40);
		expect(await codes("--to", other.at("none", "x.db"))).toBe(20);
		expect(await codes()).toBe(2);
		expect(readdirSync(other.path).sort()).toEqual([
			...[".vpo", "x.db-wal", "y.db"],
		]);
	});

	test("leaves no file where there is no room, and names the folder", async () => {
		using small = Mount.tmpfs(500_000);
		const { exitCode, json } = await runJson(binary, home, [
			...[...EXTRACT, "latest", "--to", small.at("out.db")],
		]);
		expect([exitCode, json.code]).toEqual([44, "INSUFFICIENT_SPACE"]);
		expect(json.error).toMatch(`not enough space in ${small.path}: `);
		expect(readdirSync(small.path)).toEqual([]);
	});

	test("leaves no file of a damaged backup", async () => {
		const damaged = home.at("damaged.tar.gz");
		cpSync(join(home.backups, backup), damaged);
		truncateSync(damaged, 50_000);
		const to = home.at("none.db");
		const { exitCode } = await run(binary, home, [
			...EXTRACT,
			damaged,
			"--to",
			to,
		]);
		expect(exitCode).toBe(46);
		expect(existsSync(to)).toBe(false);
	});
});

describe("show", () => {
	const SHOW = ["library", "show"];

	test("tells the metadata, what is remembered, and rows by table", async () => {
		await run(binary, home, [
			"library",
			"pin",
			backup,
			"--note",
			"for \u001b[31mever",
		]);
		await run(binary, home, ["library", "verify", backup]);
		const { stdout } = await run(binary, home, [...SHOW, "latest"]);
		expect(stdout).toContain(
			`  Path:              ${home.backups}/${backup}\n`,
		);
		expect(stdout).toContain("for \ufffd[31mever");
		expect(stdout).toMatch(/^ {2}Verified: +good, just now$/m);
		expect(stdout).toMatch(/^tracks +663$/m);
		const { json } = await runJson(binary, home, [...SHOW, "latest"]);
		expect(json).toMatchObject({
			filename: backup,
			kind: "manual",
			file_count: 120,
			pinned: true,
			verified_error: null,
			table_rows: { files: 120, tracks: 663 },
		});
	});

	test("counts the rows in VPO's own archives", async () => {
		const { json } = await runJson(binary, home, [...SHOW, VPOS_OWN]);
		expect(json).toMatchObject({ kind: null, table_rows: { tracks: 663 } });
	});

	test("says what is wrong with a damaged one", async () => {
		const { exitCode } = await run(binary, home, [
			...SHOW,
			home.at("damaged.tar.gz"),
		]);
		expect(exitCode).toBe(46);
	});
});
