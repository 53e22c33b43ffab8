// Flags, environment and config.toml in, absolute paths out; every value says where it comes from.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import {
	expandHome,
	homeFolder,
	resolveSettings,
	type SettingsFlags,
} from "../../src/ground/settings.ts";

let home: string;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "vpo-settings-"));
	mkdirSync(join(home, ".vpo"));
});
afterEach(() => rmSync(home, { recursive: true }));

const settle = (
	environment: Record<string, string> = {},
	flags: SettingsFlags = {},
) => resolveSettings(flags, { HOME: home, ...environment });

const configure = (text: string) =>
	writeFileSync(join(home, ".vpo", "config.toml"), text);

describe("without anything said", () => {
	test("all is in the data folder, and nothing is created", async () => {
		expect(await settle()).toMatchObject({
			databasePath: join(home, ".vpo", "library.db"),
			location: join(home, ".vpo", "backups"),
			tempDir: null,
			configPath: join(home, ".vpo", "config.toml"),
			pingUrl: null,
			origins: {
				databasePath: "default",
				location: "default",
				tempDir: "default",
				pingUrl: "default",
			},
		});
	});

	test("the data folder may be elsewhere", async () => {
		expect(await settle({ VPO_DATA_DIR: "~/x/" })).toMatchObject({
			databasePath: join(home, "x", "library.db"),
			location: join(home, "x", "backups"),
			configPath: join(home, "x", "config.toml"),
		});
	});
});

describe("precedence", () => {
	test("config.toml beats the default", async () => {
		configure(
			'database_path = "/c.db"\n[backup]\ndirectory = "/c"\n[jobs]\ntemp_directory = "/ct"',
		);
		expect(await settle()).toMatchObject({
			databasePath: "/c.db",
			location: "/c",
			tempDir: "/ct",
			origins: {
				databasePath: "config.toml",
				location: "config.toml",
				tempDir: "config.toml",
			},
		});
	});

	test("the environment beats config.toml, a flag beats both", async () => {
		configure('database_path = "/c.db"\n[backup]\ndirectory = "/c"');
		const env = { VPO_DATABASE_PATH: "/e.db", VPO_BACKUP_DIR: "/e" };
		expect(await settle(env)).toMatchObject({
			databasePath: "/e.db",
			location: "/e",
			origins: {
				databasePath: "VPO_DATABASE_PATH",
				location: "VPO_BACKUP_DIR",
			},
		});
		expect(
			await settle(env, { database: "/f.db", location: "/f" }),
		).toMatchObject({
			databasePath: "/f.db",
			location: "/f",
			origins: { databasePath: "--database", location: "--path" },
		});
	});

	test("what is empty counts as unset, everywhere", async () => {
		configure('database_path = ""');
		const env = { VPO_DATABASE_PATH: "", VPO_DATA_DIR: "", VPO_TEMP_DIR: "" };
		expect(await settle(env, { database: "" })).toMatchObject({
			databasePath: join(home, ".vpo", "library.db"),
			tempDir: null,
		});
	});
});

describe("paths", () => {
	test.each([
		["~", ""],
		["~/a b", "a b"],
		["~/a/../c/", "c"],
		["~//d", "d"],
	])("%s is in the home folder", async (text, path) => {
		expect((await settle({ VPO_BACKUP_DIR: text })).location).toBe(
			resolve(home, path),
		);
	});

	test.each(["~root/x", "a~", "./~", "~~"])(
		"the tilde of %s stands for itself",
		async (text) => {
			expect((await settle({ VPO_BACKUP_DIR: text })).location).toBe(
				resolve(text),
			);
		},
	);

	test("relative ones start where we are, in config.toml from its folder", async () => {
		configure('[backup]\ndirectory = "b"\n[jobs]\ntemp_directory = "../t"');
		expect(await settle({}, { database: "x.db" })).toMatchObject({
			databasePath: resolve("x.db"),
			location: join(home, ".vpo", "b"),
			tempDir: join(home, "t"),
		});
	});

	test("the home folder is HOME, else the passwd entry's", () => {
		expect(homeFolder({ HOME: "/h" })).toBe("/h");
		expect(homeFolder({ HOME: "" })).toBe(userInfo().homedir);
		expect(homeFolder({})).toBe(userInfo().homedir);
	});

	test("the home folder is asked for only where it is needed", () => {
		const never = () => {
			throw new Error("asked");
		};
		expect(expandHome("/x/~", never)).toBe("/x/~");
		expect(() => expandHome("~/x", never)).toThrow("asked");
	});
});

describe("config.toml", () => {
	test("keys that are not ours may be anything", async () => {
		configure(
			'backup_directory = 3\n[jobs]\nmax = [1]\n[x.y]\nbackup = "z"\n[[q]]\na = 1',
		);
		expect((await settle()).location).toBe(join(home, ".vpo", "backups"));
	});

	test("a missing one is none, unless it was named", async () => {
		rmSync(join(home, ".vpo"), { recursive: true });
		expect((await settle()).tempDir).toBeNull();
		await expect(settle({ VPO_CONFIG_PATH: "/none.toml" })).rejects.toThrow(
			expect.objectContaining({
				code: "CONFIG_ERROR",
				exitCode: 11,
				message: "cannot read /none.toml: no such file or folder",
				hint: "correct VPO_CONFIG_PATH, or unset it",
			}),
		);
	});

	test("a wrong one is told with its path and line", async () => {
		configure("[backup]\n\ndirectory =\n[jobs]\n");
		await expect(settle()).rejects.toThrow(
			expect.objectContaining({
				code: "CONFIG_ERROR",
				message: expect.stringMatching(
					/\/\.vpo\/config\.toml: not valid TOML, line 3: /,
				),
			}),
		);
	});

	test("the wrong line of a long one is found soon", async () => {
		const lines = Array.from({ length: 3000 }, (_, n) => `key_${n} = ${n}`);
		configure([...lines, "wrong wrong", ...lines].join("\n"));
		const startedAt = performance.now();
		await expect(settle()).rejects.toThrow("line 3001: ");
		expect(performance.now() - startedAt).toBeLessThan(3000);
	});
});
