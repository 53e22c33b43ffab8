// Metadata that lies, or is no metadata: wrong types, wrong facts, text for the terminal. All archives are whole otherwise.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { sample } from "../helpers/damage.ts";
import {
	checksums,
	concat,
	gzip,
	type Json,
	jsonText,
	makeLibrary,
	ownArchive,
	ownMembers,
	ownMetadata,
	tar,
	toBytes,
	vpoArchive,
	vpoMetadata,
} from "../helpers/hostile.ts";
import { Home } from "../helpers/program.ts";
import { type Refusal, Target } from "../helpers/refusal.ts";

let target: Target;
beforeAll(() => {
	target = new Target();
});
afterAll(() => target[Symbol.dispose]());

const library = (() => {
	using home = new Home(null);
	return makeLibrary(home.path);
})();

/** The same change to the metadata of an archive of ours and of one of VPO's. */
function both(changes: Json, says: RegExp): Refusal[] {
	const what = JSON.stringify(changes, (_, value) =>
		value === undefined ? "missing" : value,
	).slice(0, 80);
	return [
		{
			what: `our metadata with ${what}`,
			archive: ownArchive(library, ownMetadata(library, changes)),
			says,
		},
		{
			what: `VPO's metadata with ${what}`,
			archive: vpoArchive(library, vpoMetadata(library, changes)),
			says,
		},
	];
}

function own(changes: Json, says: RegExp): Refusal[] {
	return both(changes, says).slice(0, 1);
}

const COUNTS = [
	"schema_version",
	"database_size_bytes",
	"file_count",
	"total_library_size_bytes",
];
const NO_COUNTS = [null, "2", -1, 1.5, 1e308, 2 ** 53, true, [], {}, undefined];
const NO_STRINGS = [null, 1, true, [], {}, undefined];
const NO_TIMES = [
	"",
	"yesterday",
	"2026-02-05",
	"2026-02-05 14:30:22",
	"2026-02-05T14:30:22",
	"2026-13-05T14:30:22Z",
	"2026-02-05T25:30:22Z",
	"2026-02-05T14:30:22Z\n",
	"+012026-02-05T14:30:22Z",
	"0000-01-01T00:00:00+23:59",
	"9999-12-31T23:59:59-23:59",
	`2026-02-05T14:30:22.${"0".repeat(40_000)}x`,
];

const TYPES = [
	...COUNTS.flatMap((key) =>
		NO_COUNTS.flatMap((value) => both({ [key]: value }, new RegExp(key))),
	),
	...["vpo_version", "created_at", "compression"].flatMap((key) =>
		NO_STRINGS.flatMap((value) => both({ [key]: value }, new RegExp(key))),
	),
	...NO_TIMES.flatMap((created_at) => both({ created_at }, /created_at/)),
	...["", "xz", "GZIP", "x".repeat(50_000), "\x1b[31m"].flatMap((compression) =>
		both({ compression }, /compression/),
	),
	...[null, 0, 2, "1", true, []].flatMap((format_version) =>
		own({ format_version }, /format_version/),
	),
	...[undefined, null, "", "abc", "A".repeat(64), "0".repeat(63), 5].flatMap(
		(database_sha256) => own({ database_sha256 }, /database_sha256/),
	),
	...["source_journal_mode", "kind"].flatMap((key) =>
		NO_STRINGS.flatMap((value) => own({ [key]: value }, new RegExp(key))),
	),
	...[1, true, [], {}, undefined].flatMap((note) => own({ note }, /note/)),
	...[1, { files: -1 }, { files: "2" }, { ["x".repeat(9999)]: -1 }].flatMap(
		(table_rows) => own({ table_rows }, /table_rows/),
	),
];

const FACTS = [
	...[0, 1, 3].flatMap((file_count) => own({ file_count }, /2 files/)),
	...[0, 1499, 1501].flatMap((total_library_size_bytes) =>
		own({ total_library_size_bytes }, /total size/),
	),
	...[0, 512, library.byteLength - 512, library.byteLength + 1].flatMap(
		(database_size_bytes) => own({ database_size_bytes }, /another size/),
	),
	...own({ database_sha256: "0".repeat(64) }, /checksum/),
	...[0, 26, 28].flatMap((schema_version) =>
		own({ schema_version }, /schema 27/),
	),
];

const TEXTS: Refusal[] = [
	{ what: "nothing", text: "" },
	{ what: "no JSON", text: "vpo" },
	{ what: "half of a JSON document", text: '{"vpo_version": "0' },
	{ what: "two JSON documents", text: "{}{}" },
	{ what: "a list", text: "[]" },
	{ what: "null", text: "null" },
	{ what: "a number", text: "7" },
	{ what: "a string", text: '"x"' },
	{ what: "an empty object", text: "{}" },
	{ what: "zero bytes", text: "\0".repeat(100) },
	{ what: "lists in lists, 60,000 deep", text: "[".repeat(60_000) },
	{
		what: "lists in lists, 30,000 deep and closed",
		text: "[".repeat(30_000) + "]".repeat(30_000),
	},
	{
		what: "objects in objects, 10,000 deep",
		text: `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`,
	},
	{ what: "64 KiB and a byte", text: " ".repeat(64 * 1024 + 1) },
	{ what: "10 MB", text: `{"x": "${"x".repeat(10_000_000)}"}` },
].flatMap(({ what, text }) => {
	const says = /backup_metadata.json|damaged gzip data$/;
	return [
		{
			what: `our archive with ${what}`,
			archive: ownArchive(library, text),
			says,
		},
		{ what: `VPO's with ${what}`, archive: vpoArchive(library, text), says },
	].map((refusal) => ({ ...refusal, what: `${refusal.what} as metadata` }));
});

const NOT_UTF8: Refusal[] = [
	[0xff, 0xfe],
	[0xc3, 0x28],
	[0xed, 0xa0, 0x80],
	[0xf8, 0x88, 0x80, 0x80, 0x80],
].map((bytes) => {
	const [before, after] = jsonText(ownMetadata(library, { note: "?" })).split(
		"?",
	);
	const body = concat(
		toBytes(before ?? ""),
		Uint8Array.from(bytes),
		toBytes(after ?? ""),
	);
	return {
		what: `metadata with the bytes ${bytes} in a text`,
		archive: gzip(
			tar([
				{ name: "backup_metadata.json", body },
				{ name: "library.db", body: library },
			]),
		),
		says: /not JSON/,
	};
});

const json = jsonText(ownMetadata(library));
const right = checksums(json, library);
const CHECKSUMS: Refusal[] = [
	{ what: "none in it", text: "" },
	{ what: "one digit changed", text: right.replace(/^./, "x") },
	{ what: "upper case", text: right.toUpperCase() },
	{ what: "one line missing", text: right.replace(/^.*\n/, "") },
	{ what: "a line twice", text: right + right },
	{
		what: "the lines swapped",
		text: right
			.split(/(?<=\n)/)
			.reverse()
			.join(""),
	},
	{ what: "line ends of Windows", text: right.replaceAll("\n", "\r\n") },
	{ what: "a third file", text: `${right}${"0".repeat(64)}  ../evil\n` },
	{ what: "those of another library", text: checksums(json, library.slice(1)) },
	{ what: "those of another metadata", text: checksums(`${json} `, library) },
	{ what: "5 KiB", text: right.padEnd(5000, "\n") },
].map(({ what, text }) => ({
	what: `an archive whose checksums have ${what}`,
	archive: ownMembers([
		{ name: "backup_metadata.json", body: json },
		{ name: "library.db", body: library },
		{ name: "SHA256SUMS", body: text },
	]),
	says: /SHA256SUMS/,
}));

const REFUSALS = [...TYPES, ...FACTS, ...TEXTS, ...NOT_UTF8, ...CHECKSUMS];

describe.each(REFUSALS)("$what", (refusal) => {
	test("is refused", () => target.expectRefused(refusal));
});

test.each(sample(REFUSALS, 16))(
	"the program refuses $what",
	({ archive, says }) =>
		target.expectProgramRefuses(target.write(archive), says),
);

test("VPO's wrong schema version is a warning, and the database is believed", async () => {
	const archive = vpoArchive(
		library,
		vpoMetadata(library, { schema_version: 19 }),
	);
	const { schemaVersion, warnings } = await target.expectAccepted(
		archive,
		library,
	);
	expect(schemaVersion).toBe(27);
	expect(warnings).toEqual([
		"its database has schema 27, its metadata says 19; the database is right",
	]);
});

test.each([
	[{ file_count: 1 }, "it holds 2 files, its metadata says 1"],
	[{ file_count: 121 }, "it holds 2 files, its metadata says 121"],
	[
		{ total_library_size_bytes: 1499 },
		"its metadata says another total size of the files",
	],
	[
		{ database_size_bytes: 4_000_000 },
		"its database has 2.0 KB, its metadata says 4.0 MB",
	],
])(
	"what VPO's daemon wrote while VPO's archive was made is a warning: %j",
	async (changes, says) => {
		const archive = vpoArchive(library, vpoMetadata(library, changes));
		const { warnings, metadata } = await target.expectAccepted(
			archive,
			library,
		);
		expect(warnings).toEqual([`${says}; the database is right`]);
		expect(metadata).toMatchObject({
			fileCount: 2,
			totalLibrarySizeBytes: 1500,
			databaseSizeBytes: library.byteLength,
		});
	},
);

const HARMLESS: readonly Json[] = [
	{ future_key: [{ deep: [1] }] },
	{ created_at: "2026-02-05T14:30:22.123456+00:00" },
	{ created_at: "2026-02-05T14:30:22+05:30" },
	{ vpo_version: "" },
	{ constructor: 1, toString: 2, hasOwnProperty: 3 },
];

test.each(
	HARMLESS.map((changes) => ({ changes, what: JSON.stringify(changes) })),
)("metadata with $what is accepted", async ({ changes }) => {
	await target.expectAccepted(
		ownArchive(library, ownMetadata(library, changes)),
		library,
	);
	await target.expectAccepted(
		vpoArchive(library, vpoMetadata(library, changes)),
		library,
	);
});

describe("text that a terminal would obey", () => {
	const EVIL = [
		"\x1b[2J\x1b[31mred",
		"\x1b]0;title\x07",
		"\x1b]8;;http://x\x1b\\link",
		"a\rb\bc\x00d\x7fe",
		"\u009b31m\u0090x\u009c",
		"one\ntwo\u2028three",
		"\u202Egnp.exe",
	].join("|");

	// Long lines are wrapped.
	const unwrapped = (text: string) => text.replaceAll(/\s+/g, " ");

	test("in the note, the version and the kind never reaches it", async () => {
		const changes = { note: EVIL, vpo_version: EVIL, kind: EVIL };
		mkdirSync(target.home.backups, { recursive: true });
		const name = ".vpo/backups/vpo-library-2026-02-05T143022Z.tar.gz";
		const metadata = ownMetadata(library, changes);
		const path = target.write(ownArchive(library, metadata), name);
		for (const args of [
			["library", "backups"],
			["library", "backups", "--json"],
			["library", "restore", "--dry-run", path],
			["library", "restore", "--dry-run", "--json", "latest"],
			["library", "restore", "--yes", path],
			["library", "restore", "--yes", "--json", path],
		]) {
			expect(await target.run(args)).toMatchObject({ exitCode: 0 });
		}
		const { stdout } = await target.run(["library", "backups"]);
		expect(unwrapped(stdout)).toContain("[31mred");
		expect(unwrapped(stdout)).toContain("|one two\ufffdthree|\ufffdgnp.exe");
	});

	test.each([
		["a type's message", { created_at: EVIL }],
		["the compression", { compression: EVIL }],
		["a table's name", { table_rows: { [EVIL]: -1 } }],
	])("in %s never reaches it", async (_, changes) => {
		const path = target.write(
			ownArchive(library, ownMetadata(library, changes)),
		);
		await target.expectProgramRefuses(path, /backup_metadata.json/);
		const args = ["library", "restore", "--yes", path];
		expect(await target.run(args)).toMatchObject({ exitCode: 46 });
	});

	test.each([EVIL.slice(0, 30), EVIL.slice(30)])(
		"in a member's name never reaches it",
		async (name) => {
			const archive = gzip(tar([{ name, type: "2" }]));
			await target.expectProgramRefuses(target.write(archive), /member/);
			mkdirSync(target.home.backups, { recursive: true });
			target.write(archive, ".vpo/backups/member.tar.gz");
			const listed = await target.run(["library", "backups"]);
			expect(unwrapped(listed.stdout)).toContain("is not a regular file");
			await target.run(["library", "backups", "--json"]);
		},
	);

	test("in a file's name never reaches it", async () => {
		const name = "vpo-\x1b[31m\n\u009b-library.tar.gz";
		await target.expectProgramRefuses(target.write("x", name), /no archive/);
		mkdirSync(target.home.backups, { recursive: true });
		target.write("x", `.vpo/backups/${name}`);
		const listed = await target.run(["library", "backups"]);
		expect(listed).toMatchObject({ exitCode: 0 });
		await target.run(["library", "backups", "--json"]);
		await target.run(["library", "restore", "--yes", name]);
	});
});
