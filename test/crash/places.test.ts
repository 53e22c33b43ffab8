// Libraries in places where vpo may not write, or where nobody may: backed up, or refused with the reason.

import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { contentOf } from "../helpers/content.ts";
import { leaveHotJournal, leaveHotWal, makeLibrary } from "../helpers/kinds.ts";
import { Mount, requireRoot } from "../helpers/mounts.ts";
import { asUser, OTHER_USER, Peer } from "../helpers/peer.ts";
import { binary, Home, runJson } from "../helpers/program.ts";
import { contentAfterRecovery } from "../helpers/scene.ts";
import { backupsIn, expectWholeBackup, tree } from "../helpers/state.ts";
import { holding, trace } from "../helpers/trace.ts";

const HOT_WAL_ROWS = 500;

/** The one backup of a home, unpacked and read by others than vpo. */
function contentOfBackup(folder: string): Record<string, unknown> {
	let content: Record<string, unknown> = {};
	const [name = "", ...others] = backupsIn(folder);
	expect(others).toEqual([]);
	expectWholeBackup(join(folder, name), (library) => {
		content = contentOf(library);
	});
	return content;
}

const STATES: Readonly<Record<string, (path: string) => Promise<void> | void>> =
	{
		"closed, in WAL mode": (path) => makeLibrary(path, { journal_mode: "wal" }),
		"closed, in rollback mode": (path) => makeLibrary(path, {}),
		"left with rows in its -wal": (path) => {
			makeLibrary(path, {});
			return leaveHotWal(path, HOT_WAL_ROWS);
		},
		"left with a hot journal": (path) => {
			makeLibrary(path, {});
			return leaveHotJournal(path);
		},
	};

describe("on a read-only mount", () => {
	test.each(Object.entries(STATES))(
		"a library %s is backed up",
		async (_, make) => {
			using home = new Home(null);
			await make(home.library);
			rmSync(`${home.library}-shm`, { force: true });
			const content = contentAfterRecovery(home.library);
			const before = tree(home.at(".vpo"));
			using mount = Mount.readOnly(home.at(".vpo"));
			const target = ["--output", `${home.at("out")}/`];
			const database = ["--database", mount.at("library.db")];
			const args = ["library", "backup", ...target, ...database];
			const { exitCode, json } = await runJson(binary, home, args);
			expect({ exitCode, error: json.error }).toEqual({
				exitCode: 0,
				error: undefined,
			});
			expect(contentOfBackup(home.at("out"))).toEqual(content);
			expect(tree(home.at(".vpo"))).toEqual(before);
		},
	);
});

describe("in a folder of another user's", () => {
	const user = asUser(binary, OTHER_USER);

	function readableByAll(home: Home): void {
		requireRoot("it runs vpo as another user");
		for (const path of ["", ".vpo"]) chmodSync(home.at(path), 0o755);
		for (const end of ["", "-wal", "-shm", "-journal"]) {
			try {
				chmodSync(home.library + end, 0o644);
			} catch {
				// not there
			}
		}
		mkdirSync(home.at("out"));
		chownSync(home.at("out"), OTHER_USER, OTHER_USER);
	}

	async function backUp(home: Home) {
		const args = ["library", "backup", "--output", `${home.at("out")}/`];
		return runJson(user, home, args);
	}

	test.each(["closed, in WAL mode", "closed, in rollback mode"])(
		"a library %s is backed up",
		async (state) => {
			using home = new Home(null);
			await STATES[state]?.(home.library);
			readableByAll(home);
			const content = contentOf(home.library);
			const before = tree(home.at(".vpo"));
			const { exitCode, json } = await backUp(home);
			expect({ exitCode, error: json.error }).toEqual({
				exitCode: 0,
				error: undefined,
			});
			expect(contentOfBackup(home.at("out"))).toEqual(content);
			expect(tree(home.at(".vpo"))).toEqual(before);
		},
	);

	test("a library that its daemon has open is backed up with its newest rows", async () => {
		using home = new Home();
		await using peer = await Peer.holding(home.library, [
			"INSERT INTO _meta VALUES ('only in the WAL', 'yes')",
		]);
		readableByAll(home);
		const { exitCode, json } = await backUp(home);
		expect({ exitCode, error: json.error }).toEqual({
			exitCode: 0,
			error: undefined,
		});
		const { rows } = contentOfBackup(home.at("out")) as {
			rows: Record<string, string[]>;
		};
		expect(rows._meta).toContain('["only in the WAL","yes"]');
		expect(await peer.sql("DELETE FROM _meta WHERE value = 'yes'")).toEqual({
			rows: [],
		});
	});

	test.each(["left with rows in its -wal", "left with a hot journal"])(
		"a library %s is refused, saying who can read it",
		async (state) => {
			using home = new Home(null);
			await STATES[state]?.(home.library);
			rmSync(`${home.library}-shm`, { force: true });
			readableByAll(home);
			const before = tree(home.path);
			const { exitCode, json } = await backUp(home);
			expect({ exitCode, code: json.code }).toEqual({
				exitCode: 40,
				code: "OPERATION_FAILED",
			});
			expect(json.error).toContain(home.library);
			expect(json.hint).toContain("run vpo as the user that VPO runs as");
			expect(tree(home.path)).toEqual(before);
		},
	);

	test("a library that may not be read is refused", async () => {
		using home = new Home();
		readableByAll(home);
		chmodSync(home.library, 0o600);
		const { exitCode, json } = await backUp(home);
		expect({ exitCode, code: json.code }).toEqual({
			exitCode: 40,
			code: "OPERATION_FAILED",
		});
		expect(json.error).toContain(home.library);
		expect(json.error).toContain("permission denied");
	});
});

test.each([
	{ args: ["restore", "--yes", "latest"] },
	{ args: ["diff", "latest"] },
	{ args: ["verify"] },
	{ args: ["backup"] },
])(
	"what SQLite writes beside is in our own scratch folder: $args",
	async ({ args }) => {
		using home = new Home();
		await runJson(binary, home, ["library", "backup"]);
		const options = { action: "count", folder: "/var/tmp" } as const;
		const { exitCode, calls } = await trace(
			home,
			["library", ...args],
			options,
		);
		expect({ exitCode, calls }).toEqual({ exitCode: 0, calls: [""] });
	},
);

test("a library behind symbolic links is backed up, its rows in the -wal too", async () => {
	using home = new Home(null);
	makeLibrary(home.library, {});
	await leaveHotWal(home.library, HOT_WAL_ROWS);
	symlinkSync(home.library, home.at("first.db"));
	symlinkSync("first.db", home.at("second.db"));
	const content = contentAfterRecovery(home.library);
	const args = ["library", "backup", "--database", home.at("second.db")];
	const { exitCode } = await runJson(binary, home, args);
	expect(exitCode).toBe(0);
	expect(contentOfBackup(home.backups)).toEqual(content);
});

test("a closed library that is opened and written while it is read without locks is read again", async () => {
	using home = new Home();
	using mount = Mount.readOnly(home.at(".vpo"));
	const target = ["--output", `${home.at("out")}/`];
	const database = ["--database", mount.at("library.db")];
	const args = ["library", "backup", ...target, ...database];
	const { exitCode } = await holding(
		home,
		args,
		"pwrite64:snapshot.db",
		async () => {
			await using peer = await Peer.connect(home.library);
			await peer.sql("UPDATE files SET directory = directory || '/elsewhere'");
			await peer.sql("PRAGMA wal_checkpoint(TRUNCATE)");
			await peer.sql("PRAGMA journal_mode = DELETE");
			await peer.sql("PRAGMA journal_mode = WAL");
		},
	);
	expect(exitCode).toBe(0);
	expect(contentOfBackup(home.at("out"))).toEqual(contentOf(home.library));
});
