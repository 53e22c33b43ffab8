// What a folder holds, and which of it a person means.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	mkdirSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { readCatalog } from "../../../src/core/location/catalog.ts";
import { openFolder } from "../../../src/core/location/folder.ts";
import { GoodBackups } from "../../../src/core/location/good.ts";
import type { Location } from "../../../src/core/location/location.ts";
import {
	backupName,
	isArchiveName,
	salvageName,
	shortName,
} from "../../../src/core/location/names.ts";
import { findBackup } from "../../../src/core/location/reference.ts";
import {
	type Bytes,
	type Json,
	makeLibrary,
	ownArchive,
	ownMetadata,
	vpoArchive,
	vpoMetadata,
} from "../../helpers/hostile.ts";
import { Home } from "../../helpers/program.ts";

/** A library without an id, long after all that is made here. */
const VIEWER = { libraryId: null, now: new Date("2026-06-01T00:00:00Z") };

const list = async (location: Location, signal?: AbortSignal) =>
	(await readCatalog(location, VIEWER, signal)).backups;

let home: Home;
let library: Bytes;
let backups: Location;

beforeEach(() => {
	home = new Home(null);
	library = makeLibrary(home.path);
	mkdirSync(home.backups);
	backups = openFolder(home.backups);
});
afterEach(() => home[Symbol.dispose]());

/** Adds an archive of ours; its name need not tell the truth. */
function add(name: string, changes: Json = {}): string {
	const archive = ownArchive(library, ownMetadata(library, changes));
	return addFile(name, archive);
}

function addFile(name: string, content: string | Bytes): string {
	const path = join(home.backups, name);
	writeFileSync(path, content);
	return path;
}

const AT = new Date("2026-02-05T14:30:22Z");

test("names tell the time, the kind and the attempt", () => {
	expect([
		backupName(AT, "manual", 1),
		backupName(AT, "manual", 2),
		backupName(AT, "pre-restore", 1),
		backupName(AT, "pre-restore", 3),
		salvageName(AT, 1),
	]).toEqual([
		"vpo-library-2026-02-05T143022Z.tar.gz",
		"vpo-library-2026-02-05T143022Z-2.tar.gz",
		"vpo-library-2026-02-05T143022Z-pre-restore.tar.gz",
		"vpo-library-2026-02-05T143022Z-pre-restore-3.tar.gz",
		"vpo-damaged-2026-02-05T143022Z.tar.gz",
	]);
	expect(shortName(backupName(AT, "manual", 2))).toBe("2026-02-05T143022Z-2");
	expect(shortName("mine.tgz")).toBe("mine");
});

test("only .tar.gz and .tgz are names of archives", () => {
	expect(["a.tar.gz", "a.tgz"].every(isArchiveName)).toBe(true);
	expect(
		["a.zip", "a.tar", "a.tar.gz.part", "tgz", "a.TGZ"].some(isArchiveName),
	).toBe(false);
});

describe("a list", () => {
	test("is newest first by the time in the metadata, whatever the names say", async () => {
		add("c.tar.gz", { created_at: "2026-01-01T00:00:00Z" });
		add("a.tar.gz", { created_at: "2026-01-02T00:00:00Z" });
		const vpo = { created_at: "2026-01-01T12:00:00Z" };
		addFile("b.tgz", vpoArchive(library, vpoMetadata(library, vpo)));
		const found = await list(backups);
		expect(found.map(({ filename }) => filename)).toEqual([
			"a.tar.gz",
			"b.tgz",
			"c.tar.gz",
		]);
	});

	test.each([
		["vpo-library-2026-02-05T143022Z.tar.gz", "2026-02-05T14:30:22Z"],
		["vpo-library-2026-02-05T14-30-22Z.tar.gz", "2026-02-05T14:30:22Z"],
		[
			"vpo-library-2026-02-05T143022Z-pre-restore-2.tgz",
			"2026-02-05T14:30:22Z",
		],
		["vpo-library-2026-99-05T143022Z.tar.gz", null],
		["before-upgrade.tar.gz", null],
	])(
		"takes the time of a damaged %s from its name",
		async (name, createdAt) => {
			addFile(name, "damaged");
			const [backup] = await list(backups);
			expect(backup).toMatchObject({
				filename: name,
				createdAt,
				metadata: null,
				archiveSizeBytes: 7,
				error: expect.stringContaining("not supported"),
			});
		},
	);

	test("puts damaged files without a time where they were changed", async () => {
		add("new.tar.gz", { created_at: "2026-03-01T00:00:00Z" });
		add("old.tar.gz", { created_at: "2026-01-01T00:00:00Z" });
		const path = addFile("damaged.tar.gz", "x");
		const between = new Date("2026-02-01T00:00:00Z");
		utimesSync(path, between, between);
		const found = await list(backups);
		expect(found.map(({ filename }) => filename)).toEqual([
			"new.tar.gz",
			"damaged.tar.gz",
			"old.tar.gz",
		]);
	});

	test("leaves out hidden files, other files and raw files of damaged libraries", async () => {
		for (const name of [".x.tar.gz", "notes.txt", "vpo-damaged-x.tar.gz"]) {
			addFile(name, "x");
		}
		expect(await list(backups)).toEqual([]);
	});

	test("of a folder that is not there is empty, and of a file fails", async () => {
		expect(await list(openFolder(home.at("missing")))).toEqual([]);
		const file = addFile("file", "x");
		await expect(list(openFolder(file))).rejects.toMatchObject({
			code: "OPERATION_FAILED",
		});
	});

	test("leaves out what has gone since, and says what can't be read", async () => {
		const path = add("vpo-library-2026-02-05T143022Z.tar.gz");
		const kept = add("vpo-library-2026-02-06T143022Z.tar.gz");
		const lost = "vpo-library-2026-02-07T143022Z.tar.gz";
		symlinkSync("nowhere", join(home.backups, lost));
		const removedMeanwhile: Location = {
			...backups,
			async list(signal) {
				const found = await backups.list(signal);
				rmSync(path, { force: true });
				return found;
			},
		};
		const found = await list(removedMeanwhile);
		expect(found.map(({ path, doubt }) => [path, doubt?.reason])).toEqual([
			[join(home.backups, lost), "no such file"],
			[kept, undefined],
		]);
	});

	test("ends when it is interrupted", async () => {
		add("a.tar.gz");
		const signal = AbortSignal.abort(new Error("stop"));
		await expect(list(backups, signal)).rejects.toThrow("stop");
	});
});

describe("a backup", () => {
	const NAMES = [
		"vpo-library-2026-02-05T143022Z.tar.gz",
		"vpo-library-2026-02-05T143022Z-2.tar.gz",
		"vpo-library-2026-02-06T143022Z.tar.gz",
		"before-upgrade.tar.gz",
	] as const;
	beforeEach(() => {
		for (const name of NAMES) add(name);
	});

	test.each([
		[NAMES[0], NAMES[0]],
		["2026-02-05T143022Z", NAMES[0]],
		["2026-02-05T143022Z-2", NAMES[1]],
		["2026-02-06", NAMES[2]],
		["vpo-library-2026-02-06", NAMES[2]],
		["before", NAMES[3]],
		["before-upgrade", NAMES[3]],
	])("is found by %s", async (reference, name) => {
		const { archive } = await findBackup(reference, backups, VIEWER);
		expect(archive.path).toBe(join(home.backups, name));
	});

	test.each(["2026-02", "vpo-library", "2026-02-05"])(
		"is not guessed where %s may mean several",
		async (reference) => {
			const finding = findBackup(reference, backups, VIEWER);
			await expect(finding).rejects.toMatchObject({
				code: "NOT_FOUND",
				message: expect.stringContaining("is ambiguous"),
			});
		},
	);

	test.each(["2027", "upgrade", "latest2", "VPO-LIBRARY"])(
		"is not found by %s",
		async (reference) => {
			const finding = findBackup(reference, backups, VIEWER);
			await expect(finding).rejects.toMatchObject({ code: "NOT_FOUND" });
		},
	);

	test("is found by a path, in the folder where it is", async () => {
		const here = await findBackup(
			join(home.backups, NAMES[3]),
			backups,
			VIEWER,
		);
		expect(here.location).toBe(backups);
		const path = home.at("elsewhere.tar.gz");
		writeFileSync(path, "any file");
		const { archive, location } = await findBackup(path, backups, VIEWER);
		expect([archive.path, location.address]).toEqual([path, home.path]);
		const finding = findBackup("/nowhere/at/all.tar.gz", backups, VIEWER);
		await expect(finding).rejects.toMatchObject({
			code: "NOT_FOUND",
			message: "no such file: /nowhere/at/all.tar.gz",
		});
	});
});

describe("the latest backup", () => {
	test("is the newest that is undamaged, and no safety backup", async () => {
		const good = add("good.tar.gz", { created_at: "2026-01-01T00:00:00Z" });
		add("safety.tar.gz", {
			created_at: "2026-01-03T00:00:00Z",
			kind: "pre-restore",
		});
		addFile("vpo-library-2026-01-04T000000Z.tar.gz", "damaged");
		addFile("vpo-damaged-2026-01-05T000000Z.tar.gz", "raw files");
		expect((await findBackup("latest", backups, VIEWER)).archive.path).toBe(
			good,
		);
		const newest = await (await GoodBackups.in(backups, VIEWER)).newest();
		expect(newest?.path).toBe(good);
	});

	test("is not there where all are damaged, or none is", async () => {
		const finding = () => findBackup("latest", backups, VIEWER);
		await expect(finding()).rejects.toThrow("no backup in");
		addFile("damaged.tar.gz", "x");
		await expect(finding()).rejects.toThrow(
			"no good backup of this library in",
		);
		const good = await GoodBackups.in(backups, VIEWER);
		expect(await good.newest()).toBeNull();
	});
});
