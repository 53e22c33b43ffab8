// What --undo takes back: what this library's last restore replaced, or nothing, with what was found instead.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newestSalvage } from "../../../src/core/location/catalog.ts";
import { openFolder } from "../../../src/core/location/folder.ts";
import type { Location } from "../../../src/core/location/location.ts";
import {
	type LastRestore,
	readMemory,
} from "../../../src/core/location/memory/memory.ts";
import { findReplaced } from "../../../src/core/location/undo.ts";
import { rememberRestore } from "../../../src/core/restore/choice.ts";
import {
	resolveSettings,
	type Settings,
} from "../../../src/ground/settings.ts";
import { type Made, makeBackups } from "../../helpers/backups.ts";
import { Home } from "../../helpers/program.ts";

const OWN = "0a4f7e52-own-library";
const OTHER = "9c31b0d7-other-library";
const NOW = new Date("2026-02-01T00:00:00Z");

let home: Home;
let backups: Location;
let settings: Settings;
beforeEach(async () => {
	home = new Home(null);
	backups = openFolder(home.backups);
	settings = await resolveSettings({}, { HOME: home.path });
});
afterEach(() => home[Symbol.dispose]());

/** Makes pre-restore backups of our library, unless it says otherwise. */
const make = (made: readonly Made[], folder = home.backups) =>
	makeBackups(
		folder,
		made.map((it) => ({ kind: "pre-restore", libraryId: OWN, ...it })),
	);

const undo = (
	lastRestore: LastRestore | null,
	libraryId: string | null = OWN,
) => findReplaced(backups, lastRestore, { libraryId, now: NOW }, settings);

const remembered = (name: string, location = home.backups): LastRestore => ({
	at: "2026-01-20T00:00:00Z",
	kept: { location, name },
	isDone: true,
});

describe("with the memory beside the library", () => {
	test("it is the one that is remembered, whatever is newer", async () => {
		const [first = ""] = await make([
			{ createdAt: "2026-01-02T00:00:00Z" },
			{ createdAt: "2026-01-03T00:00:00Z" },
			{ createdAt: "2035-01-01T00:00:00Z" },
		]);
		expect((await undo(remembered(first))).archive.name).toBe(first);
	});

	test("it is found where it was kept, if another location is asked", async () => {
		const nas = home.at("nas");
		const [name = ""] = await make(
			[{ createdAt: "2026-01-02T00:00:00Z" }],
			nas,
		);
		const { archive, location } = await undo(remembered(name, nas));
		expect([archive.path, location.address]).toEqual([join(nas, name), nas]);
	});

	test("another library's of the same second is not it, whichever location is asked", async () => {
		const nas = home.at("nas");
		const at = { createdAt: "2026-01-02T00:00:00Z" };
		const [name = ""] = await make([at], nas);
		await make([{ ...at, libraryId: OTHER }]);
		const { archive } = await undo(remembered(name, nas));
		expect(archive.path).toBe(join(nas, name));
		rmSync(archive.path);
		await expect(undo(remembered(name, nas))).rejects.toThrow("not there");
	});

	test.each([
		["missing", "NOT_FOUND", /not there any more: .*Z-pre-restore/, rmSync],
		[
			"cut off",
			"INVALID_ARCHIVE",
			/Z-pre-restore/,
			(path: string) => truncateSync(path, 900),
		],
		[
			"another file",
			"INVALID_ARCHIVE",
			/Z-pre-restore/,
			(path: string) => writeFileSync(path, "x"),
		],
	] as const)(
		"one that is %s is named, and no older one is taken",
		async (_, code, message, harm) => {
			const [, last = ""] = await make([
				{ createdAt: "2026-01-02T00:00:00Z" },
				{ createdAt: "2026-01-03T00:00:00Z" },
			]);
			harm(join(home.backups, last));
			await expect(undo(remembered(last))).rejects.toMatchObject({
				code,
				message: expect.stringMatching(message),
			});
		},
	);

	test("one that a verification found damaged is refused", async () => {
		const [last = ""] = await make([{ createdAt: "2026-01-03T00:00:00Z" }]);
		const found = await backups.find(last);
		const identity = {
			sizeBytes: found && "sizeBytes" in found ? found.sizeBytes : 0,
			modifiedMs: Math.floor(found?.modifiedMs ?? 0),
		};
		const bad = { verifiedAt: "2026-01-04T00:00:00Z", verifiedError: "rotten" };
		await backups.remember(last, identity, bad);
		await expect(undo(remembered(last))).rejects.toThrow("rotten");
	});

	test("a restore that kept nothing can't be undone, by an older one least of all", async () => {
		await make([{ createdAt: "2026-01-02T00:00:00Z" }]);
		const nothing = { at: "2026-01-20T00:00:00Z", kept: null, isDone: true };
		await expect(undo(nothing)).rejects.toThrow("nothing to undo");
	});

	test("one that was cut off may have replaced nothing, and what it kept is named", async () => {
		const [name = ""] = await make([{ createdAt: "2026-01-02T00:00:00Z" }]);
		const cutOff = { ...remembered(name), isDone: false };
		await expect(undo(cutOff)).rejects.toMatchObject({
			code: "NOT_FOUND",
			message: expect.stringMatching(new RegExp(`cut off.*${name}`)),
		});
	});

	test("a restore counts as cut off until it says that it is done", async () => {
		const path = home.at("library.db");
		const isDone = async () => (await readMemory(path)).lastRestore?.isDone;
		const at = "2026-01-20T00:00:00Z";
		const { settle, forget } = await rememberRestore(path, OWN, null, at);
		expect(await isDone()).toBe(false);
		expect(await settle()).toEqual([]);
		expect(await isDone()).toBe(true);
		await forget();
		expect(await isDone()).toBeUndefined();
	});

	test("the raw files of a damaged library are named, and how to unpack them", async () => {
		await make([{ createdAt: "2026-01-02T00:00:00Z" }]);
		const name = "vpo-damaged-2026-01-20T000000Z.tar.gz";
		writeFileSync(join(home.backups, name), "raw files");
		await expect(undo(remembered(name))).rejects.toThrow(name);
	});

	test("a name that leads elsewhere is a name", async () => {
		await make([{ createdAt: "2026-01-02T00:00:00Z" }]);
		const elsewhere = remembered("../../../etc/passwd");
		await expect(undo(elsewhere)).rejects.toThrow(join(home.backups, "passwd"));
	});
});

describe("without a memory", () => {
	test("it is the newest of this library, not another's and not one dated in the future", async () => {
		const [name] = await make([
			{ createdAt: "2026-01-02T00:00:00Z" },
			{ createdAt: "2026-01-05T00:00:00Z", libraryId: OTHER },
			{ createdAt: "2026-01-06T00:00:00Z", kind: "manual" },
			{ createdAt: "2026-02-03T00:00:00Z" },
		]);
		expect((await undo(null)).archive.name).toBe(name ?? "");
	});

	test("those without an id count for everybody", async () => {
		const [, name] = await make([
			{ createdAt: "2026-01-02T00:00:00Z" },
			{ createdAt: "2026-01-05T00:00:00Z", libraryId: null },
		]);
		expect((await undo(null)).archive.name).toBe(name ?? "");
	});

	test("one that is cut off is named, and no older one is taken", async () => {
		const [, last = ""] = await make([
			{ createdAt: "2026-01-02T00:00:00Z" },
			{ createdAt: "2026-01-03T00:00:00Z" },
		]);
		truncateSync(join(home.backups, last), 900);
		await expect(undo(null)).rejects.toMatchObject({
			code: "INVALID_ARCHIVE",
			message: expect.stringContaining(last),
		});
	});

	test("one that can't be read is not called damaged, and no older one is taken", async () => {
		const [, last = ""] = await make([
			{ createdAt: "2026-01-02T00:00:00Z" },
			{ createdAt: "2026-01-03T00:00:00Z" },
		]);
		const path = join(home.backups, last);
		rmSync(path);
		symlinkSync(path, path); // what not even root can read
		await expect(undo(null)).rejects.toMatchObject({
			code: "OPERATION_FAILED",
			message: expect.stringContaining(path),
		});
	});

	test("it is not guessed where the library may be any of several", async () => {
		await make([
			{ createdAt: "2026-01-02T00:00:00Z" },
			{ createdAt: "2026-01-03T00:00:00Z", libraryId: OTHER },
		]);
		await expect(undo(null, null)).rejects.toThrow("2 libraries");
	});

	test("the raw files of a damaged library that was replaced later are named", async () => {
		await make([{ createdAt: "2026-01-01T00:00:00Z" }]);
		const raw = "vpo-damaged-2026-01-02T000000Z.tar.gz";
		writeFileSync(join(home.backups, raw), "raw files");
		await expect(undo(null)).rejects.toThrow(raw);
		expect(await newestSalvage(backups)).toBe(raw);
		const [later] = await make([{ createdAt: "2026-01-03T00:00:00Z" }]);
		expect((await undo(null)).archive.name).toBe(later ?? "");
	});

	test("there is nothing where nothing was replaced", async () => {
		await make([{ createdAt: "2026-01-01T00:00:00Z", kind: "manual" }]);
		await expect(undo(null)).rejects.toThrow("no restore to undo");
		expect(await newestSalvage(backups)).toBeNull();
	});
});
