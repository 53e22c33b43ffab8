// A restore while VPO runs is refused by name, and the daemon loses no commit, whenever it came.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { contentOf } from "../helpers/content.ts";
import { requireRoot } from "../helpers/mounts.ts";
import {
	type Answer,
	LEDGER_SUM,
	ledgerOf,
	OTHER_USER,
	Peer,
	python,
} from "../helpers/peer.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { BACKUP, copyOf, RESTORE } from "../helpers/scene.ts";
import {
	backupsIn,
	expectWholeBackups,
	integrityOf,
	scratchIn,
} from "../helpers/state.ts";
import { holding } from "../helpers/trace.ts";

const INSERT = "INSERT INTO _meta VALUES ('late', 'yes')";
const ASK_LATE = "SELECT value FROM _meta WHERE key = 'late'";
/** What the library has and the backup has not. */
const REPLACED = "INSERT INTO _meta VALUES ('replaced', 'yes')";
const BE_WAL = "PRAGMA journal_mode = WAL";
const MODES = ["WAL", "DELETE", "TRUNCATE"];
const USERS = [
	{ who: "this user's", uid: undefined },
	{ who: "another user's", uid: OTHER_USER },
];
const CASES = MODES.flatMap((mode) => USERS.map((user) => ({ mode, ...user })));

const template = new Home();
beforeAll(async () => {
	expect(await run(binary, template, BACKUP)).toMatchObject({ exitCode: 0 });
});
afterAll(() => template[Symbol.dispose]());

function homeWithBackup(uid?: number): Home {
	const home = copyOf(template);
	if (uid !== undefined) {
		requireRoot("it runs a daemon as another user");
		home.giveTo(uid);
	}
	return home;
}

function expectLocked(
	{ exitCode, json }: { exitCode: number; json: Record<string, unknown> },
	home: Home,
	peer: Peer,
): void {
	expect({ exitCode, code: json.code }).toEqual({
		exitCode: 43,
		code: "DATABASE_LOCKED",
	});
	expect(json.error).toContain(`(pid ${peer.pid})`);
	expect(json.error).toContain("python3");
	expect(json.error).toContain(home.library);
	expect(json.hint).toContain("stop it first");
	expect(scratchIn(home.at(".vpo"))).toEqual([]);
	expect(backupsIn(home.backups)).toHaveLength(1);
}

test("a daemon of another user's needs nothing from the folder that these tests are in", async () => {
	requireRoot("it runs a daemon as another user");
	using home = homeWithBackup(OTHER_USER);
	await using peer = await Peer.connect(home.library, { uid: OTHER_USER });
	const started = readFileSync(`/proc/${peer.pid}/cmdline`, "utf8");
	expect(started.split("\0").slice(0, 2)).toEqual([python(), "-c"]);
	expect(started).not.toContain(join(import.meta.dir, ".."));
});

describe.each(CASES)("with $who daemon in $mode mode", ({ mode, uid }) => {
	const options = uid === undefined ? {} : { uid };

	test("that is idle, a restore is refused, and a dry run names it", async () => {
		using home = homeWithBackup(uid);
		const statements = [
			`PRAGMA journal_mode = ${mode}`,
			"INSERT INTO _meta VALUES ('new', 'yes')",
		];
		await using peer = await Peer.holding(home.library, statements, options);
		expectLocked(await runJson(binary, home, RESTORE), home, peer);
		const dry = await runJson(binary, home, [...RESTORE, "--dry-run"]);
		expect(dry.exitCode).toBe(0);
		expect(String(dry.json.warnings)).toContain(`(pid ${peer.pid})`);
		expect(String(dry.json.warnings)).toContain("stop it before the restore");
		expect(await peer.sql("SELECT value FROM _meta WHERE key = 'new'")).toEqual(
			{ rows: [["yes"]] },
		);
		expect(await peer.sql("DELETE FROM _meta WHERE key = 'new'")).toEqual({
			rows: [],
		});
	});

	test("that commits all the time, a restore is refused, and no commit is lost", async () => {
		using home = homeWithBackup(uid);
		const statements = [`PRAGMA journal_mode = ${mode}`];
		await using peer = await Peer.holding(home.library, statements, options);
		await peer.fire();
		for (let attempt = 0; attempt < 3; attempt++) {
			expectLocked(await runJson(binary, home, RESTORE), home, peer);
		}
		const { commits, error } = await peer.cease();
		expect(error).toBeNull();
		expect(commits).toBeGreaterThan(0);
		await peer.kill();
		expect(integrityOf(home.library)).toBe("ok");
		expect(ledgerOf(home.library)).toEqual({ sum: LEDGER_SUM, commits });
	});
});

test("a daemon that keeps the library to itself is named", async () => {
	using home = homeWithBackup();
	await using peer = await Peer.holding(home.library, [
		"PRAGMA locking_mode = EXCLUSIVE",
		"INSERT INTO _meta VALUES ('new', 'yes')",
	]);
	expectLocked(await runJson(binary, home, RESTORE), home, peer);
});

test("a daemon outside of the container that vpo is in is noticed by its locks", async () => {
	requireRoot("it makes a PID namespace");
	using home = homeWithBackup();
	await using peer = await Peer.holding(home.library, [
		"INSERT INTO _meta VALUES ('new', 'yes')",
	]);
	const container = ["unshare", "--pid", "--fork", "--mount-proc"];
	const inside = { name: "", command: [...container, ...binary.command] };
	const { exitCode, json } = await runJson(inside, home, RESTORE);
	expect({ exitCode, code: json.code }).toEqual({
		exitCode: 43,
		code: "DATABASE_LOCKED",
	});
	expect(json.error).toContain("in use by another process");
	const { rows } = await peer.sql("SELECT value FROM _meta WHERE key = 'new'");
	expect(rows).toEqual([["yes"]]);
});

test("five restores of the same moment leave one whole library, and those that fail name another", async () => {
	using home = homeWithBackup();
	const before = contentOf(home.library);
	const runs = Array.from({ length: 5 }, () => runJson(binary, home, RESTORE));
	for (const { exitCode, json } of await Promise.all(runs)) {
		expect([0, 43]).toContain(exitCode);
		if (exitCode === 43) expect(json.error).toMatch(/\(pid \d+\)|in use by/);
	}
	expect(integrityOf(home.library)).toBe("ok");
	expect(contentOf(home.library)).toEqual(before);
	expect([home.at(".vpo"), home.backups].flatMap(scratchIn)).toEqual([]);
	expectWholeBackups(home.backups);
});

test("a daemon that starts while the backup is unpacked is found all the same", async () => {
	using home = homeWithBackup();
	let late: Peer | null = null;
	const { exitCode, stdout } = await holding(
		home,
		[...RESTORE, "--json"],
		"write:library.db",
		async () => {
			late = await Peer.holding(home.library, [INSERT]);
		},
	);
	await using peer = late as unknown as Peer;
	expectLocked({ exitCode, json: JSON.parse(stdout) }, home, peer);
	expect(await peer.sql(ASK_LATE)).toEqual({ rows: [["yes"]] });
});

/** Calls of a restore that has the library locked, in the order in which they come. */
const LOCKED_AT = [
	"openat:snapshot.db",
	"link:pre-restore.tar.gz",
	"unlinkat:snapshot.db",
	"pwrite64:.vpo/library.db-wal",
	"fsync:.vpo/library.db-wal",
	"pwrite64:.vpo/library.db",
	"fsync:.vpo/library.db",
	"unlink:.vpo/library.db-wal",
];

describe("a daemon that opens the library while a restore has it locked", () => {
	// Either statement in turn: to SQLite each is a writer that waits.
	test.each(LOCKED_AT.map((at, n) => [at, n % 2 === 0 ? INSERT : BE_WAL]))(
		"at %s waits, and then finds the new content in the same file: %s",
		async (at, sql) => {
			using home = homeWithBackup();
			const before = statSync(home.library).ino;
			await (await Peer.holding(home.library, [REPLACED])).kill();
			let late: Peer | null = null;
			let answer: Promise<Answer> | null = null;
			const { exitCode } = await holding(home, RESTORE, at, async () => {
				late = await Peer.connect(home.library, { timeoutSeconds: 20 });
				answer = late.sql(sql);
			});
			await using peer = late as unknown as Peer;
			const { error } = await (answer as unknown as Promise<Answer>);
			expect({ exitCode, error }).toEqual({ exitCode: 0, error: undefined });
			if (sql !== INSERT) await peer.sql(INSERT);
			const ask = "SELECT key FROM _meta WHERE key IN ('late', 'replaced')";
			expect(await peer.sql(ask)).toEqual({ rows: [["late"]] });
			expect(statSync(home.library).ino).toBe(before);
			await peer.kill();
			expect(integrityOf(home.library)).toBe("ok");
			expect(expectWholeBackups(home.backups)).toHaveLength(2);
		},
	);

	test("and has no patience is told that it is locked, and loses nothing", async () => {
		using home = homeWithBackup();
		const refused: (string | undefined)[] = [];
		const { exitCode } = await holding(
			home,
			RESTORE,
			"fsync:.vpo/library.db-wal",
			async () => {
				await using peer = await Peer.connect(home.library, {
					timeoutSeconds: 0,
				});
				for (const sql of [INSERT, BE_WAL, ASK_LATE]) {
					refused.push((await peer.sql(sql)).error);
				}
			},
		);
		expect(exitCode).toBe(0);
		expect(refused).toEqual(["SQLITE_BUSY", "SQLITE_BUSY", "SQLITE_BUSY"]);
		expect(integrityOf(home.library)).toBe("ok");
	});

	test("and vanishes leaves no trace", async () => {
		using home = homeWithBackup();
		const before = contentOf(home.library);
		const { exitCode } = await holding(
			home,
			RESTORE,
			"pwrite64:.vpo/library.db",
			async () => {
				const peer = await Peer.connect(home.library, { timeoutSeconds: 20 });
				peer.sql(INSERT).catch(() => undefined); // it never answers
				await peer.kill();
			},
		);
		expect(exitCode).toBe(0);
		expect(contentOf(home.library)).toEqual(before);
	});
});

/** A library of another page size has nothing that could be transacted with. */
function homeWithOtherPages(): Home {
	const home = homeWithBackup();
	using library = new Database(home.library);
	library.run("PRAGMA journal_mode = DELETE");
	library.run("PRAGMA page_size = 8192");
	library.run("VACUUM");
	library.run("PRAGMA journal_mode = WAL");
	library.run(REPLACED);
	return home;
}

describe("where one file has to take the other's place, a daemon that opened the old one", () => {
	test.each(["link:replaced.db", "rename:.vpo/library.db"])(
		"right before, at %s, gets it back, and the restore is refused",
		async (at) => {
			using home = homeWithOtherPages();
			const { ino } = statSync(home.library);
			let late: Peer | null = null;
			let answer: Promise<Answer> | null = null;
			const { exitCode, stdout } = await holding(
				home,
				[...RESTORE, "--json"],
				at,
				async () => {
					late = await Peer.connect(home.library, { timeoutSeconds: 20 });
					answer = late.sql(INSERT);
				},
			);
			await using peer = late as unknown as Peer;
			const { error } = await (answer as unknown as Promise<Answer>);
			const json = JSON.parse(stdout);
			expect({ exitCode, error }).toEqual({ exitCode: 43, error: undefined });
			expect(json.error).toContain(`(pid ${peer.pid})`);
			const ask =
				"SELECT key FROM _meta WHERE key IN ('late', 'replaced') ORDER BY key";
			expect(await peer.sql(ask)).toEqual({ rows: [["late"], ["replaced"]] });
			expect(statSync(home.library).ino).toBe(ino);
			await peer.kill();
			expect(integrityOf(home.library)).toBe("ok");
			expect(scratchIn(home.at(".vpo"))).toEqual([]);
		},
	);

	test("right after finds the new one", async () => {
		using home = homeWithOtherPages();
		let late: Peer | null = null;
		let answer: Promise<Answer> | null = null;
		const { exitCode } = await holding(
			home,
			RESTORE,
			"unlinkat:replaced.db",
			async () => {
				late = await Peer.connect(home.library, { timeoutSeconds: 20 });
				answer = late.sql(INSERT);
			},
		);
		await using peer = late as unknown as Peer;
		const { error } = await (answer as unknown as Promise<Answer>);
		expect({ exitCode, error }).toEqual({ exitCode: 0, error: undefined });
		const ask = "SELECT key FROM _meta WHERE key IN ('late', 'replaced')";
		expect(await peer.sql(ask)).toEqual({ rows: [["late"]] });
		expect(integrityOf(home.library)).toBe("ok");
	});
});
