// A restore while VPO runs is refused by name, and the daemon loses no commit, whenever it came.

import { describe, expect, test } from "bun:test";
import { chownSync, readdirSync } from "node:fs";
import { contentOf } from "../helpers/content.ts";
import { requireRoot } from "../helpers/mounts.ts";
import {
	type Answer,
	LEDGER_SUM,
	ledgerOf,
	OTHER_USER,
	Peer,
} from "../helpers/peer.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { BACKUP, RESTORE } from "../helpers/scene.ts";
import {
	backupsIn,
	expectWholeBackups,
	integrityOf,
	scratchIn,
} from "../helpers/state.ts";
import { holding } from "../helpers/trace.ts";

const INSERT = "INSERT INTO _meta VALUES ('late', 'yes')";
const MODES = ["WAL", "DELETE", "TRUNCATE"];
const USERS = [
	{ who: "this user's", uid: undefined },
	{ who: "another user's", uid: OTHER_USER },
];
const CASES = MODES.flatMap((mode) => USERS.map((user) => ({ mode, ...user })));

async function homeWithBackup(uid?: number): Promise<Home> {
	const home = new Home();
	expect(await run(binary, home, BACKUP)).toMatchObject({ exitCode: 0 });
	if (uid !== undefined) {
		requireRoot("it runs a daemon as another user");
		for (const path of [home.path, home.at(".vpo"), home.library]) {
			chownSync(path, uid, uid);
		}
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

describe.each(CASES)("with $who daemon in $mode mode", ({ mode, uid }) => {
	const options = uid === undefined ? {} : { uid };

	test("that is idle, a restore and its dry run are refused", async () => {
		using home = await homeWithBackup(uid);
		const statements = [
			`PRAGMA journal_mode = ${mode}`,
			"INSERT INTO _meta VALUES ('new', 'yes')",
		];
		await using peer = await Peer.holding(home.library, statements, options);
		for (const args of [RESTORE, [...RESTORE, "--dry-run"]]) {
			expectLocked(await runJson(binary, home, args), home, peer);
		}
		expect(await peer.sql("SELECT value FROM _meta WHERE key = 'new'")).toEqual(
			{ rows: [["yes"]] },
		);
		expect(await peer.sql("DELETE FROM _meta WHERE key = 'new'")).toEqual({
			rows: [],
		});
	});

	test("that commits all the time, a restore is refused, and no commit is lost", async () => {
		using home = await homeWithBackup(uid);
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
	using home = await homeWithBackup();
	await using peer = await Peer.holding(home.library, [
		"PRAGMA locking_mode = EXCLUSIVE",
		"INSERT INTO _meta VALUES ('new', 'yes')",
	]);
	expectLocked(await runJson(binary, home, RESTORE), home, peer);
});

test("a daemon outside of the container that vpo is in is noticed by its locks", async () => {
	requireRoot("it makes a PID namespace");
	using home = await homeWithBackup();
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
	using home = await homeWithBackup();
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
	using home = await homeWithBackup();
	await using peer = await Peer.connect(home.library);
	const args = [...RESTORE, "--json"];
	const { exitCode, stdout } = await holding(
		home,
		args,
		"write:library.db",
		async () => {
			await peer.sql("INSERT INTO _meta VALUES ('new', 'yes')");
		},
	);
	expectLocked({ exitCode, json: JSON.parse(stdout) }, home, peer);
	expect(await peer.sql("SELECT value FROM _meta WHERE key = 'new'")).toEqual({
		rows: [["yes"]],
	});
});

describe("a daemon that opened the old library while it was locked", () => {
	test.each([
		["link:pre-restore.tar.gz", INSERT, true],
		["fsync:library.db-wal", INSERT, true],
		["rename:.vpo/library.db", INSERT, true],
		["rename:.vpo/library.db", "PRAGMA journal_mode = WAL", true],
		["unlinkat:replaced.db", INSERT, false],
	])(
		"at %s never writes into nowhere: %s",
		async (at, statement, isTooLate) => {
			using home = await homeWithBackup();
			const before = contentOf(home.library);
			// The library that is replaced has what the backup has not.
			const other = await Peer.holding(home.library, [
				"INSERT INTO _meta VALUES ('replaced', 'yes')",
			]);
			await other.kill();
			let late: Peer | null = null;
			let answer: Promise<Answer> | null = null;
			const { exitCode } = await holding(home, RESTORE, at, async () => {
				late = await Peer.connect(home.library, { timeoutSeconds: 20 });
				answer = late.sql(statement);
			});
			await using peer = late as unknown as Peer;
			const { rows, error } = await (answer as unknown as Promise<Answer>);
			expect(exitCode).toBe(0);
			expect(expectWholeBackups(home.backups)).toHaveLength(2);
			if (isTooLate) {
				expect({ rows, error }).toEqual({
					rows: undefined,
					error: "SQLITE_READONLY_DBMOVED",
				});
				expect(contentOf(home.library)).toEqual(before);
				expect(readdirSync(home.at(".vpo")).sort()).toEqual([
					"backups",
					"library.db",
				]);
			} else {
				expect(error).toBeUndefined();
				const ask = "SELECT key FROM _meta WHERE key IN ('late', 'replaced')";
				expect(await peer.sql(ask)).toEqual({ rows: [["late"]] });
			}
		},
	);
});
