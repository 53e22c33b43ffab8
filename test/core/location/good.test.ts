// What a new backup is compared with: the newest good one, and the largest of the last weeks.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { readCatalog } from "../../../src/core/location/catalog.ts";
import { openFolder } from "../../../src/core/location/folder.ts";
import { GoodBackups, largestOf } from "../../../src/core/location/good.ts";
import {
	identityIn,
	type Location,
} from "../../../src/core/location/location.ts";
import { looksFile } from "../../../src/core/location/memory/looks.ts";
import { backupName } from "../../../src/core/location/names.ts";
import { type Made, makeBackups } from "../../helpers/backups.ts";
import { Home } from "../../helpers/program.ts";

const VIEWER = {
	libraryId: "0a4f7e52-own-library",
	now: new Date("2026-03-01T00:00:00Z"),
};

let home: Home;
beforeEach(() => {
	home = new Home(null);
});
afterEach(() => home[Symbol.dispose]());

const make = (made: readonly Made[]) => makeBackups(home.backups, made);

/** The backups' folder, and the names that somebody asks for. */
function watched(): { backups: Location; asked: string[] } {
	const folder = openFolder(home.backups);
	const asked: string[] = [];
	const names: Location["names"] = async (signal) =>
		(await folder.names(signal)).map(({ name, look }) => ({
			name,
			look: (signal) => {
				asked.push(name);
				return look(signal);
			},
		}));
	return { backups: { ...folder, names }, asked };
}

const newestIn = async (backups: Location) =>
	(await GoodBackups.in(backups, VIEWER)).newest();

const largestIn = async (backups: Location) =>
	largestOf(await (await GoodBackups.in(backups, VIEWER)).recent(), VIEWER.now);

test("the newest is found by one look, however many are older", async () => {
	const names = await make(
		Array.from({ length: 20 }, (_, day) => ({
			createdAt: `2026-02-${String(day + 1).padStart(2, "0")}T00:00:00Z`,
		})),
	);
	const { backups, asked } = watched();
	const good = await GoodBackups.in(backups, VIEWER);
	expect((await good.newest())?.filename).toBe(names[19] ?? "");
	expect(asked).toEqual([names[19] ?? ""]);
	await good.recent();
	expect(asked.toSorted()).toEqual(names); // nothing twice
});

test("neither is another library's, ahead of the clock, a shrunk or a replaced one", async () => {
	const [good] = await make([
		{ createdAt: "2026-02-01T00:00:00Z", fileCount: 5 },
		{
			createdAt: "2026-02-02T00:00:00Z",
			fileCount: 90,
			libraryId: "another-library",
		},
		{ createdAt: "2026-03-02T00:00:00Z", fileCount: 91 },
		{
			createdAt: "2026-02-04T00:00:00Z",
			fileCount: 92,
			shrinkWarning: "shrunk",
		},
		{ createdAt: "2026-02-05T00:00:00Z", fileCount: 93, kind: "pre-restore" },
	]);
	const backups = openFolder(home.backups);
	const newest = await newestIn(backups);
	const largest = await largestIn(backups);
	expect([newest?.filename, largest?.filename]).toEqual([good, good]);
});

test("the largest is one of the last 30 days", async () => {
	const [, largest] = await make([
		{ createdAt: "2026-01-28T00:00:00Z", fileCount: 50 },
		{ createdAt: "2026-01-31T00:00:00Z", fileCount: 40 },
		{ createdAt: "2026-02-20T00:00:00Z", fileCount: 30 },
	]);
	const found = await largestIn(openFolder(home.backups));
	expect(found?.filename).toBe(largest ?? "");
});

test("what was larger before a loss that somebody accepted by a pin does not count", async () => {
	const [, accepted = ""] = await make([
		{ createdAt: "2026-02-01T00:00:00Z", fileCount: 50 },
		{
			createdAt: "2026-02-02T00:00:00Z",
			fileCount: 9,
			shrinkWarning: "shrunk",
		},
		{ createdAt: "2026-02-03T00:00:00Z", fileCount: 8 },
	]);
	const backups = openFolder(home.backups);
	const before = await largestIn(backups);
	expect(before?.metadata.fileCount).toBe(50);
	const entry = await backups.find(accepted);
	if (entry === null || "problem" in entry) throw new Error("not made");
	await backups.remember(accepted, identityIn(entry), { pinned: true });
	const after = await largestIn(backups);
	expect(after?.filename).toBe(accepted);
});

test("of another library's backups those are passed over unread that a list has seen, unless they changed since", async () => {
	const [own = "", another = ""] = await make([
		{ createdAt: "2025-12-01T00:00:00Z", libraryId: VIEWER.libraryId },
		{ createdAt: "2026-01-01T00:00:00Z", libraryId: "another-library" },
	]);
	const copies = Array.from({ length: 80 }, (_, index) => {
		const time = new Date(Date.UTC(2026, 1, 1) + index * 60_000);
		const name = backupName(time, "manual", 1);
		copyFileSync(join(home.backups, another), join(home.backups, name));
		return name;
	});
	mkdirSync(home.at("data"));
	const file = looksFile(home.at("data"), home.backups);
	const folder = openFolder(home.backups, undefined, file);
	await readCatalog(folder, VIEWER);
	utimesSync(join(home.backups, copies[5] ?? ""), 1, 1);

	const read: string[] = [];
	const names: Location["names"] = async (signal) =>
		(await folder.names(signal)).map(({ name, look }) => ({
			name,
			look: async () => {
				const entry = await look();
				if (entry === null || "problem" in entry) return entry;
				const readEnds: typeof entry.readEnds = (...counts) => {
					read.push(name);
					return entry.readEnds(...counts);
				};
				return { ...entry, readEnds };
			},
		}));
	expect((await newestIn({ ...folder, names }))?.filename).toBe(own);
	expect(read.slice(-2)).toEqual([copies[5] ?? "", own]);
	expect(read.length).toBeLessThan(20);
});
