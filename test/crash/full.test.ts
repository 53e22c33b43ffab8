// Full disks, and places where archives can't be made as usual: said by name, or done another way; nothing lost or left.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	chmodSync,
	chownSync,
	cpSync,
	existsSync,
	mkdirSync,
	renameSync,
	rmSync,
	statfsSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { contentOf } from "../helpers/content.ts";
import { leaveHotWal } from "../helpers/kinds.ts";
import { Mount, requireRoot } from "../helpers/mounts.ts";
import { asUser, OTHER_USER } from "../helpers/peer.ts";
import {
	binary,
	Home,
	type Outcome,
	run,
	runJson,
} from "../helpers/program.ts";
import { BACKUP, copyOf, RESTORE } from "../helpers/scene.ts";
import { expectWholeBackups, scratchIn, tree } from "../helpers/state.ts";
import { holding, trace } from "../helpers/trace.ts";

const MIB = 1024 * 1024;
const NO_HARD_LINKS = { action: "EPERM", at: "link:.tar.gz" } as const;

/** Fills a file system to its last byte, as another program may at any time. */
function fill(mount: Mount): void {
	const { bavail, bsize } = statfsSync(mount.path);
	writeFileSync(mount.at("filler"), new Uint8Array(bavail * bsize));
}

function expectFull(
	{ exitCode, stdout }: { exitCode: number; stdout: string },
	folder: string,
): void {
	const json = JSON.parse(stdout) as Record<string, unknown>;
	expect({ exitCode, code: json.code }).toEqual({
		exitCode: 44,
		code: "INSUFFICIENT_SPACE",
	});
	expect(json.error).toContain(folder);
}

const template = new Home();
beforeAll(async () => {
	expect(await run(binary, template, BACKUP)).toMatchObject({ exitCode: 0 });
});
afterAll(() => template[Symbol.dispose]());

const homeWithBackup = () => copyOf(template);

describe("too little space is seen before anything is written", () => {
	test.each([
		["for the snapshot", (small: Mount) => ({ VPO_TEMP_DIR: small.path })],
		["for the archive", (small: Mount) => ({ VPO_BACKUP_DIR: small.path })],
		[
			"for both together",
			(small: Mount) => ({
				VPO_TEMP_DIR: small.at("scratch"),
				VPO_BACKUP_DIR: small.at("backups"),
			}),
		],
	])("%s", async (_, environment) => {
		using home = new Home();
		// Enough for one copy of the library (0.7 MB), not for two.
		const isBoth = Object.keys(environment({ at: join } as never)).length === 2;
		using small = Mount.tmpfs(isBoth ? MIB : MIB / 2);
		const before = tree(home.path);
		const env = environment(small);
		// A configured location must be there.
		if (isBoth) mkdirSync(small.at("backups"));
		const outcome = await run(binary, home, [...BACKUP, "--json"], { env });
		expectFull(outcome, small.path);
		expect(outcome.stdout).toContain("needed");
		expect(tree(home.path)).toEqual(before);
		expect(Object.values(tree(small.path)).join()).not.toContain("file");
	});

	test("for the library that a restore unpacks", async () => {
		using home = homeWithBackup();
		using small = Mount.tmpfs(MIB / 2);
		const target = ["--database", small.at("library.db")];
		const args = [...RESTORE, ...target, "--json"];
		expectFull(await run(binary, home, args), small.path);
		expect(tree(small.path)).toEqual({});
	});

	test("for the safety backup of a restore", async () => {
		using home = homeWithBackup();
		using small = Mount.tmpfs(MIB / 2);
		const env = { VPO_BACKUP_DIR: small.path };
		const before = tree(home.path);
		const [name = ""] = expectWholeBackups(home.backups);
		const archive = join(home.backups, name);
		const args = ["library", "restore", "--yes", archive, "--json"];
		expectFull(await run(binary, home, args, { env }), small.path);
		expect(tree(small.path)).toEqual({});
		expect(tree(home.path)).toEqual(before);
	});
});

describe("another program fills the disk in the middle", () => {
	test.each([
		["of the snapshot", "VPO_TEMP_DIR", "pwrite64:snapshot.db:50"],
		["of the archive", "VPO_BACKUP_DIR", "write:backup.tar.gz:2"],
		["before the archive is begun", "VPO_BACKUP_DIR", "openat:backup.tar.gz"],
	])("%s", async (_, variable, at) => {
		using home = new Home();
		using small = Mount.tmpfs(MIB);
		const before = tree(home.path);
		const outcome = await holding(
			home,
			[...BACKUP, "--json"],
			at,
			() => fill(small),
			{ env: { [variable]: small.path }, folder: small.path },
		);
		expectFull(outcome, small.path);
		expect(Object.keys(tree(small.path))).toEqual(["filler"]);
		expect(existsSync(home.backups) ? tree(home.backups) : {}).toEqual({});
		rmSync(home.backups, { recursive: true, force: true });
		expect(tree(home.path)).toEqual(before);
	});

	test("of what a restore unpacks", async () => {
		using home = homeWithBackup();
		using small = Mount.tmpfs(2 * MIB);
		const library = small.at("library.db");
		const args = [...RESTORE, "--database", library];
		expect(await run(binary, home, args)).toMatchObject({ exitCode: 0 });
		const before = contentOf(library);
		const outcome = await holding(
			home,
			[...args, "--json"],
			"write:library.db",
			() => fill(small),
			{ folder: small.path },
		);
		expectFull(outcome, small.path);
		expect(Object.keys(tree(small.path))).toEqual([
			"filler",
			"library.db",
			"library.db.vpo.json",
		]);
		expect(contentOf(library)).toEqual(before);
	});
});

test("a library whose own disk is full is not said to be another user's", async () => {
	using home = new Home();
	using small = Mount.tmpfs(MIB);
	const library = small.at("library.db");
	cpSync(home.library, library);
	await leaveHotWal(library, 20);
	rmSync(`${library}-shm`);
	fill(small);
	const args = [...BACKUP, "--database", library];
	const { exitCode, json } = await runJson(binary, home, args);
	expect([40, 44]).toContain(exitCode);
	expect(json.error).toContain(library);
	expect(String(json.hint)).not.toContain("user");
});

describe("the output folder", () => {
	function expectRefused({ exitCode, stdout }: Outcome, path: string): string {
		const json = JSON.parse(stdout) as Record<string, unknown>;
		expect({ exitCode, code: json.code }).toEqual({
			exitCode: 40,
			code: "OPERATION_FAILED",
		});
		expect(json.error).toContain(path);
		return String(json.error);
	}

	test("that is on a read-only file system is refused", async () => {
		using home = homeWithBackup();
		using mount = Mount.readOnly(home.backups);
		const before = tree(home.path);
		const args = [...BACKUP, "--json", "--output", `${mount.path}/`];
		const outcome = await run(binary, home, args);
		const error = expectRefused(outcome, mount.path);
		expect(error).toContain("the file system is read-only");
		expect(tree(home.path)).toEqual(before);
	});

	test("that belongs to another user is refused", async () => {
		requireRoot("it runs vpo as another user");
		using home = new Home();
		for (const path of [home.path, home.at(".vpo"), home.library]) {
			chownSync(path, OTHER_USER, OTHER_USER);
		}
		mkdirSync(home.at("out"));
		const before = tree(home.path);
		const args = [...BACKUP, "--json", "--output", `${home.at("out")}/`];
		const outcome = await run(asUser(binary, OTHER_USER), home, args);
		const error = expectRefused(outcome, home.at("out"));
		expect(error).toContain("permission denied");
		expect(tree(home.path)).toEqual(before);
		chmodSync(home.at("out"), 0o700);
	});

	test.each(["openat:backup.tar.gz", "link:.tar.gz"])(
		"that is taken away at %s is named",
		async (at) => {
			using home = homeWithBackup();
			const away = home.at("away");
			const args = [...BACKUP, "--json"];
			const outcome = await holding(home, args, at, () => {
				renameSync(home.backups, away);
			});
			expectRefused(outcome, home.backups);
			expect(expectWholeBackups(away)).toHaveLength(1);
			expect(scratchIn(home.at(".vpo"))).toEqual([]);
		},
	);

	test("may be on another device than the scratch folder and the library", async () => {
		using home = new Home();
		using scratch = Mount.tmpfs(4 * MIB);
		using output = Mount.tmpfs(4 * MIB);
		const env = { VPO_TEMP_DIR: scratch.path, VPO_BACKUP_DIR: output.path };
		const before = contentOf(home.library);
		const made = await runJson(binary, home, BACKUP, { env });
		expect(made.exitCode).toBe(0);
		expect(expectWholeBackups(output.path)).toHaveLength(1);
		const restored = await runJson(binary, home, RESTORE, { env });
		expect(restored.exitCode).toBe(0);
		expect(contentOf(home.library)).toEqual(before);
		for (const folder of [scratch.path, output.path, home.at(".vpo")]) {
			expect(scratchIn(folder)).toEqual([]);
		}
	});
});

describe("on a file system without hard links", () => {
	test("backups get distinct names, also those of one moment", async () => {
		using home = new Home();
		const runs = Array.from({ length: 4 }, async () => {
			const args = [...BACKUP, "--json"];
			return trace(home, args, { ...NO_HARD_LINKS, folder: home.backups });
		});
		expect(runs).toHaveLength(4);
		for (const { exitCode } of await Promise.all(runs))
			expect(exitCode).toBe(0);
		expect(expectWholeBackups(home.backups)).toHaveLength(4);
		expect(scratchIn(home.backups)).toEqual([]);
	});

	test("a run that is killed as it names its backup blocks no other", async () => {
		using home = new Home();
		const killed = await trace(home, BACKUP, {
			...NO_HARD_LINKS,
			also: [{ action: "kill", at: "rename:.tar.gz" }],
		});
		expect(killed.exitCode).toBe(137);
		expect(expectWholeBackups(home.backups)).toEqual([]);
		const next = await trace(home, BACKUP, NO_HARD_LINKS);
		expect(next.exitCode).toBe(0);
		expect(expectWholeBackups(home.backups)).toHaveLength(1);
		expect(scratchIn(home.backups)).toEqual([]);
	});

	test("a name that another run has just taken is not taken from it", async () => {
		using home = new Home();
		const output = home.at("out.tar.gz");
		const outcome = await holding(
			home,
			[...BACKUP, "--output", output, "--json"],
			"link:out.tar.gz",
			() => writeFileSync(output, "another file"),
			{ also: [{ action: "EPERM", at: "link:out.tar.gz" }] },
		);
		expect(outcome.exitCode).toBe(40);
		expect(outcome.stdout).toContain("exists already");
		expect(await Bun.file(output).text()).toBe("another file");
	});

	test("a restore works as well", async () => {
		using home = homeWithBackup();
		const before = contentOf(home.library);
		const outcome = await trace(home, RESTORE, {
			...NO_HARD_LINKS,
			also: [{ action: "EPERM", at: "link:replaced.db" }],
		});
		expect(outcome.exitCode).toBe(0);
		expect(contentOf(home.library)).toEqual(before);
		expect(expectWholeBackups(home.backups)).toHaveLength(2);
	});
});
