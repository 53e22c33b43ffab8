// Backups of a library that is in use: consistent whatever others write meanwhile, or refused by name.

import { describe, expect, test } from "bun:test";
import { backUpUnderFire } from "../helpers/fire.ts";
import { Peer } from "../helpers/peer.ts";
import { binary, Home, runJson } from "../helpers/program.ts";
import { expectWholeBackups, libraryFiles } from "../helpers/state.ts";
import { holding } from "../helpers/trace.ts";

const LONG = 60_000;
/** The soak makes more. */
const COUNT = 3;

describe("while another process commits all the time", () => {
	test.each(["wal", "delete", "truncate", "persist"])(
		"every backup holds whole transactions only: journal mode %s",
		async (mode) => {
			const { fired, commits, lost } = await backUpUnderFire(mode, COUNT);
			expect(lost).toEqual([]);
			expect(fired.error).toBeNull();
			expect(commits).toHaveLength(COUNT);
			// They are not all of the moment before the fire began.
			expect(new Set(commits).size).toBe(COUNT);
			expect(commits).toEqual(commits.toSorted((a, b) => a - b));
		},
		LONG,
	);

	test.each(["pwrite64:snapshot.db", "write:backup.tar.gz", "link:.tar.gz"])(
		"a writer in WAL mode need not wait for a backup that is at %s",
		async (call) => {
			using home = new Home();
			await using peer = await Peer.holding(home.library, [], {
				timeoutSeconds: 0,
			});
			const { exitCode } = await holding(
				home,
				["library", "backup"],
				call,
				async () => {
					const update = "UPDATE files SET size_bytes = size_bytes + 1";
					expect(await peer.sql(update)).toEqual({ rows: [] });
				},
			);
			expect(exitCode).toBe(0);
		},
	);
});

test("a long write transaction in WAL mode costs no backup: it holds what was committed before", async () => {
	using home = new Home();
	await using _ = await Peer.holding(home.library, [
		"PRAGMA journal_mode = WAL",
		"DELETE FROM files WHERE id = 7",
		"BEGIN IMMEDIATE",
		"DELETE FROM files",
	]);
	const args = ["library", "backup", "--lock-timeout", "0"];
	const { exitCode, json } = await runJson(binary, home, args);
	expect({ exitCode, files: json.file_count }).toEqual({
		exitCode: 0,
		files: 119,
	});
});

describe("a library that another process has locked is refused, naming it", () => {
	test.each([
		[
			"BEGIN IMMEDIATE in rollback mode",
			["PRAGMA journal_mode = DELETE", "BEGIN IMMEDIATE"],
		],
		[
			"BEGIN EXCLUSIVE in rollback mode",
			["PRAGMA journal_mode = DELETE", "BEGIN EXCLUSIVE"],
		],
		[
			"locking_mode = EXCLUSIVE in WAL mode",
			["PRAGMA locking_mode = EXCLUSIVE", "UPDATE _meta SET value = value"],
		],
		[
			"locking_mode = EXCLUSIVE in rollback mode",
			[
				"PRAGMA journal_mode = DELETE",
				"PRAGMA locking_mode = EXCLUSIVE",
				"UPDATE _meta SET value = value",
			],
		],
	])("%s", async (_, statements) => {
		using home = new Home();
		await using peer = await Peer.holding(home.library, statements);
		const before = libraryFiles(home.library);
		const args = ["library", "backup", "--lock-timeout", "0.3"];
		const began = performance.now();
		const { exitCode, json } = await runJson(binary, home, args);
		expect(performance.now() - began).toBeGreaterThan(300);
		expect({ exitCode, code: json.code }).toEqual({
			exitCode: 43,
			code: "DATABASE_LOCKED",
		});
		expect(json.error).toContain(`(pid ${peer.pid})`);
		expect(json.error).toContain("python3");
		expect(expectWholeBackups(home.backups)).toEqual([]);
		expect(libraryFiles(home.library)).toEqual(before);
	});

	test("a lock that ends within the timeout is waited for", async () => {
		using home = new Home();
		await using peer = await Peer.holding(home.library, [
			"PRAGMA journal_mode = DELETE",
			"BEGIN IMMEDIATE",
		]);
		const backup = runJson(binary, home, ["library", "backup"]);
		await Bun.sleep(300);
		await peer.sql("COMMIT");
		expect((await backup).exitCode).toBe(0);
	});
});
