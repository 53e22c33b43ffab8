// "latest": the newest good backup of this library. What is newer is named with the reason.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFolder } from "../../../src/core/location/folder.ts";
import { findLatest } from "../../../src/core/location/latest.ts";
import {
	identityIn,
	type Location,
} from "../../../src/core/location/location.ts";
import { type Made, makeBackups } from "../../helpers/backups.ts";
import { Home } from "../../helpers/program.ts";

const OWN = "0a4f7e52-own-library";
const OTHER = "9c31b0d7-other-library";
const NOW = new Date("2026-02-01T00:00:00Z");

let home: Home;
let backups: Location;
beforeEach(() => {
	home = new Home(null);
	backups = openFolder(home.backups);
});
afterEach(() => home[Symbol.dispose]());

const make = (made: readonly Made[]) =>
	makeBackups(
		home.backups,
		made.map((it) => ({ libraryId: OWN, ...it })),
	);

const latest = (libraryId: string | null = OWN) =>
	findLatest(backups, { libraryId, now: NOW });

test("what is newer is passed over by name and reason, newest first", async () => {
	const names = await make([
		{ createdAt: "2026-01-01T00:00:00Z" },
		{ createdAt: "2026-01-02T00:00:00Z" },
		{ createdAt: "2026-01-03T00:00:00Z", shrinkWarning: "it has shrunk" },
		{ createdAt: "2026-01-04T00:00:00Z", kind: "pre-restore" },
		{ createdAt: "2026-01-05T00:00:00Z", libraryId: OTHER },
		{ createdAt: "2026-01-06T00:00:00Z" },
		{ createdAt: "2026-02-01T00:06:00Z" },
	]);
	const damaged = names[5] ?? "";
	writeFileSync(join(home.backups, damaged), "damaged");
	const { archive, passedOver } = await latest();
	expect(archive.name).toBe(names[1] ?? "");
	expect(
		passedOver.map(({ filename, doubt }) => [filename, doubt.kind]),
	).toEqual([
		[names[6] ?? "", "in the future"],
		[damaged, "damaged"],
		[names[4] ?? "", "other library"],
		[names[3] ?? "", "pre-restore"],
		[names[2] ?? "", "shrunk"],
	]);
});

test("one that a verification found damaged is passed over, one of those minutes by which clocks differ is not", async () => {
	const [good = "", bad = ""] = await make([
		{ createdAt: "2026-02-01T00:04:00Z" },
		{ createdAt: "2026-02-01T00:04:30Z" },
	]);
	const found = await backups.find(bad);
	if (found === null || "problem" in found) throw new Error("not made");
	const verified = {
		verifiedAt: "2026-01-04T00:00:00Z",
		verifiedError: "rotten",
	};
	await backups.remember(bad, identityIn(found), verified);
	const { archive, passedOver } = await latest();
	expect(archive.name).toBe(good);
	expect(passedOver[0]?.doubt.reason).toContain("rotten");
});

test("a shrunk one that somebody pinned is accepted", async () => {
	const [, shrunk = ""] = await make([
		{ createdAt: "2026-01-01T00:00:00Z" },
		{ createdAt: "2026-01-03T00:00:00Z", shrinkWarning: "it has shrunk" },
	]);
	const found = await backups.find(shrunk);
	if (found === null || "problem" in found) throw new Error("not made");
	await backups.remember(shrunk, identityIn(found), { pinned: true });
	expect((await latest()).archive.name).toBe(shrunk);
});

describe("a library without an id", () => {
	test("is the one of which all backups are", async () => {
		const names = await make([
			{ createdAt: "2026-01-01T00:00:00Z" },
			{ createdAt: "2026-01-02T00:00:00Z", libraryId: null },
			{ createdAt: "2026-01-03T00:00:00Z" },
		]);
		expect((await latest(null)).archive.name).toBe(names[2] ?? "");
	});

	test("is not guessed where there are backups of several, which are listed", async () => {
		const [, own = "", other = ""] = await make([
			{ createdAt: "2026-01-01T00:00:00Z" },
			{ createdAt: "2026-01-02T00:00:00Z" },
			{ createdAt: "2026-01-03T00:00:00Z", libraryId: OTHER },
			{
				createdAt: "2026-01-04T00:00:00Z",
				libraryId: OTHER,
				kind: "pre-restore",
			},
		]);
		await expect(latest(null)).rejects.toMatchObject({
			code: "NOT_FOUND",
			message: expect.stringContaining(`${other}, ${own}`),
		});
	});
});

test("a reason ends without the path, which is told already, and without a colon", async () => {
	const [, empty = ""] = await make([
		{ createdAt: "2026-01-01T00:00:00Z" },
		{ createdAt: "2026-01-02T00:00:00Z" },
	]);
	writeFileSync(join(home.backups, empty), "");
	const { passedOver } = await latest();
	expect(passedOver[0]?.doubt.reason).toMatch(/the file is empty.*[^:]$/);
});

test("where none is good, the reasons are named", async () => {
	await make([{ createdAt: "2026-01-03T00:00:00Z", libraryId: OTHER }]);
	await expect(latest()).rejects.toMatchObject({
		code: "NOT_FOUND",
		message: expect.stringContaining("of another library"),
	});
});
