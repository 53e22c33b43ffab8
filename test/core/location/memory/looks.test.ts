// Looks at archives are remembered for lists: never for another archive, and a damaged memory is none.

import { afterEach, beforeEach, expect, test } from "bun:test";
import {
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { readCatalog } from "../../../../src/core/location/catalog.ts";
import { openFolder } from "../../../../src/core/location/folder.ts";
import type { Location } from "../../../../src/core/location/location.ts";
import { looksFile } from "../../../../src/core/location/memory/looks.ts";
import { makeBackups } from "../../../helpers/backups.ts";
import { Home } from "../../../helpers/program.ts";

const VIEWER = { libraryId: null, now: new Date("2027-01-01T00:00:00Z") };
/** As many as are worth a file. */
const COUNT = 64;

let home: Home;
let file: string;
let looked: string[];
let names: readonly string[];

beforeEach(async () => {
	home = new Home(null);
	const [first = ""] = await makeBackups(home.backups, [
		{ createdAt: "2026-01-01T00:00:00Z", note: "first" },
	]);
	const archive = readFileSync(join(home.backups, first));
	names = Array.from({ length: COUNT }, (_, index) => `copy-${index}.tar.gz`);
	for (const name of names) writeFileSync(join(home.backups, name), archive);
	file = looksFile(home.at("data"), home.backups);
	mkdirSync(home.at("data"));
	looked = [];
});
afterEach(() => home[Symbol.dispose]());

/** The folder, and every archive in it that is read. */
function watched(): Location {
	const folder = openFolder(home.backups, undefined, file);
	return {
		...folder,
		list: async (signal) =>
			(await folder.list(signal)).map((entry) =>
				"problem" in entry
					? entry
					: {
							...entry,
							readEnds: (...counts) => {
								looked.push(entry.name);
								return entry.readEnds(...counts);
							},
						},
			),
	};
}

async function list() {
	looked = [];
	return (await readCatalog(watched(), VIEWER)).backups;
}

test("what was looked at once is told again without a look, privately", async () => {
	const first = await list();
	expect(looked).toHaveLength(COUNT + 1);
	const again = await list();
	expect(looked).toEqual([]);
	const told = (backups: typeof first) =>
		backups.map(({ entry: _, ...backup }) => backup);
	expect(told(again)).toEqual(told(first));
	expect(statSync(file).mode & 0o777).toBe(0o600);
	expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
	expect(readdirSync(dirname(file))).toHaveLength(1);
});

test("a file that changed in size or time is looked at again, and a damaged one is told as such", async () => {
	await list();
	const [changed = "", damaged = ""] = names;
	utimesSync(join(home.backups, changed), 1, 1);
	writeFileSync(join(home.backups, damaged), "damaged");
	const backups = await list();
	expect(new Set(looked)).toEqual(new Set([changed, damaged]));
	const found = backups.find(({ filename }) => filename === damaged);
	expect(found?.error).toContain("not supported");
});

test.each([
	["half of it", (text: string) => text.slice(0, text.length / 2)],
	["one letter changed", (text: string) => text.replace("first", "fIrst")],
	[
		"another version's",
		(text: string) => text.replace(/^vpo \S+/, "vpo 0.0.0"),
	],
	["nothing", () => ""],
])("a file with %s tells nothing, and is written anew", async (_, spoil) => {
	await list();
	const whole = readFileSync(file, "utf8");
	writeFileSync(file, spoil(whole));
	const backups = await list();
	expect(looked).toHaveLength(COUNT + 1);
	expect(backups.every(({ error }) => error === null)).toBe(true);
	await list();
	expect(looked).toEqual([]);
});

test("a folder in its place costs looks, and nothing else", async () => {
	mkdirSync(file, { recursive: true });
	expect(await list()).toHaveLength(COUNT + 1);
	expect(await list()).toHaveLength(COUNT + 1);
});
