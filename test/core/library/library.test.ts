// The live library: recognised, described, locked, snapshotted, and never changed by being read.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import {
	requireLibraryFile,
	requireUnused,
} from "../../../src/core/library/library.ts";
import { SqliteThread } from "../../../src/core/library/sqlite-thread.ts";
import type { AppError } from "../../../src/ground/errors.ts";
import { contentOf } from "../../helpers/content.ts";
import { FOREIGN } from "../../helpers/harm.ts";
import { leaveHotJournal, leaveHotWal } from "../../helpers/kinds.ts";
import { Peer } from "../../helpers/peer.ts";
import { Home } from "../../helpers/program.ts";
import { integrityOf, libraryFiles } from "../../helpers/state.ts";

const NOW = { lockTimeoutMs: 0 };

let home: Home;
let sqlite: SqliteThread;
beforeEach(() => {
	home = new Home();
	sqlite = new SqliteThread();
});
afterEach(() => {
	sqlite[Symbol.dispose]();
	home[Symbol.dispose]();
});

function codeOf(work: Promise<unknown>): Promise<string> {
	return work.then(
		() => "none",
		(error: AppError) => error.code,
	);
}

function beside(): string[] {
	return readdirSync(home.at(".vpo")).sort();
}

describe("a file is no library", () => {
	test.each(
		Object.entries(FOREIGN).filter(([name]) => !/without|SQLite/.test(name)),
	)("if it is %s", async (_, harm) => {
		await harm(home.library);
		expect(await codeOf(requireLibraryFile(home.library))).toBe(
			"DATABASE_ERROR",
		);
	});

	test("if it is not there, and none is made", async () => {
		rmSync(home.library);
		expect(await codeOf(sqlite.describe(home.library, NOW))).toBe("NOT_FOUND");
		expect(beside()).toEqual([]);
	});
});

describe("describing a library", () => {
	test("tells what is in it, and leaves no file beside a closed one", async () => {
		const { mtimeMs } = statSync(home.library);
		expect(await sqlite.describe(home.library, NOW)).toMatchObject({
			schemaVersion: 27,
			fileCount: 120,
			journalMode: "wal",
			databaseSizeBytes: statSync(home.library).size,
		});
		expect(beside()).toEqual(["library.db"]);
		expect(statSync(home.library).mtimeMs).toBe(mtimeMs);
	});

	test("counts the rows that are in its WAL only", async () => {
		await leaveHotWal(home.library, 1);
		await (
			await Peer.holding(home.library, ["DELETE FROM files WHERE id <= 20"])
		).kill();
		const before = libraryFiles(home.library);
		const { fileCount } = await sqlite.describe(home.library, NOW);
		expect(fileCount).toBe(100);
		expect(libraryFiles(home.library)).toEqual(before);
	});

	test("rolls back what a killed writer left half done", async () => {
		await leaveHotJournal(home.library);
		const { fileCount } = await sqlite.describe(home.library, NOW);
		expect(fileCount).toBe(80);
		expect(integrityOf(home.library)).toBe("ok");
	});
});

describe("the probe for the write lock", () => {
	test("does not checkpoint the WAL of a library that nobody else has open", async () => {
		await leaveHotWal(home.library, 50);
		const before = libraryFiles(home.library);
		await sqlite.describe(home.library, NOW);
		await sqlite.probeWriteLock(home.library, NOW);
		expect(libraryFiles(home.library)).toEqual(before);
	});

	test("passes a library in WAL mode that others write", async () => {
		const statements = ["PRAGMA journal_mode = WAL", "BEGIN IMMEDIATE"];
		await using _ = await Peer.holding(home.library, statements);
		await sqlite.probeWriteLock(home.library, NOW);
	});

	test("passes a library that others read", async () => {
		const statements = [
			"PRAGMA journal_mode = DELETE",
			"BEGIN",
			"SELECT * FROM files",
		];
		await using _ = await Peer.holding(home.library, statements);
		await sqlite.probeWriteLock(home.library, NOW);
	});

	test("names who holds the lock", async () => {
		await using peer = await Peer.holding(home.library, [
			"PRAGMA journal_mode = DELETE",
			"BEGIN IMMEDIATE",
		]);
		const probe = sqlite.probeWriteLock(home.library, NOW);
		const error = await probe.catch((error: AppError) => error);
		expect(error).toMatchObject({ code: "DATABASE_LOCKED" });
		expect((error as AppError).message).toContain(`(pid ${peer.pid})`);
	});

	test("passes a library that is committed to all the time", async () => {
		await using peer = await Peer.holding(home.library, [
			"PRAGMA journal_mode = DELETE",
		]);
		await peer.fire();
		await sqlite.probeWriteLock(home.library, { lockTimeoutMs: 20_000 });
		expect((await peer.cease()).error).toBeNull();
	}, 30_000);
});

describe("a snapshot", () => {
	test("holds what the library held at one moment, and is one plain file", async () => {
		await leaveHotWal(home.library, 50);
		const to = home.at("snapshot.db");
		await sqlite.snapshot(home.library, to, NOW);
		expect(contentOf(to)).toEqual(contentOf(home.library));
		expect(existsSync(`${to}-wal`) || existsSync(`${to}-journal`)).toBe(false);
	});
});

describe("a locked library", () => {
	test.each(["WAL", "DELETE"])(
		"can be neither read nor written by others: %s mode",
		async (mode) => {
			await using peer = await Peer.connect(home.library, {
				timeoutSeconds: 0,
			});
			await peer.sql(`PRAGMA journal_mode = ${mode}`);
			await peer.sql("SELECT * FROM _meta");
			expect(await codeOf(requireUnused(home.library))).toBe("DATABASE_LOCKED");
			expect(await codeOf(sqlite.lock(home.library))).toBe("DATABASE_LOCKED");
			await peer.kill();

			await using late = await lateComer();
			expect(await late.peer.sql("SELECT * FROM _meta")).toMatchObject({
				error: "SQLITE_BUSY",
			});
			expect(await late.peer.sql("DELETE FROM _meta")).toMatchObject({
				error: "SQLITE_BUSY",
			});
			await late.lock[Symbol.asyncDispose]();
			expect(await late.peer.sql("SELECT 1 FROM _meta LIMIT 1")).toEqual({
				rows: [[1]],
			});
		},
	);

	async function lateComer() {
		const lock = await sqlite.lock(home.library);
		const peer = await Peer.connect(home.library, { timeoutSeconds: 0 });
		return {
			lock,
			peer,
			[Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
		};
	}

	test("has all it holds in one file once its WAL is folded in, and gets its WAL back", async () => {
		await leaveHotWal(home.library, 50);
		const before = contentOf(home.library);
		const lock = await sqlite.lock(home.library);
		await lock.fold();
		expect(existsSync(`${home.library}-wal`)).toBe(false);
		await lock.unfold();
		await lock[Symbol.asyncDispose]();
		expect(contentOf(home.library)).toEqual(before);
		const { journalMode } = await sqlite.describe(home.library, NOW);
		expect(journalMode).toBe("wal");
	});
});
