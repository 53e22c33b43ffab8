// A look at an archive's ends: enough for a list, and never more than a few KB.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspectArchive } from "../../../src/core/archive/inspect.ts";
import { archiveAt, archiveFile } from "../../../src/core/archive/source.ts";
import {
	everyTruncation,
	membersOf,
	tinyOwnArchive,
} from "../../helpers/damage.ts";
import {
	type Bytes,
	concat,
	type Json,
	makeLibrary,
	ownArchive,
	ownGzip,
	ownMetadata,
	tarMember,
	vpoArchive,
	vpoMetadata,
} from "../../helpers/hostile.ts";
import { FIXTURES, Home } from "../../helpers/program.ts";

let home: Home;
let library: Bytes;
let own: Bytes;

beforeAll(async () => {
	home = new Home(null);
	library = makeLibrary(home.path);
	own = await tinyOwnArchive();
});
afterAll(() => home[Symbol.dispose]());

async function inspect(bytes: Uint8Array) {
	const path = home.at("inspected.tar.gz");
	writeFileSync(path, bytes);
	return await inspectArchive(await archiveAt(path));
}

async function isRefused(bytes: Uint8Array): Promise<boolean> {
	return inspect(bytes).then(
		() => false,
		(error) => error.code === "INVALID_ARCHIVE",
	);
}

test("our metadata is read", async () => {
	expect(await inspect(own)).toMatchObject({
		schemaVersion: 27,
		fileCount: 2,
		totalLibrarySizeBytes: 1500,
		own: { kind: "manual", note: null },
	});
});

test.each([100, 4000, 20_000, 48_000])(
	"a note of %d characters that don't compress is read",
	async (length) => {
		const note = crypto
			.getRandomValues(new Uint8Array(length))
			.toBase64()
			.slice(0, length);
		const metadata = ownMetadata(library, { note });
		const read = await inspect(ownArchive(library, metadata));
		expect(read?.own?.note).toBe(note);
	},
);

test.each([
	"vpo-library-2026-11-22T11-07-46Z.tar.gz",
	"vpo-library-2026-11-22T110747Z.tar.gz",
])("VPO's %s must be read in full", async (name) => {
	expect(await inspect(readFileSync(join(FIXTURES, name)))).toBeNull();
});

test("an archive that was cut off anywhere is refused", async () => {
	// With fewer bytes than a header nothing tells that it is ours.
	for (const { what, apply } of everyTruncation(own).slice(10)) {
		expect([what, await isRefused(apply(own))]).toEqual([what, true]);
	}
});

test("something behind the end is seen", async () => {
	for (const more of [Uint8Array.of(0), new Uint8Array(5000)]) {
		expect(await isRefused(concat(own, more))).toBe(true);
	}
});

test("the middle of an archive is not read", async () => {
	const [first, second, last] = membersOf(own);
	if (!first || !second || !last) throw new Error("three members expected");
	const hole = new Uint8Array(5 * 1024 * 1024);
	const metadata = await inspect(concat(first, second, hole, last));
	expect(metadata?.fileCount).toBe(2);
});

describe("an archive of ours", () => {
	const refused: readonly (readonly [what: string, make: () => Bytes])[] = [
		["without its last member", () => concat(...membersOf(own).slice(0, -1))],
		["without its first member", () => concat(...membersOf(own).slice(1))],
		["with its last member twice the first", () => twice(0)],
		["that ends with the library", () => twice(1)],
		["of only its last member", () => concat(...membersOf(own).slice(-1))],
		["with the checksums of another", () => changed({ note: "other" })],
		["with VPO's metadata", () => ownArchive(library, vpoMetadata(library))],
		["with no metadata", () => ownArchive(library, "")],
		["with another member first", () => renamed("backup_metadata.json2")],
		[
			"with its first header damaged by a bit",
			() => own.with(12, (own[12] ?? 0) ^ 8),
		],
	];
	test.each(refused)("%s is refused", async (_, make) => {
		expect(await isRefused(make())).toBe(true);
	});
});

function twice(member: number): Bytes {
	const members = membersOf(own);
	return concat(...members.slice(0, -1), members[member] ?? own);
}

function renamed(name: string): Bytes {
	const metadata = ownMetadata(library);
	const body = JSON.stringify(metadata);
	const [, ...rest] = membersOf(ownArchive(library, metadata));
	return concat(ownGzip(tarMember({ name, body })), ...rest);
}

// The library's checksum is another one, that of the metadata is not looked at here.
function changed(changes: Json): Bytes {
	const other = library.with(99, 1);
	const [first] = membersOf(ownArchive(library, ownMetadata(library, changes)));
	const rest = membersOf(ownArchive(other, ownMetadata(other))).slice(1);
	return concat(first ?? other, ...rest);
}

test("VPO's form with our metadata must be read in full", async () => {
	const archive = vpoArchive(library, ownMetadata(library));
	expect(await inspect(archive)).toBeNull();
});

test("a missing file is not found", async () => {
	const looking = archiveAt(home.at("missing.tar.gz"));
	await expect(looking).rejects.toMatchObject({ code: "NOT_FOUND" });
	const gone = inspectArchive(archiveFile(home.at("gone.tar.gz"), 1));
	await expect(gone).rejects.toMatchObject({ code: "NOT_FOUND" });
});
