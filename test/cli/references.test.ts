// How a restore finds the backup that a person means: by path, name, short name, unique prefix, or as the latest.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { VPO_ARCHIVE } from "../helpers/failing.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";

setDefaultTimeout(30_000);

const BACKUP = ["library", "backup"];
const DRY_RESTORE = ["library", "restore", "--dry-run"];

describe("restore finds a backup by", () => {
	const folder = (home: Home) => {
		mkdirSync(home.backups);
		const names = [
			"vpo-library-2026-02-05T143022Z.tar.gz",
			"vpo-library-2026-02-06T143022Z.tar.gz",
			"vpo-library-2026-02-06T143022Z-2.tar.gz",
			"mine.tgz",
		];
		for (const name of names)
			copyFileSync(VPO_ARCHIVE, join(home.backups, name));
		copyFileSync(VPO_ARCHIVE, home.at("here.tar.gz"));
		return home;
	};

	test("path, name, short name and unique prefix", async () => {
		using home = folder(new Home());
		const found: [reference: string, path: string][] = [
			[home.at("here.tar.gz"), home.at("here.tar.gz")],
			["./here.tar.gz", home.at("here.tar.gz")],
			["here.tar.gz", home.at("here.tar.gz")],
			["~/here.tar.gz", home.at("here.tar.gz")],
			[".vpo/backups/mine.tgz", join(home.backups, "mine.tgz")],
			["mine.tgz", join(home.backups, "mine.tgz")],
			["mine", join(home.backups, "mine.tgz")],
			["mi", join(home.backups, "mine.tgz")],
			[
				"vpo-library-2026-02-05T143022Z.tar.gz",
				join(home.backups, "vpo-library-2026-02-05T143022Z.tar.gz"),
			],
			[
				"2026-02-05",
				join(home.backups, "vpo-library-2026-02-05T143022Z.tar.gz"),
			],
			[
				"2026-02-06T143022Z",
				join(home.backups, "vpo-library-2026-02-06T143022Z.tar.gz"),
			],
		];
		for (const [reference, path] of found) {
			const args = [...DRY_RESTORE, reference];
			const { json } = await runJson(binary, home, args);
			expect([reference, json.backup_path]).toEqual([reference, path]);
		}
	});

	test("nothing else: what is missing or ambiguous is exit code 20", async () => {
		using home = folder(new Home());
		const missing: [reference: string, says: string][] = [
			["2026", '"2026" is ambiguous: 3 backups in '],
			["2027", 'no backup "2027" in '],
			["LATEST", 'no backup "LATEST" in '],
			["./none.tar.gz", "none.tar.gz"],
			[home.at("none", "x.tar.gz"), "x.tar.gz"],
		];
		for (const [reference, says] of missing) {
			const args = [...DRY_RESTORE, reference];
			const { exitCode, stderr } = await run(binary, home, args);
			expect([reference, exitCode]).toEqual([reference, 20]);
			expect(stderr).toContain(says);
		}
	});

	test("latest: the newest by its metadata, whatever its name", async () => {
		using home = new Home();
		mkdirSync(home.backups);
		copyFileSync(VPO_ARCHIVE, join(home.backups, "z-old.tar.gz"));
		const output = join(home.backups, "a-new.tar.gz");
		await run(binary, home, [...BACKUP, "--output", output]);
		const { json } = await runJson(binary, home, [...DRY_RESTORE, "latest"]);
		expect(json.backup_path).toBe(output);
		using empty = new Home();
		expect(await run(binary, empty, [...DRY_RESTORE, "latest"])).toEqual({
			exitCode: 20,
			stdout: "",
			stderr: `[error] no backup in ${empty.backups}\n  make one: vpo library backup\n`,
		});
	});
});
