// Archives whose members lie: names, kinds, sizes, extended headers, ends. Nothing of them ever reaches the disk.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pythonArchive, sample } from "../helpers/damage.ts";
import {
	type Bytes,
	base256,
	checksums,
	concat,
	gzip,
	type HostileMember,
	jsonText,
	makeLibrary,
	ownArchive,
	ownMembers,
	ownMetadata,
	pax,
	paxRecord,
	tar,
	tarMember,
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
const LIBRARY: HostileMember = { name: "library.db", body: library };
const JSON_TEXT = jsonText(vpoMetadata(library));
const METADATA: HostileMember = {
	name: "backup_metadata.json",
	body: JSON_TEXT,
};
const OWN_JSON = jsonText(ownMetadata(library));
const OWN_METADATA: HostileMember = {
	name: "backup_metadata.json",
	body: OWN_JSON,
};
const SUMS: HostileMember = {
	name: "SHA256SUMS",
	body: checksums(OWN_JSON, library),
};

function vpo(...members: readonly HostileMember[]): Bytes {
	return gzip(tar(members));
}

const FOREIGN_NAMES = [
	"/etc/vpo-test",
	"/library.db",
	"../library.db",
	"../../../library.db",
	"a/../../library.db",
	"./library.db",
	"library.db/x",
	"LIBRARY.DB",
	"Library.db",
	"library.db ",
	"library.db.",
	"library.db-wal",
	"library.db-journal",
	"library.dB",
	"Backup_Metadata.json",
	"sha256sums",
	"config.toml",
	".",
	"..",
	"",
	"x".repeat(100),
];

const NAMES: Refusal[] = FOREIGN_NAMES.flatMap((name) => [
	{
		what: `a library named "${name.slice(0, 30)}"`,
		archive: vpo({ ...LIBRARY, name }, METADATA),
		says: /does not belong there/,
	},
	{
		what: `a member "${name.slice(0, 30)}" beside the library`,
		archive: ownMembers([OWN_METADATA, LIBRARY, SUMS, { name, body: "x" }]),
		says: /does not belong there/,
	},
]);

const PREFIXES: Refusal[] = [
	"..",
	"/",
	"/tmp",
	"library.db",
	"x".repeat(155),
].map((prefix) => ({
	what: `the prefix "${prefix.slice(0, 30)}" before a known name`,
	archive: vpo({ ...LIBRARY, prefix }, METADATA),
	says: /does not belong there/,
}));

// Hard link, symbolic link, devices, folder, FIFO, contiguous; GNU's and old extensions; unknown ones.
const FOREIGN_TYPES = [..."1234567DIKLMNSVXgAZ8"];

const TYPES: Refusal[] = FOREIGN_TYPES.flatMap((type) => [
	{
		what: `a library of type ${type}`,
		archive: vpo({ ...LIBRARY, type, link: "/etc/passwd" }, METADATA),
		says: /not a regular file/,
	},
	{
		what: `a member of type ${type} before the metadata`,
		archive: ownMembers([
			{ name: "backup_metadata.json", type, link: "../../x" },
			OWN_METADATA,
			LIBRARY,
			SUMS,
		]),
		says: /not a regular file/,
	},
]);

const LINKS: Refusal[] = [
	{
		what: "a regular file with a link's target",
		archive: vpo({ ...LIBRARY, link: "/etc/passwd" }, METADATA),
		says: /is a link/,
	},
	{
		what: "a folder in the old form, a file whose name ends in a slash",
		archive: vpo({ ...LIBRARY, name: "library.db/" }, METADATA),
		says: /not a regular file/,
	},
];

const ORDER: Refusal[] = [
	{
		what: "two libraries",
		archive: vpo(LIBRARY, LIBRARY, METADATA),
		says: /"library.db" does not belong/,
	},
	{
		what: "two metadata files",
		archive: vpo(LIBRARY, METADATA, METADATA),
		says: /"backup_metadata.json" does not belong/,
	},
	{
		what: "two lists of checksums",
		archive: ownMembers([OWN_METADATA, LIBRARY, SUMS, SUMS]),
		says: /"SHA256SUMS" does not belong/,
	},
	{
		what: "no library",
		archive: vpo(METADATA),
		says: /library.db is missing/,
	},
	{
		what: "no metadata",
		archive: vpo(LIBRARY),
		says: /backup_metadata.json is missing/,
	},
	{
		what: "our metadata but no checksums",
		archive: ownMembers([OWN_METADATA, LIBRARY]),
		says: /SHA256SUMS is missing/,
	},
	{ what: "no members at all", archive: vpo(), says: /is missing/ },
];

const PAX: Refusal[] = [
	{ path: "/etc/passwd" },
	{ path: "../library.db" },
	{ linkpath: "/etc/passwd" },
	{ size: "-1" },
	{ size: "1e3" },
	{ size: "" },
	{ size: "99999999999999999" },
	{ mtime: "1", path: "x" },
	{ "GNU.sparse.major": "1", "GNU.sparse.minor": "0" },
	{ "GNU.sparse.map": "0,512,1024,512" },
	{ "GNU.sparse.name": "library.db", "GNU.sparse.realsize": "99999999" },
	{ "SCHILY.realsize": "5" },
	{ "": "x" },
	{ "a b": "x" },
].map((records) => ({
	what: `an extended header ${JSON.stringify(records)}`,
	archive: vpo(pax(records), LIBRARY, METADATA),
	says: /extended header/,
}));

const PAX_FORMS: Refusal[] = [
	{ what: "an empty one", body: "" },
	{ what: "one without a record", body: "garbage" },
	{ what: "one whose record lies of its length", body: "99 mtime=1\n" },
	{
		what: "one with a path inside of a time",
		body: `30 mtime=1.0${paxRecord("path", "evil.db")}`,
	},
	{ what: "one with something behind its record", body: "11 mtime=1\ngarbage" },
	{ what: "one that is not UTF-8 text", body: "\0\0\0\0" },
	{ what: "one of 8 KiB", body: paxRecord("mtime", "1".repeat(8192)) },
	{
		what: "one that says it has a negative size",
		body: "",
		size: base256(-512n),
	},
	{
		what: "one that says it has 4 EiB",
		body: "",
		size: base256(2n ** 62n),
	},
].map(({ what, ...fields }) => ({
	what: `an extended header: ${what}`,
	archive: vpo({ name: "PaxHeader", type: "x", ...fields }, LIBRARY, METADATA),
	says: /extended header|tar header|padding/,
}));

const PAX_PLACES: Refusal[] = [
	{
		what: "an extended header in place of the end",
		archive: vpo(LIBRARY, METADATA, pax({ mtime: "1" })),
		says: /extended header without a member/,
	},
	{
		what: "an extended header of an extended header",
		archive: vpo(pax({ mtime: "1" }), pax({ mtime: "1" }), LIBRARY, METADATA),
		says: /not a regular file/,
	},
	{
		what: "an extended header for all members",
		archive: vpo(pax({ path: "/etc/passwd" }, "g"), LIBRARY, METADATA),
		says: /not a regular file/,
	},
];

const real = library.byteLength;
const SIZES: Refusal[] = [
	{ what: "a negative size", size: base256(-1n), says: /size|tar header/ },
	{ what: "a very negative size", size: base256(-(2n ** 62n)), says: /header/ },
	{ what: "4 EiB", size: base256(2n ** 62n), says: /tar header/ },
	{ what: "1 PiB", size: base256(2n ** 50n), says: /size|too small/ },
	{ what: "8 GiB - 1", size: "77777777777\0", says: /size|too small/ },
	{ what: "a size of letters", size: "zzzzzzzzzzz\0", says: /size|too small/ },
	{
		what: "a size with a minus sign",
		size: "-0000000001\0",
		says: /size|too small/,
	},
	{
		what: "an empty size field",
		size: "\0".repeat(12),
		says: /size|too small/,
	},
	{ what: "no size at all", size: 0, says: /not a SQLite database/ },
	{ what: "a byte too few", size: real - 1, says: /size|too small/ },
	{ what: "a byte too many", size: real + 1, says: /size|too small/ },
	{ what: "a page too few", size: real - 512, says: /size|too small/ },
	{ what: "a page too many", size: real + 512, says: /size|too small/ },
].flatMap(({ what, size, says }) => [
	{
		what: `a library that says it has ${what}, before its metadata`,
		archive: vpo({ ...LIBRARY, size }, METADATA),
		says,
	},
	{
		what: `a library that says it has ${what}, after its metadata`,
		archive: ownMembers([OWN_METADATA, { ...LIBRARY, size }, SUMS]),
		says: /size|tar header|not a SQLite database/,
	},
]);

const METADATA_SIZES: Refusal[] = [
	{ size: 64 * 1024 + 1, says: /longer than 64 KiB/ },
	{ size: 10 * 1024 * 1024, says: /longer than 64 KiB/ },
	{ size: base256(2n ** 40n), says: /longer than 64 KiB/ },
	{ size: base256(-1n), says: /size/ },
	{ size: 0, says: /not JSON/ },
	{ size: 10, says: /padding|not JSON/ },
].map(({ size, says }) => ({
	what: `metadata that says it has ${JSON.stringify(size)} bytes`,
	archive: ownMembers([{ ...OWN_METADATA, size }, LIBRARY, SUMS]),
	says,
}));

const plain = tar([LIBRARY, METADATA]);
const ENDS: Refusal[] = [
	{ what: "no end", bytes: tar([LIBRARY, METADATA], new Uint8Array(0)) },
	{ what: "half an end", bytes: tar([LIBRARY, METADATA], new Uint8Array(512)) },
	{
		what: "a damaged end",
		bytes: tar([LIBRARY, METADATA], new Uint8Array(1024).fill(1, 600)),
	},
	{ what: "a byte behind the end", bytes: concat(plain, Uint8Array.of(1)) },
	{
		what: "a second archive behind the end",
		bytes: concat(plain, tar([LIBRARY, METADATA])),
	},
	{
		what: "an end in the middle",
		bytes: concat(tar([LIBRARY]), tarMember(METADATA), new Uint8Array(1024)),
	},
	{
		what: "something in the padding of a member",
		bytes: tar([LIBRARY, { ...METADATA, fill: 32 }]),
	},
	{
		what: "a header with a wrong checksum",
		bytes: tar([{ ...LIBRARY, isBroken: true }, METADATA]),
	},
	{ what: "no tar archive but text", bytes: new Uint8Array(2048).fill(65) },
	{ what: "a single byte", bytes: Uint8Array.of(0) },
	{ what: "nothing", bytes: new Uint8Array(0) },
	{ what: "another gzip file", bytes: gzip(plain) },
].map(({ what, bytes }) => ({
	what: `gzip around ${what}`,
	archive: gzip(bytes),
	says: /end|padding|header/,
}));

const REFUSALS: readonly Refusal[] = [
	...[...NAMES, ...PREFIXES, ...TYPES, ...LINKS, ...ORDER],
	...[...PAX, ...PAX_FORMS, ...PAX_PLACES],
	...[...SIZES, ...METADATA_SIZES, ...ENDS],
];

describe.each(REFUSALS)("an archive with $what", (refusal) => {
	test("is refused", () => target.expectRefused(refusal));
});

test.each(sample(REFUSALS, 16))(
	"the program refuses an archive with $what",
	({ archive, says }) =>
		target.expectProgramRefuses(target.write(archive), says),
);

const PYTHON_KINDS: readonly (readonly [kind: string, says: RegExp])[] = [
	["long-name-pax", /extended header/],
	["long-name-gnu", /not a regular file/],
	["long-link-gnu", /not a regular file/],
	["unicode-name", /extended header/],
	["pax-path", /extended header/],
	["pax-size", /not a SQLite database/],
	["pax-linkpath", /extended header/],
	["pax-global", /not a regular file/],
	["symlink", /not a regular file/],
	["hardlink", /not a regular file/],
	["fifo", /not a regular file/],
	["char-device", /not a regular file/],
	["block-device", /not a regular file/],
	["folder", /not a regular file/],
	["contiguous", /not a regular file/],
	["many-members", /does not belong there/],
];

describe("Python's tarfile", () => {
	const made = (kind: string): Bytes => {
		using home = new Home(null);
		return pythonArchive(kind, home.path, library, vpoMetadata(library));
	};

	test.each(PYTHON_KINDS)("%s is refused", (kind, says) =>
		target.expectProgramRefuses(target.write(made(kind)), says),
	);

	test.each([
		"vpo",
		"gnu",
		"ustar",
		"pax-comment",
		"pax-large-ids",
		"pax-long-names",
		"pax-foreign-names",
	])("%s is restored", async (kind) => {
		const { warnings } = await target.expectAccepted(made(kind), library);
		expect(warnings).toEqual([]);
	});
});

// The archives above would be restored if it were not for the one thing that is wrong with each.
test.each([
	{ what: "ours", archive: ownArchive(library, ownMetadata(library)) },
	{ what: "VPO's", archive: vpoArchive(library, vpoMetadata(library)) },
	{
		what: "ours member by member",
		archive: ownMembers([OWN_METADATA, LIBRARY, SUMS]),
	},
	{
		what: "one with a time in an extended header",
		archive: vpo(pax({ mtime: "1770301822.5" }), LIBRARY, METADATA),
	},
	{
		what: "one with its size in an extended header",
		archive: vpo(
			pax({ size: String(library.byteLength), "SCHILY.xattr.user.x": "1" }),
			{ ...LIBRARY, size: 0 },
			METADATA,
		),
	},
	{
		what: "one with the metadata first",
		archive: vpo(METADATA, LIBRARY),
	},
	{
		what: "one padded to 10 KiB, as tar does it",
		archive: gzip(tar([LIBRARY, METADATA], new Uint8Array(10_240))),
	},
])("$what, hand-made but right, is restored", async ({ archive }) => {
	const { warnings } = await target.expectAccepted(archive, library);
	expect(warnings).toEqual([]);
});
