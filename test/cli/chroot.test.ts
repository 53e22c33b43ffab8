// The binary is all there is to install: it works where there is nothing but libc, as any user, with an empty environment.

import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import { lstatSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Jail } from "../helpers/jail.ts";
import { FIXTURES } from "../helpers/program.ts";

setDefaultTimeout(30_000);

let jail: Jail;
beforeAll(() => {
	jail = new Jail();
});
afterAll(() => jail[Symbol.dispose]());

describe.each([0, 12_345])("as user %d", (uid) => {
	const data = `data-${uid}`;
	const library = ["--database", `/${data}/library.db`];
	const folder = `/${data}/backups`;
	const json = (args: readonly string[]) => {
		const { exitCode, stdout } = jail.run(uid, [...args, "--json"]);
		return { exitCode, json: JSON.parse(stdout) as Record<string, unknown> };
	};

	beforeAll(() => {
		const fixture = join(FIXTURES, "library-v27.db");
		jail.add(fixture, `${data}/library.db`, uid);
	});

	test("it says its version and its help", () => {
		expect(jail.run(uid, ["--version"]).stdout).toMatch(/^vpo \d/);
		expect(jail.run(uid, ["library", "backup", "--help"]).exitCode).toBe(0);
	});

	test("it backs up, lists and restores", () => {
		const output = ["--output", `${folder}/`];
		const backup = json(["library", "backup", ...library, ...output]);
		expect(backup).toMatchObject({
			exitCode: 0,
			json: { success: true, file_count: 120 },
		});
		const list = json(["library", "backups", "--path", folder]);
		expect(list).toMatchObject({ exitCode: 0, json: { total_count: 1 } });
		const restore = ["library", "restore", "latest", "--path", folder];
		expect(json([...restore, ...library, "--dry-run"])).toMatchObject({
			exitCode: 0,
			json: { valid: true },
		});
		expect(json([...restore, ...library, "--yes"])).toMatchObject({
			exitCode: 0,
			json: { success: true, file_count: 120 },
		});
		const made = join(jail.root, folder);
		expect(statSync(made).mode & 0o777).toBe(0o700);
		for (const name of readdirSync(made)) {
			const { mode, uid: owner } = lstatSync(join(made, name));
			expect([name, mode & 0o777, owner]).toEqual([name, 0o600, uid]);
		}
	});

	test("without a home its data is looked for where containers have it, in /", () => {
		expect(json(["library", "backups"])).toEqual({
			exitCode: 0,
			json: expect.objectContaining({ directory: "/.vpo/backups" }),
		});
		const { exitCode, stderr } = jail.run(uid, ["library", "backup"]);
		expect(exitCode).toBe(20);
		expect(stderr).toStartWith("[error] no library at /.vpo/library.db\n");
	});

	test("a question is refused at once", () => {
		const args = ["library", "restore", "latest", "--path", folder];
		expect(jail.run(uid, [...args, ...library]).exitCode).toBe(2);
	});
});

describe("a user without rights", () => {
	const uid = 12_345;

	test("can't write into another user's folder, and is told so", () => {
		const fixture = join(FIXTURES, "library-v27.db");
		jail.add(fixture, "mine/library.db", uid);
		const args = ["library", "backup", "--database", "/mine/library.db"];
		for (const output of ["/lib/", "/new/folder/", "/vpo.tar.gz"]) {
			const outcome = jail.run(uid, [...args, "--output", output]);
			expect(outcome).toMatchObject({ exitCode: 40, stdout: "" });
			expect(outcome.stderr).toMatch(/^\[error\] .*: permission denied\n/);
		}
		expect(readdirSync(join(jail.root, "mine"))).toEqual(["library.db"]);
	});

	test("can't read another user's library or backups, and is told so", () => {
		const fixture = join(FIXTURES, "library-v27.db");
		jail.add(fixture, "theirs/library.db", 0);
		Bun.spawnSync(["chmod", "700", join(jail.root, "theirs")]);
		for (const args of [
			["library", "backup", "--database", "/theirs/library.db"],
			["library", "backups", "--path", "/theirs"],
			["library", "restore", "/theirs/library.db"],
		]) {
			const outcome = jail.run(uid, args);
			expect(outcome).toMatchObject({ exitCode: 40, stdout: "" });
			expect(outcome.stderr).toMatch(/^\[error\] .*: permission denied\n/);
		}
	});
});
