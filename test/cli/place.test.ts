// The same place, or nothing: a share that is not mounted leaves an empty folder behind, and a backup into that is none.

import { describe, expect, test } from "bun:test";
import {
	existsSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Mount } from "../helpers/mounts.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { backupsIn } from "../helpers/state.ts";

const BACKUP = ["library", "backup"];
const CHECK = ["library", "check"];
const NOT_THESE = "these are not the backups that";

/** A library that was backed up once to a share. */
async function shared(): Promise<{
	home: Home;
	nas: string;
	env: Record<string, string>;
}> {
	const home = new Home();
	const nas = home.at("nas");
	mkdirSync(nas);
	const env = { VPO_BACKUP_DIR: nas };
	const first = await run(binary, home, BACKUP, { env });
	expect(first.exitCode).toBe(0);
	return { home, nas, env };
}

test("a configured location that is missing is not made, and the way out is named", async () => {
	using home = new Home();
	const nas = home.at("mnt", "my nas");
	for (const args of [["--path", nas], []]) {
		const env = args.length > 0 ? {} : { VPO_BACKUP_DIR: nas };
		const backup = await run(binary, home, [...BACKUP, ...args], { env });
		expect(backup).toMatchObject({
			exitCode: 20,
			stderr: `[error] no such folder: ${nas}\n  mount it, or make it: mkdir -p '${nas}'\n`,
		});
		const check = await runJson(binary, home, [...CHECK, ...args], { env });
		expect(check).toMatchObject({
			exitCode: 61,
			json: { error: `no such folder: ${nas}` },
		});
	}
	expect(existsSync(home.at("mnt"))).toBe(false);
	const made = await run(binary, home, [...BACKUP, "--output", `${nas}/`]);
	expect(made.exitCode).toBe(0);
});

describe("a location that the library was backed up to before", () => {
	test.each([
		[
			"empty, as an unmounted share's mount point",
			(nas: string) => {
				renameSync(nas, `${nas}-away`);
				mkdirSync(nas);
			},
		],
		["missing", (nas: string) => renameSync(nas, `${nas}-away`)],
		[
			"another one",
			(nas: string) => {
				const path = join(nas, ".vpo-state.json");
				const other = readFileSync(path, "utf8").replace(
					/"location_id": "\w/,
					'"location_id": "x',
				);
				writeFileSync(path, other);
			},
		],
	])("that is %s takes no backup, and check says so", async (_, change) => {
		const { home, nas, env } = await shared();
		using _home = home;
		change(nas);
		const before = backupsIn(nas);
		for (const args of [[], ["--dry-run"], ["--output", `${nas}/`]]) {
			const outcome = await runJson(binary, home, [...BACKUP, ...args], {
				env,
			});
			expect(outcome).toMatchObject({
				exitCode: 20,
				json: {
					error: expect.stringContaining(NOT_THESE),
					hint: expect.stringContaining("--new-location"),
				},
			});
		}
		expect(backupsIn(nas)).toEqual(before);
		const check = await runJson(binary, home, CHECK, { env });
		expect(check.exitCode).toBe(61);
		expect(JSON.stringify(check.json.findings)).toContain(NOT_THESE);

		mkdirSync(nas, { recursive: true });
		const accepted = [...BACKUP, "--new-location"];
		expect((await run(binary, home, accepted, { env })).exitCode).toBe(0);
		expect((await run(binary, home, BACKUP, { env })).exitCode).toBe(0);
	});

	test("is the same where only its state file went, and is given a new id", async () => {
		const { home, nas, env } = await shared();
		using _ = home;
		rmSync(join(nas, ".vpo-state.json"));
		expect((await run(binary, home, BACKUP, { env })).exitCode).toBe(0);
		expect(existsSync(join(nas, ".vpo-state.json"))).toBe(true);
		expect((await run(binary, home, BACKUP, { env })).exitCode).toBe(0);
	});

	test("is not where a restore keeps what it replaces, if it is another one now", async () => {
		const { home, nas, env } = await shared();
		using _ = home;
		const [name = ""] = backupsIn(nas);
		renameSync(nas, `${nas}-away`);
		mkdirSync(nas);
		const restore = ["library", "restore", "--yes", join(`${nas}-away`, name)];
		const refused = await runJson(binary, home, restore, { env });
		expect(refused).toMatchObject({
			exitCode: 20,
			json: { hint: expect.stringContaining("--no-safety-backup") },
		});
		const bare = [...restore, "--no-safety-backup"];
		expect((await run(binary, home, bare, { env })).exitCode).toBe(0);
		const accepted = [...restore, "--new-location"];
		expect((await run(binary, home, accepted, { env })).exitCode).toBe(0);
		expect(backupsIn(nas)).toEqual([expect.stringContaining("pre-restore")]);
	});
});

test("a name that was asked for leaves nothing else behind in its folder", async () => {
	using home = new Home();
	mkdirSync(home.at("usb"));
	const args = [...BACKUP, "--output", home.at("usb", "mine.tar.gz")];
	expect((await run(binary, home, args)).exitCode).toBe(0);
	expect(existsSync(home.at("usb", ".vpo-state.json"))).toBe(false);
});

test("what is remembered beside the library is private, and written once", async () => {
	using home = new Home();
	await run(binary, home, BACKUP);
	const memory = `${home.library}.vpo.json`;
	const before = statSync(memory);
	expect(before.mode & 0o777).toBe(0o600);
	await run(binary, home, BACKUP);
	expect(statSync(memory).ino).toBe(before.ino);
});

describe("where nothing can be written", () => {
	test("beside the library, nothing is remembered, backups are made all the same, and check says so", async () => {
		using home = new Home();
		using library = Mount.readOnly(home.at(".vpo"));
		const nas = home.at("nas");
		mkdirSync(nas);
		const paths = ["--path", nas, "--database", library.at("library.db")];
		const backup = await runJson(binary, home, [...BACKUP, ...paths]);
		expect(backup).toMatchObject({ exitCode: 0, json: { warnings: [] } });
		const { json } = await runJson(binary, home, [
			"library",
			"backups",
			...paths,
		]);
		expect(json.backups).toMatchObject([{ library_id: null, counts: true }]);
		const check = await runJson(binary, home, [...CHECK, ...paths]);
		expect(check.exitCode).toBe(60);
		expect(check.json.error).toContain("nothing is remembered");
		expect(existsSync(`${home.library}.vpo.json`)).toBe(false);
	});

	test("in the backup folder, check finds it before the night does", async () => {
		const { home, nas, env } = await shared();
		using _ = home;
		using readOnly = Mount.readOnly(nas);
		const check = await runJson(binary, home, CHECK, { env });
		expect(check.exitCode).toBe(0);
		const blocked = await runJson(binary, home, CHECK, {
			env: { VPO_BACKUP_DIR: readOnly.path },
		});
		expect(blocked.exitCode).toBe(60);
		expect(blocked.json.error).toContain(
			`cannot write to the folder ${readOnly.path}`,
		);
	});
});
