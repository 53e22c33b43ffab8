// A library that is held locked is changed once what it is to become is proven, and not before.

import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SqliteThread } from "../../../../src/core/library/sqlite-thread.ts";
import { AppError } from "../../../../src/ground/errors.ts";
import { makeEndless } from "../../../helpers/harm.ts";
import { Home } from "../../../helpers/program.ts";

let home: Home;
let candidate: string;
let sqlite: SqliteThread;

beforeEach(() => {
	home = new Home(null);
	candidate = home.at("candidate.db");
	sqlite = new SqliteThread();
	make(home.library, "old");
	make(candidate, "new");
});
afterEach(() => {
	sqlite[Symbol.dispose]();
	home[Symbol.dispose]();
});

function make(path: string, value: string): void {
	using database = new Database(path, { create: true });
	database.run("PRAGMA journal_mode = WAL");
	database.run("CREATE TABLE t (value)");
	const fill =
		"WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO t SELECT ? FROM n";
	database.run(fill, [value.padEnd(900)]);
	database.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

/** What the library holds for whoever opens it next; that nobody keeps it locked is part of the answer. */
function content(): string {
	using database = new Database(home.library);
	database.run("BEGIN IMMEDIATE");
	database.run("COMMIT");
	const values = database.query("SELECT DISTINCT trim(value) FROM t").values();
	return values.flat().join();
}

/** Until more than the memory of the transaction holds is written. */
async function untilFilling(): Promise<void> {
	const size = () =>
		statSync(`${home.library}-wal`, { throwIfNoEntry: false })?.size ?? 0;
	while (size() < 1_000_000) await Bun.sleep(1);
}

test("nothing is committed before the proof is there", async () => {
	const proof = Promise.withResolvers<void>();
	await using lock = await sqlite.lock(home.library);
	const replacing = lock.replace(candidate, proof.promise);
	await untilFilling();
	const file = statSync(home.library);
	const first = await Promise.race([replacing, Bun.sleep(300)]);
	expect(first).toBeUndefined();
	expect(statSync(home.library).mtimeMs).toBe(file.mtimeMs);
	proof.resolve();
	expect(await replacing).toBe(true);
	await lock[Symbol.asyncDispose]();
	expect(content()).toBe("new");
});

test.each([
	["while rows are moved", 0],
	["after they were", 1],
])("what turns out to be damaged is not committed: %s", async (_, when) => {
	const damaged = new AppError("INVALID_ARCHIVE", "an index is wrong");
	const proof = Promise.withResolvers<void>();
	await using lock = await sqlite.lock(home.library);
	const replacing = lock.replace(candidate, proof.promise);
	const ended = replacing.catch((error) => error);
	await untilFilling();
	if (when === 1) await Bun.sleep(500);
	proof.reject(damaged);
	expect(await ended).toBe(damaged);
	await lock[Symbol.asyncDispose]();
	expect(content()).toBe("old");
});

test("what the damage does to the work is not what is told", async () => {
	writeFileSync(candidate, new Uint8Array(1_000_000).fill(1));
	const damaged = new AppError("INVALID_ARCHIVE", "no database at all");
	const proof = Promise.withResolvers<void>();
	await using lock = await sqlite.lock(home.library);
	const replacing = lock.replace(candidate, proof.promise);
	const ended = replacing.catch((error) => error);
	expect(await Promise.race([ended, Bun.sleep(100)])).toBeUndefined();
	proof.reject(damaged);
	expect(await ended).toBe(damaged);
	await lock[Symbol.asyncDispose]();
	expect(content()).toBe("old");
});

test("what hinders the work is told of a candidate that is right", async () => {
	writeFileSync(candidate, new Uint8Array(1_000_000).fill(1));
	await using lock = await sqlite.lock(home.library);
	const replacing = lock.replace(candidate, Promise.resolve());
	expect(await replacing.catch((error) => error.message)).toContain(
		"not a database",
	);
	await lock[Symbol.asyncDispose]();
	expect(content()).toBe("old");
});

test("who waits for the proof can be interrupted", async () => {
	const stop = new AbortController();
	const never = Promise.withResolvers<void>();
	await using lock = await sqlite.lock(home.library);
	const replacing = lock.replace(candidate, never.promise, stop.signal);
	const ended = replacing.catch((error) => error);
	await untilFilling();
	await Bun.sleep(300);
	const reason = new AppError("INTERRUPTED", "interrupted");
	stop.abort(reason);
	expect(await ended).toBe(reason);
	await lock[Symbol.asyncDispose]();
	expect(content()).toBe("old");
});

test("a candidate whose rows don't end keeps nobody once its damage is told", async () => {
	makeEndless(candidate);
	const replacer = join(import.meta.dir, "../../../helpers/replacer.ts");
	const child = Bun.spawn(
		[process.execPath, replacer, home.library, candidate],
		{ stdout: "pipe", timeout: 20_000, killSignal: "SIGKILL" },
	);
	expect(await new Response(child.stdout).text()).toBe("it is damaged\n");
	expect(await child.exited).toBe(7);
	expect(content()).toBe("old");
});
