// Who examines a file from outside: says what a check here would say, and is ended when it takes too much.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
	EXAMINE,
	Examiner,
} from "../../../../src/core/library/check/examiner.ts";
import { SqliteThread } from "../../../../src/core/library/sqlite-thread.ts";
import { makeEndless, miscountFreeSpace } from "../../../helpers/harm.ts";
import { makeLibrary, rewriteLibrary } from "../../../helpers/hostile.ts";
import { Home } from "../../../helpers/program.ts";

/** Half a minute for one row, in little memory. */
const ENDLESS = Array.from(
	{ length: 300 },
	(_, at) => `length(hex(zeroblob(40000000 + a + ${at})))`,
).join(" + ");

let home: Home;
beforeAll(() => {
	home = new Home();
});
afterAll(() => home[Symbol.dispose]());

/** A library whose check never ends. */
function endless(): string {
	const sound = makeLibrary(home.path, {
		sql: [
			"CREATE TABLE other (a INTEGER)",
			"CREATE INDEX partial ON other (a) WHERE a > 0",
			"INSERT INTO other VALUES (1)",
		],
	});
	const path = home.at("endless.db");
	writeFileSync(
		path,
		rewriteLibrary(
			home.path,
			sound,
			`PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX partial ON other (a) WHERE ${ENDLESS}' WHERE name = 'partial'`,
		),
	);
	return path;
}

function children(): number[] {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.map(Number)
		.filter((pid) => {
			const stat = existsSync(`/proc/${pid}/stat`)
				? readFileSync(`/proc/${pid}/stat`, "latin1")
				: "";
			const command = existsSync(`/proc/${pid}/cmdline`)
				? readFileSync(`/proc/${pid}/cmdline`, "latin1")
				: "";
			const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
			return parent === String(process.pid) && command.includes("--examine");
		});
}

async function untilNone(): Promise<void> {
	while (children().length > 0) await Bun.sleep(5);
}

describe("an examiner", () => {
	test("finds what a check in this process finds, one file after the other in one process", async () => {
		using examiner = new Examiner();
		using sqlite = new SqliteThread();
		const damaged = home.at("damaged.db");
		writeFileSync(damaged, readFileSync(home.library));
		miscountFreeSpace(damaged);
		for (const path of [home.library, damaged, home.library]) {
			const here = await sqlite.check(path, 2);
			const found = await examiner.examine(path, 1_000_000, 2);
			expect(found).toMatchObject(here);
			expect(found?.facts?.fileCount ?? null).toBe(
				here.damage === "" ? 120 : null,
			);
		}
		while (children().length > 1) await Bun.sleep(5);
		expect(children()).toHaveLength(1);
	}, 30_000);

	test("finds an index without end, and leaves nothing busy with it", async () => {
		using examiner = new Examiner();
		const path = home.at("endless.db");
		makeEndless(path);
		const found = await examiner.examine(path, 1_000_000, 2);
		expect(found?.damage).toContain("2nd reference to page");
		await untilNone();
	}, 30_000);

	test("hands over the error of a file that can't be asked", async () => {
		using examiner = new Examiner();
		const path = home.at("foreign.db");
		writeFileSync(path, "not a database");
		await expect(examiner.examine(path, 14, 1)).rejects.toMatchObject({
			code: "DATABASE_ERROR",
			message: expect.stringContaining(path),
		});
	}, 30_000);

	test("is ended where a check takes too much time, and the next file has another", async () => {
		using examiner = new Examiner(() => ({ memoryBytes: 2 ** 29, seconds: 1 }));
		const path = endless();
		await expect(examiner.examine(path, 5000, 2)).rejects.toMatchObject({
			code: "INVALID_ARCHIVE",
			message: expect.stringContaining("more time than"),
		});
		await untilNone();
		const found = await examiner.examine(home.library, 1_000_000, 2);
		expect(found?.facts?.fileCount).toBe(120);
	}, 60_000);

	test("has a process for each file where several are examined at once, and one is ended alone", async () => {
		using examiner = new Examiner((bytes) => ({
			memoryBytes: 2 ** 29,
			seconds: bytes === 5000 ? 1 : 60,
		}));
		examiner.start();
		const ended = examiner.examine(endless(), 5000, 1).catch((error) => error);
		for (let round = 0; round < 2; round++) {
			const both = [1, 2].map(() => examiner.examine(home.library, 1e6, 1));
			expect(await Promise.all(both)).toMatchObject([
				{ facts: { fileCount: 120 } },
				{ facts: { fileCount: 120 } },
			]);
		}
		expect(await ended).toMatchObject({ code: "INVALID_ARCHIVE" });
		while (children().length > 2) await Bun.sleep(5);
		expect(await examiner.examine(home.library, 1e6, 1)).not.toBeNull();
		expect(children()).toHaveLength(2);
	}, 60_000);

	test("ends with a signal at once, and with who asks", async () => {
		const examiner = new Examiner();
		const stop = new AbortController();
		const examining = examiner.examine(endless(), 5000, 2, stop.signal);
		while (children().length === 0) await Bun.sleep(5);
		stop.abort(new Error("interrupted"));
		await expect(examining).rejects.toThrow("interrupted");
		await untilNone();
		examiner.start();
		expect(children()).toHaveLength(1);
		examiner[Symbol.dispose]();
		await untilNone();
	}, 60_000);

	test("ends when who asked was killed, in the middle of a check that never does", async () => {
		const main = join(import.meta.dir, "../../../../src/main.ts");
		const child = Bun.spawn([process.execPath, main, EXAMINE], {
			stdin: "pipe",
			stdout: "ignore",
		});
		child.stdin.write(`${JSON.stringify({ path: endless(), freeCores: 1 })}\n`);
		await child.stdin.flush();
		await Bun.sleep(2000); // until it is deep in it
		await child.stdin.end();
		const ended = await Promise.race([child.exited, Bun.sleep(10_000)]);
		child.kill("SIGKILL");
		expect(ended).toBe(0);
	}, 60_000);
});
