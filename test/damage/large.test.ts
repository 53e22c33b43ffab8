// A backup of several MiB that hardly compresses: damage in every region, and its gzip members swapped, doubled, missing.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { contentOf } from "../helpers/content.ts";
import {
	type Damage,
	flip,
	memberStarts,
	membersOf,
	Trials,
	truncate,
} from "../helpers/damage.ts";
import {
	type Bytes,
	concat,
	gzip,
	makeLibrary,
	OWN_HEADER,
	ownArchive,
	ownMetadata,
	tar,
	vpoArchive,
	vpoMetadata,
} from "../helpers/hostile.ts";
import { binary, Home, runJson } from "../helpers/program.ts";

const MIB = 1024 * 1024;
const BLOBS = [
	"CREATE TABLE blobs (id INTEGER PRIMARY KEY, body BLOB)",
	"INSERT INTO blobs SELECT value, randomblob(1000000) FROM json_each('[1,2,3,4,5]')",
];

let home: Home;
let trials: Trials;
let library: Bytes;
let own: Bytes;

beforeAll(async () => {
	home = new Home(null);
	trials = new Trials(home.path);
	library = makeLibrary(home.path, { pageBytes: 4096, sql: BLOBS });
	writeFileSync(home.library, library);
	const args = ["library", "backup", "-o", home.at("large.tar.gz")];
	expect(await runJson(binary, home, args)).toMatchObject({ exitCode: 0 });
	own = new Uint8Array(readFileSync(home.at("large.tar.gz")));
});

afterAll(() => {
	trials[Symbol.dispose]();
	home[Symbol.dispose]();
});

async function expectRefused(
	archive: Bytes,
	damages: readonly Damage[],
): Promise<void> {
	const results = await trials.run(archive, damages);
	expect(results).toHaveLength(damages.length);
	expect(results.filter(({ outcome }) => outcome !== "refused")).toEqual([]);
}

function change(
	what: string,
	apply: (members: readonly Bytes[]) => readonly Uint8Array[],
): Damage {
	return {
		what,
		offset: 0,
		apply: (archive) => concat(...apply(membersOf(archive))),
	};
}

describe("a large archive of ours", () => {
	test("consists of a member for the metadata, one for each MiB and one for the checksums", () => {
		const sizes = membersOf(own).map((member) => gunzipSync(member).byteLength);
		expect(sizes.length).toBe(2 + Math.ceil(library.byteLength / MIB));
		expect(sizes.slice(1, -2).every((size) => size === MIB)).toBe(true);
	});

	test("is refused with any byte of a member's header changed, but for the first one's", async () => {
		const places = memberStarts(own).slice(1);
		const damages = places.flatMap((start) =>
			[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) => flip(start + at, at % 8)),
		);
		await expectRefused(own, damages);
	}, 30_000);

	test("is refused with any bit of a member's CRC or length flipped", async () => {
		const ends = [...memberStarts(own).slice(1), own.byteLength];
		const damages = ends.flatMap((end) =>
			[1, 2, 3, 4, 5, 6, 7, 8].map((back) => flip(end - back, back % 8)),
		);
		await expectRefused(own, damages);
	}, 30_000);

	test("is refused with a bit flipped anywhere in its incompressible parts", async () => {
		const starts = memberStarts(own).slice(1, -2);
		const damages = starts.flatMap((start) =>
			[100, 4096, 65_540, 300_000, 700_001].map((at) => flip(start + at, 5)),
		);
		await expectRefused(own, damages);
	}, 30_000);

	test("is refused when truncated at, before and after any member's border", async () => {
		const damages = memberStarts(own).flatMap((start) =>
			[-9, -8, -1, 0, 1, 9, 10, 11]
				.map((more) => start + more)
				.filter((length) => length >= 0)
				.map(truncate),
		);
		await expectRefused(own, damages);
	}, 30_000);

	test.each([
		change("one zero byte behind it", (all) => [...all, Uint8Array.of(0)]),
		change("one byte behind it", (all) => [...all, Uint8Array.of(31)]),
		change("512 zero bytes behind it", (all) => [...all, new Uint8Array(512)]),
		change("2 MiB of zeros behind it", (all) => [
			...all,
			new Uint8Array(2 * MIB),
		]),
		change("text behind it", (all) => [...all, Buffer.from("garbage")]),
		change("an empty member behind it", (all) => [
			...all,
			gzip(new Uint8Array(0)),
		]),
		change("the start of a member behind it", (all) => [...all, OWN_HEADER]),
		change("a foreign member behind it", (all) => [
			...all,
			gzip(new Uint8Array(1).fill(1)),
		]),
		change("itself behind it", (all) => [...all, ...all]),
		change("its first member twice", (all) => [...all.slice(0, 1), ...all]),
		change("its last member twice", (all) => [...all, ...all.slice(-1)]),
		change("its third member twice", (all) =>
			all.toSpliced(2, 0, ...third(all)),
		),
		change("no first member", (all) => all.slice(1)),
		change("no third member", (all) => all.toSpliced(2, 1)),
		change("no last member", (all) => all.slice(0, -1)),
		change("no library", (all) => [...all.slice(0, 1), ...all.slice(-1)]),
		change("two members swapped", (all) => [
			...all.slice(0, 2),
			...all.slice(3, 4),
			...third(all),
			...all.slice(4),
		]),
		change("its members in reverse", (all) => all.toReversed()),
		change("a zero byte between two members", (all) =>
			all.toSpliced(2, 0, Uint8Array.of(0)),
		),
		change("garbage between two members", (all) =>
			all.toSpliced(2, 0, Buffer.from("garbage")),
		),
		change(
			"its second half zeroed, as a crash of the system leaves it",
			(all) => [concat(...all).fill(0, own.byteLength / 2)],
		),
		change("4 KiB in the middle zeroed", (all) => [
			concat(...all).fill(0, own.byteLength / 2, own.byteLength / 2 + 4096),
		]),
		change("a member of another backup in the place of its own", (all) =>
			all.toSpliced(2, 1, gzipLike(new Uint8Array(MIB).fill(7))),
		),
	])("is refused with $what", (damage) => expectRefused(own, [damage]), 30_000);
});

function third(all: readonly Bytes[]): readonly Bytes[] {
	return all.slice(2, 3);
}

// A member that is right in itself and begins as ours do.
function gzipLike(block: Bytes): Bytes {
	return concat(OWN_HEADER, gzip(block).subarray(10));
}

describe("a large archive of VPO's", () => {
	let vpo: Bytes;
	beforeAll(() => {
		vpo = vpoArchive(library, vpoMetadata(library, counts));
	});
	const counts = { file_count: 2, total_library_size_bytes: 1500 };

	test("is refused with a bit flipped or an end missing in any region", async () => {
		const size = vpo.byteLength;
		const at = [10, 11, 600, 5000, 70_000, MIB, MIB + 1, 2 * MIB, 3_000_000];
		await expectRefused(vpo, [
			...[...at, size - 8, size - 4, size - 1].map((offset) => flip(offset, 5)),
			...[...at, size - 8, size - 4, size - 1].map(truncate),
		]);
	}, 30_000);

	test.each([
		{ what: "a zero byte", more: Uint8Array.of(0) },
		{ what: "512 zero bytes", more: new Uint8Array(512) },
		{ what: "2 MiB of zero bytes", more: new Uint8Array(2 * MIB) },
		{ what: "one byte", more: Uint8Array.of(31) },
		{ what: "text", more: Buffer.from("garbage") },
		{ what: "a member with text", more: gzip(new Uint8Array(9).fill(65)) },
		{ what: "a tar archive", more: gzip(tar([{ name: "x" }])) },
	])("is refused with $what behind its end", ({ more }) =>
		expectRefused(vpo, [
			{ what: "more", offset: 0, apply: (bytes) => concat(bytes, more) },
		]),
	);

	// The file is read in pieces of 1 MiB; what follows must not be missed where a piece ends.
	test.each([
		{ what: "a zero byte", more: Uint8Array.of(0) },
		{ what: "2 MiB of zero bytes", more: new Uint8Array(2 * MIB) },
		{ what: "one byte", more: Uint8Array.of(31) },
		{ what: "text", more: Buffer.from("garbage") },
	])(
		"is refused with $what behind its end where its size is whole MiB",
		({ more }) => {
			const missing = MIB - (vpo.byteLength % MIB);
			const longer = withName(vpo, "x".repeat(missing - 1));
			expect(longer.byteLength % MIB).toBe(0);
			return expectRefused(longer, [
				{ what: "more", offset: 0, apply: (bytes) => concat(bytes, more) },
			]);
		},
	);

	test("is itself behind itself refused", () =>
		expectRefused(vpo, [
			{ what: "twice", offset: 0, apply: (bytes) => concat(bytes, bytes) },
		]));
});

// A gzip header may hold a file name of any length (RFC 1952, 2.3).
function withName(archive: Bytes, name: string): Bytes {
	const header = archive.slice(0, 10);
	header[3] = 8;
	return concat(header, Buffer.from(`${name}\0`), archive.subarray(10));
}

test("a library that holds gzip members which begin as ours do is backed up and comes back", async () => {
	using home = new Home(null);
	const blob = Buffer.from(
		concat(
			crypto.getRandomValues(new Uint8Array(50_000)),
			ownArchive(library.slice(0, 4096), ownMetadata(library)),
			OWN_HEADER,
			crypto.getRandomValues(new Uint8Array(50_000)),
			OWN_HEADER,
			OWN_HEADER,
			crypto.getRandomValues(new Uint8Array(3)),
			OWN_HEADER,
			crypto.getRandomValues(new Uint8Array(50_000)),
		),
	);
	const bytes = makeLibrary(home.path, {
		pageBytes: 4096,
		sql: [
			"CREATE TABLE blobs (body BLOB)",
			`INSERT INTO blobs VALUES (x'${blob.toString("hex")}')`,
		],
	});
	writeFileSync(home.library, bytes);
	const backup = await runJson(binary, home, ["library", "backup"]);
	expect(backup).toMatchObject({ exitCode: 0, json: { success: true } });
	const target = home.at("other", "library.db");
	const args = ["library", "restore", "latest", "--database", target];
	expect(await runJson(binary, home, args)).toMatchObject({ exitCode: 0 });
	expect(contentOf(target)).toEqual(contentOf(home.library));
});
