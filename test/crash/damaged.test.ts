// A damaged library is never packed as a good backup, and never pushes one aside.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { contentOf } from "../helpers/content.ts";
import {
	breakConstraint,
	breakIndex,
	DAMAGES,
	FOREIGN,
	miscountFreeSpace,
} from "../helpers/harm.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { BACKUP, copyOf, RESTORE } from "../helpers/scene.ts";
import { scratchIn, tree, unpacked } from "../helpers/state.ts";

const template = new Home();
beforeAll(async () => {
	expect(await run(binary, template, BACKUP)).toMatchObject({ exitCode: 0 });
});
afterAll(() => template[Symbol.dispose]());

/** A home with one good backup, whose library is harmed after it was made. */
async function harmed(
	harm: (path: string) => Promise<void> | void,
): Promise<Home> {
	const home = copyOf(template);
	await harm(home.library);
	return home;
}

function rawFiles(path: string): Record<string, string> {
	const files: Record<string, string> = {};
	for (const end of ["", "-wal", "-journal"]) {
		if (!existsSync(path + end)) continue;
		files[`library.db${end}`] = readFileSync(path + end).toString("base64");
	}
	return files;
}

async function expectRefused(home: Home, args: readonly string[]) {
	const { exitCode, json } = await runJson(binary, home, args);
	expect({ exitCode, code: json.code }).toEqual({
		exitCode: 42,
		code: "DATABASE_ERROR",
	});
	expect(json.error).toContain(home.library);
	expect(scratchIn(home.at(".vpo"))).toEqual([]);
	return json;
}

describe.each(Object.entries(DAMAGES))("a library with %s", (_, harm) => {
	test("is refused, and the backup folder stays as it was", async () => {
		using home = await harmed(harm);
		const before = {
			files: rawFiles(home.library),
			backups: tree(home.backups),
		};
		const { hint } = await expectRefused(home, BACKUP);
		expect(hint).toContain("existing");
		expect({
			files: rawFiles(home.library),
			backups: tree(home.backups),
		}).toEqual(before);
	});

	test("is kept with --salvage, byte by byte, and is not what latest means", async () => {
		using home = await harmed(harm);
		const files = rawFiles(home.library);
		const before = tree(home.backups);
		const { hint } = await expectRefused(home, [...BACKUP, "--salvage"]);
		const after = tree(home.backups);
		const [name = "", ...others] = Object.keys(after).filter(
			(name) => !(name in before),
		);
		expect(name).toMatch(/^vpo-damaged-\d{4}-\d\d-\d\dT\d{6}Z\.tar\.gz$/);
		expect(others).toEqual([]);
		expect(after).toMatchObject(before);
		expect(after[name]).toStartWith("file 600 ");
		expect(hint).toContain(join(home.backups, name));
		unpacked(join(home.backups, name), (folder) => {
			expect(rawFiles(join(folder, "library.db"))).toEqual(files);
		});

		const list = await runJson(binary, home, ["library", "backups"]);
		expect(list.json.total_count).toBe(1);
		const restored = await runJson(binary, home, RESTORE);
		expect(restored.exitCode).toBe(0);
		expect(String(restored.json.source_path)).toContain("vpo-library-");
		expect(contentOf(home.library)).toEqual(
			contentOf(join(import.meta.dir, "../fixtures/library-v27.db")),
		);
	});
});

describe.each(Object.entries(FOREIGN))(
	"%s in the library's place",
	(_, harm) => {
		test.each([[BACKUP], [[...BACKUP, "--salvage"]]])(
			"is refused by %j, and the backup folder stays as it was",
			async (args) => {
				using home = await harmed(harm);
				const before = tree(home.at(".vpo"));
				await expectRefused(home, args);
				expect(tree(home.at(".vpo"))).toEqual(before);
			},
		);
	},
);

test("the broken index is one that quick_check does not notice", async () => {
	using home = new Home();
	await breakIndex(home.library);
	using library = new Database(home.library);
	const ask = (check: string) => library.query(`PRAGMA ${check}`).values();
	expect(ask("quick_check")).toEqual([["ok"]]);
	expect(ask("integrity_check")).not.toEqual([["ok"]]);
});

test("damage of pages and constraints is one that neither a copy nor a reader shows", async () => {
	using home = new Home();
	miscountFreeSpace(home.library);
	const copy = home.at("copy.db");
	{
		using library = new Database(home.library, { readonly: true });
		library.run("VACUUM INTO ?", [copy]);
	}
	using made = new Database(copy);
	expect(made.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);

	using other = new Home();
	await breakConstraint(other.library);
	using reader = new Database(other.library, { readonly: true });
	expect(reader.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
});

test.each([
	["a page that miscounts its free space", miscountFreeSpace],
	["a value that a CHECK constraint forbids", breakConstraint],
	["a broken index", breakIndex],
])("check --deep finds %s, and changes nothing", async (_, harm) => {
	using home = await harmed(harm);
	const before = rawFiles(home.library);
	const args = ["library", "check", "--deep"];
	const { exitCode, json } = await runJson(binary, home, args);
	expect(exitCode).toBe(61);
	expect(JSON.stringify(json)).toContain("the library is damaged");
	expect(rawFiles(home.library)).toEqual(before);
});

test("a library that was replaced while it was damaged is kept as raw files, not as a backup", async () => {
	using home = await harmed(miscountFreeSpace);
	const { exitCode, json } = await runJson(binary, home, RESTORE);
	expect(exitCode).toBe(0);
	expect(String(json.safety_backup)).toContain("vpo-damaged-");
});

test("no undo is promised where only raw files are kept", async () => {
	using home = await harmed(miscountFreeSpace);
	const { exitCode, stdout } = await run(binary, home, RESTORE);
	expect(exitCode).toBe(0);
	expect(stdout).toMatch(/Replaced file: +\S+vpo-damaged-/);
	expect(stdout).not.toContain("Undo");
});
