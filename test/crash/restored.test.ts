// What a restore replaces is kept, can be put back, and what comes in its place looks the same from outside.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	chmodSync,
	chownSync,
	existsSync,
	linkSync,
	lstatSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { contentOf } from "../helpers/content.ts";
import { DAMAGES, FOREIGN } from "../helpers/harm.ts";
import { leaveHotWal } from "../helpers/kinds.ts";
import { Mount, mountFile, requireRoot } from "../helpers/mounts.ts";
import { asUser, OTHER_USER } from "../helpers/peer.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { BACKUP, copyOf, RESTORE } from "../helpers/scene.ts";
import {
	backupsIn,
	expectWholeBackup,
	expectWholeBackups,
	scratchIn,
	stateOf,
	succeed,
	tree,
	unpacked,
} from "../helpers/state.ts";
import { holding } from "../helpers/trace.ts";

const UNDO = ["library", "restore", "--yes", "--undo"];

const template = new Home();
beforeAll(async () => {
	expect(await run(binary, template, BACKUP)).toMatchObject({ exitCode: 0 });
	change(template.library, "now");
});
afterAll(() => template[Symbol.dispose]());

/** A home with one backup, and a library that is different by now. */
function homeWithBackup(): Home {
	return copyOf(template);
}

function change(path: string, value: string): void {
	using library = new Database(path);
	library.run("INSERT OR REPLACE INTO _meta VALUES ('state', ?)", [value]);
}

function stateIn(path: string): unknown {
	using library = new Database(path, { readonly: true });
	const ask = "SELECT value FROM _meta WHERE key = 'state'";
	return library.query(ask).values()[0]?.[0] ?? null;
}

async function restore(home: Home, args: readonly string[] = RESTORE) {
	const { exitCode, json } = await runJson(binary, home, args);
	expect({ exitCode, error: json.error }).toEqual({
		exitCode: 0,
		error: undefined,
	});
	expect([home.at(".vpo"), home.backups].flatMap(scratchIn)).toEqual([]);
	return json;
}

describe("the library that is replaced", () => {
	test("is kept as a backup of its own, with the rows that were in its WAL", async () => {
		using home = homeWithBackup();
		await leaveHotWal(home.library, 30);
		const { safety_backup } = await restore(home);
		expect(safety_backup).toMatch(/vpo-library-.*Z-pre-restore\.tar\.gz$/);
		expectWholeBackup(String(safety_backup), (library) => {
			expect(stateIn(library)).toBe("now");
			using database = new Database(library);
			const ask = "SELECT count(*) FROM only_in_wal";
			expect(database.query(ask).values()).toEqual([[30]]);
		});
		expect(stateIn(home.library)).toBeNull();
	});

	test("is not kept with --no-safety-backup", async () => {
		using home = homeWithBackup();
		const before = backupsIn(home.backups);
		const json = await restore(home, [...RESTORE, "--no-safety-backup"]);
		expect(json.safety_backup).toBeNull();
		expect(backupsIn(home.backups)).toEqual(before);
		expect(stateIn(home.library)).toBeNull();
	});

	test("comes back with --undo, which can be undone itself, again and again", async () => {
		using home = homeWithBackup();
		const now = contentOf(home.library);
		await restore(home);
		const restored = contentOf(home.library);
		expect(restored).not.toEqual(now);
		for (let round = 0; round < 2; round++) {
			await restore(home, UNDO);
			expect(contentOf(home.library)).toEqual(now);
			await restore(home, UNDO);
			expect(contentOf(home.library)).toEqual(restored);
		}
		expect(expectWholeBackups(home.backups)).toHaveLength(6);
	});

	test("is never what latest means, however new its backup is", async () => {
		using home = homeWithBackup();
		await restore(home);
		await restore(home, UNDO);
		expect(stateIn(home.library)).toBe("now");
		await restore(home);
		expect(stateIn(home.library)).toBeNull();
	});

	test("stays if it can't be kept", async () => {
		using home = homeWithBackup();
		using full = Mount.tmpfs(64 * 1024);
		const [name = ""] = backupsIn(home.backups);
		const before = stateOf(home.library);
		const { exitCode, json } = await runJson(
			binary,
			home,
			["library", "restore", "--yes", join(home.backups, name)],
			{ env: { VPO_BACKUP_DIR: full.path } },
		);
		expect(exitCode).toBe(44);
		expect(json.error).toContain(full.path);
		expect(stateOf(home.library)).toBe(before);
	});

	test("gets the backup's content into its own file, whatever links to it", async () => {
		using home = homeWithBackup();
		linkSync(home.library, home.at("hard.db"));
		const { ino } = statSync(home.library);
		await restore(home);
		expect(statSync(home.library).ino).toBe(ino);
		expect(statSync(home.at("hard.db")).ino).toBe(ino);
		expect(stateIn(home.at("hard.db"))).toBeNull();
	});

	test("keeps its journal mode, whatever the backup had", async () => {
		using home = homeWithBackup();
		for (const mode of ["delete", "wal"]) {
			using library = new Database(home.library);
			library.run(`PRAGMA journal_mode = ${mode}`);
			library.close();
			await restore(home);
			using restored = new Database(home.library, { readonly: true });
			expect(restored.query("PRAGMA journal_mode").values()).toEqual([[mode]]);
		}
	});

	test("gives way to another file where it has another page size, encoding or auto_vacuum, or virtual tables", async () => {
		for (const statements of [
			["PRAGMA page_size = 8192", "VACUUM"],
			["PRAGMA auto_vacuum = 1", "VACUUM"],
			["CREATE VIRTUAL TABLE words USING fts5 (word)"],
		]) {
			using home = homeWithBackup();
			{
				using library = new Database(home.library);
				library.run("PRAGMA journal_mode = DELETE");
				for (const statement of statements) library.run(statement);
			}
			const { ino } = statSync(home.library);
			await restore(home);
			expect(statSync(home.library).ino).not.toBe(ino);
			expect(stateIn(home.library)).toBeNull();
			expect(expectWholeBackups(home.backups)).toHaveLength(2);
		}
	});

	test("takes a backup over all the same if it is itself a mount point", async () => {
		using home = homeWithBackup();
		renameSync(home.library, home.at("host.db"));
		writeFileSync(home.library, "");
		using _ = mountFile(home.at("host.db"), home.library);
		await restore(home);
		expect(stateIn(home.at("host.db"))).toBeNull();
	});

	test("is refused before any question if it is a mount point and another file would have to take its place", async () => {
		using home = homeWithBackup();
		writeFileSync(home.at("host.db"), "no library at all");
		rmSync(home.library);
		writeFileSync(home.library, "");
		using _ = mountFile(home.at("host.db"), home.library);
		for (const args of [RESTORE, [...RESTORE, "--dry-run"]]) {
			const { exitCode, json } = await runJson(binary, home, args);
			expect(exitCode).toBe(40);
			expect(json.error).toContain("is a mount point");
			expect(json.error).toContain(home.library);
			expect(json.hint).toContain("mount the folder");
		}
		expect(backupsIn(home.backups)).toHaveLength(1);
	});
});

const BLOCKERS = Object.entries({ ...DAMAGES, ...FOREIGN }).filter(
	([name]) => name !== "a folder",
);

describe.each(BLOCKERS)("%s in the library's place", (_, harm) => {
	test("does not block a restore, and is kept", async () => {
		using home = homeWithBackup();
		await harm(home.library);
		const files = [home.library, `${home.library}-wal`].filter(existsSync);
		const before = files.map((path) => readFileSync(path).toString("base64"));
		const { safety_backup } = await restore(home);
		expect(safety_backup).toMatch(/vpo-damaged-.*\.tar\.gz$/);
		unpacked(String(safety_backup), (folder) => {
			const kept = files.map((path) =>
				join(folder, path.slice(home.at(".vpo").length)),
			);
			expect(kept.map((path) => readFileSync(path).toString("base64"))).toEqual(
				before,
			);
		});
		expect(stateIn(home.library)).toBeNull();
	});
});

test("a folder in the library's place is refused, and stays", async () => {
	using home = homeWithBackup();
	await FOREIGN["a folder"]?.(home.library);
	writeFileSync(join(home.library, "notes"), "mine");
	const before = tree(home.at(".vpo"));
	const { exitCode } = await runJson(binary, home, RESTORE);
	expect(exitCode).toBe(40);
	expect(tree(home.at(".vpo"))).toEqual(before);
});

test("a -wal whose library is gone is kept, and never replayed into the restored one", async () => {
	using home = homeWithBackup();
	await leaveHotWal(home.library, 30);
	rmSync(home.library);
	rmSync(`${home.library}-shm`, { force: true });
	const wal = readFileSync(`${home.library}-wal`);
	const { safety_backup } = await restore(home);
	unpacked(String(safety_backup), (folder) => {
		const kept = readFileSync(join(folder, "library.db-wal"));
		expect(kept.equals(wal)).toBe(true);
	});
	expect(existsSync(`${home.library}-wal`)).toBe(false);
	expect(contentOf(home.library)).toEqual(
		contentOf(join(import.meta.dir, "../fixtures/library-v27.db")),
	);
});

function ownerOf(path: string): string {
	const { uid, gid, mode } = statSync(path);
	return `${uid}:${gid} ${(mode & 0o7777).toString(8)}`;
}

describe("the restored library", () => {
	test.each([
		[OTHER_USER, 12, 0o640],
		[0, 0, 0o600],
		[1234, 0, 0o664],
	])(
		"has the owner, group and mode of the one it replaces: %d:%d %o",
		async (uid, gid, mode) => {
			requireRoot("it gives files to other users");
			using home = homeWithBackup();
			chownSync(home.library, uid, gid);
			chmodSync(home.library, mode);
			const before = ownerOf(home.library);
			await restore(home);
			expect(ownerOf(home.library)).toBe(before);
			expect(stateIn(home.library)).toBeNull();
		},
	);

	test("belongs to the folder's owner where there was none", async () => {
		requireRoot("it gives folders to other users");
		using home = homeWithBackup();
		rmSync(home.library);
		home.giveTo(OTHER_USER);
		await restore(home);
		expect(ownerOf(home.library)).toBe(`${OTHER_USER}:${OTHER_USER} 600`);
	});

	test("and the folders made for it belong to the owner of the folder they are in", async () => {
		requireRoot("it gives folders to other users");
		using home = homeWithBackup();
		mkdirSync(home.at("theirs"), { mode: 0o755 });
		home.giveTo(OTHER_USER);
		const target = home.at("theirs", "a", "b", "library.db");
		await restore(home, [...RESTORE, "--database", target]);
		expect(ownerOf(target)).toBe(`${OTHER_USER}:${OTHER_USER} 600`);
		for (const folder of ["a", "a/b"]) {
			expect(ownerOf(home.at("theirs", folder))).toBe(
				`${OTHER_USER}:${OTHER_USER} 700`,
			);
		}
	});

	test("takes the place of a link's target, and the link stays", async () => {
		using home = homeWithBackup();
		mkdirSync(home.at("disk"));
		renameSync(home.library, home.at("disk", "real.db"));
		symlinkSync("../disk/real.db", home.library);
		await restore(home);
		expect(lstatSync(home.library).isSymbolicLink()).toBe(true);
		expect(Object.keys(tree(home.at("disk")))).toEqual([
			"real.db",
			"real.db.vpo.json",
		]);
		expect(stateIn(home.at("disk", "real.db"))).toBeNull();
	});

	test("is made where a dangling link leads", async () => {
		using home = homeWithBackup();
		mkdirSync(home.at("disk"));
		rmSync(home.library);
		symlinkSync(home.at("disk", "real.db"), home.library);
		await restore(home);
		expect(lstatSync(home.library).isSymbolicLink()).toBe(true);
		expect(stateIn(home.at("disk", "real.db"))).toBeNull();
	});

	test("does not take the place of one that was made meanwhile", async () => {
		using home = homeWithBackup();
		renameSync(home.library, home.at("theirs.db"));
		const outcome = await holding(
			home,
			[...RESTORE, "--json"],
			"link:.vpo/library.db",
			() => renameSync(home.at("theirs.db"), home.library),
		);
		expect(outcome.exitCode).toBe(43);
		expect(stateIn(home.library)).toBe("now");
		expect(scratchIn(home.at(".vpo"))).toEqual([]);
	});
});

describe("a target folder", () => {
	test("on a read-only file system is refused by name", async () => {
		using home = homeWithBackup();
		mkdirSync(home.at("target"));
		using mount = Mount.readOnly(home.at("target"));
		const target = ["--database", mount.at("library.db")];
		const { exitCode, json } = await runJson(binary, home, [
			...RESTORE,
			...target,
		]);
		expect(exitCode).toBe(40);
		expect(json.error).toContain(mount.path);
		expect(json.error).toContain("the file system is read-only");
	});

	test("of another user's is refused by name, and so is a library of another user's", async () => {
		requireRoot("it runs vpo as another user");
		using home = homeWithBackup();
		for (const path of [home.path, home.at(".vpo"), home.backups]) {
			chmodSync(path, 0o755);
		}
		const [name = ""] = backupsIn(home.backups);
		const archive = join(home.backups, name);
		chmodSync(archive, 0o644);
		const before = tree(home.path);
		const { exitCode, json } = await runJson(asUser(binary, OTHER_USER), home, [
			"library",
			"restore",
			"--yes",
			archive,
		]);
		expect(exitCode).toBe(40);
		expect(json.error).toContain(home.at(".vpo"));
		expect(json.error).toContain("permission denied");
		expect(tree(home.path)).toEqual(before);
	});

	test.each([
		["the library", 0o400, (home: Home) => home.library],
		["the folder of the safety backup", 0o500, (home: Home) => home.backups],
	])(
		"with %s that may not be written is refused in a dry run too",
		async (_, mode, pathIn) => {
			requireRoot("it runs vpo as another user");
			using home = homeWithBackup();
			succeed(["chown", "-R", `${OTHER_USER}:${OTHER_USER}`, home.path]);
			chmodSync(pathIn(home), mode);
			const before = tree(home.path);
			for (const flag of ["--dry-run", "--yes"]) {
				const restore = ["library", "restore", "latest", flag];
				const user = asUser(binary, OTHER_USER);
				const { exitCode, json } = await runJson(user, home, restore);
				expect(exitCode).toBe(40);
				expect(json.error).toContain(pathIn(home));
				expect(json.error).toContain("permission denied");
				expect(tree(home.path)).toEqual(before);
			}
		},
	);
});
