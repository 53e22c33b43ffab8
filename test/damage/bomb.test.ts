// Archives that would fill memory, disk or time. The compiled program ends soon, small and clean.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	mkdirSync,
	rmSync,
	statfsSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import {
	type Bytes,
	base256,
	concat,
	gzip,
	jsonText,
	makeLibrary,
	noise,
	OWN_HEADER,
	ownArchive,
	ownGzip,
	ownMembers,
	ownMetadata,
	repeat,
	rewriteLibrary,
	tar,
	tarMember,
	vpoMetadata,
} from "../helpers/hostile.ts";
import { Home } from "../helpers/program.ts";
import { Target } from "../helpers/refusal.ts";
import { tree } from "../helpers/state.ts";

const MIB = 1024 * 1024;
/** What the program takes to start, to check a small library, and for its buffers. */
const MOST_MEMORY_BYTES = 200 * MIB;
const MOST_MILLISECONDS = 10_000;

let target: Target;
beforeAll(() => {
	target = new Target();
});
afterAll(() => target[Symbol.dispose]());

const library = (() => {
	using home = new Home(null);
	return makeLibrary(home.path);
})();

/** A gzip stream of `mebibytes` of zeros behind `start`. */
function zeros(start: Bytes, mebibytes: number): Bytes {
	const zero = gzip(new Uint8Array(8 * MIB), 1);
	return concat(gzip(start, 1), repeat(zero, mebibytes / 8));
}

/** The same in members that begin as ours do. */
function ownZeros(start: readonly Bytes[], mebibytes: number): Bytes {
	const zero = ownGzip(new Uint8Array(MIB));
	return concat(ownGzip(...start), repeat(zero, mebibytes));
}

const GIB_SIZE = 1024 * MIB;
/** A header that says 64 KiB pages, so many. */
function header(pages: number): Bytes {
	const page = new Uint8Array(library.subarray(0, 512));
	const view = new DataView(page.buffer);
	view.setUint16(16, 1);
	view.setUint32(28, pages);
	return page;
}
const metadata = (database_size_bytes: number) => ({
	name: "backup_metadata.json",
	body: jsonText(ownMetadata(library, { database_size_bytes })),
});
const startOf = (name: string, size: number, body: Bytes) =>
	tarMember({ name, size, body }).subarray(0, 512 + body.byteLength);

const SCHEMA = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET ";
const OTHER = [
	"CREATE TABLE other (a INTEGER)",
	"CREATE INDEX partial ON other (a) WHERE a > 0",
	"INSERT INTO other VALUES (1), (2), (3)",
];

/** A library whose index holds only the rows of which this is true. */
function indexed(expression: string): Bytes {
	return rewritten(
		`sql = 'CREATE INDEX partial ON other (a) WHERE ${expression}' WHERE name = 'partial'`,
	);
}

function checked(expression: string): Bytes {
	return rewritten(
		`sql = 'CREATE TABLE other (a INTEGER CHECK (${expression}))' WHERE name = 'other'`,
	);
}

function rewritten(change: string): Bytes {
	using home = new Home(null);
	const sound = makeLibrary(home.path, { sql: OTHER });
	return rewriteLibrary(home.path, sound, `${SCHEMA}${change}`);
}

function archiveOf(hostile: Bytes): Bytes {
	return ownArchive(hostile, ownMetadata(hostile));
}

const BOMBS: readonly (readonly [what: string, make: () => Bytes])[] = [
	[
		"1 GiB of zeros in place of the library",
		() => zeros(startOf("library.db", GIB_SIZE, new Uint8Array(512)), 1024),
	],
	[
		"1 GiB of zeros in place of our library",
		() =>
			ownZeros(
				[
					tarMember(metadata(GIB_SIZE)),
					startOf("library.db", GIB_SIZE, new Uint8Array(512)),
				],
				1024,
			),
	],
	[
		"256 MiB that say they are a library, and are zeros",
		() => zeros(startOf("library.db", 256 * MIB, header(4096)), 256),
	],
	[
		"256 MiB that say they are a library of ours, and are zeros",
		() =>
			ownZeros(
				[
					tarMember(metadata(256 * MIB)),
					startOf("library.db", 256 * MIB, header(4096)),
				],
				256,
			),
	],
	[
		"1 GiB of metadata",
		() => zeros(startOf("backup_metadata.json", GIB_SIZE, header(1)), 1024),
	],
	[
		"1 GiB of checksums",
		() => zeros(startOf("SHA256SUMS", GIB_SIZE, header(1)), 1024),
	],
	[
		"1 GiB of an extended header",
		() =>
			zeros(
				tarMember({ name: "x", type: "x", size: GIB_SIZE }).subarray(0, 512),
				1024,
			),
	],
	[
		"8 GiB of zeros behind its end",
		() =>
			zeros(
				tar([
					{ name: "library.db", body: library },
					{
						name: "backup_metadata.json",
						body: jsonText(vpoMetadata(library)),
					},
				]),
				8192,
			),
	],
	[
		"8 GiB of zeros behind the end of ours",
		() => {
			const zero = ownGzip(new Uint8Array(MIB));
			const whole = ownArchive(library, ownMetadata(library));
			return concat(whole, repeat(zero, 8192));
		},
	],
	[
		"128 MiB in a member of ours that never ends",
		() => concat(OWN_HEADER, repeat(noise(MIB), 128)),
	],
	["1 GiB in one member of ours", () => ownGzip(new Uint8Array(GIB_SIZE))],
	[
		"a million members of ours with nothing in them",
		() => repeat(ownGzip(new Uint8Array(0)), 1_000_000),
	],
	[
		"hundreds of thousands of members of ours of one byte each",
		() => repeat(ownGzip(new Uint8Array(1)), 300_000),
	],
	[
		"a partial index whose expression takes gigabytes",
		() =>
			archiveOf(
				indexed("hex(zeroblob(900000000 + a)) > hex(zeroblob(900000000 - a))"),
			),
	],
	[
		"a constraint whose expression takes gigabytes",
		() =>
			archiveOf(
				checked(
					"length(hex(zeroblob(900000000 + a)) || hex(zeroblob(900000000 - a))) > a",
				),
			),
	],
	["a million headers of members of ours", () => repeat(OWN_HEADER, 1_000_000)],
	[
		"a million members of others with nothing in them",
		() => repeat(gzip(new Uint8Array(0)), 1_000_000),
	],
];

describe.each(BOMBS)("an archive with %s", (_, make) => {
	test("is refused soon, in little memory, and leaves nothing", async () => {
		const path = target.write(make(), "bomb.tar.gz");
		const before = tree(target.home.path);
		const args = ["library", "restore", "--yes", path];
		const used = await target.measure(args);
		expect(used.exitCode).toBe(46);
		expect(tree(target.home.path)).toEqual(before);
		expect(used.memoryBytes).toBeLessThan(MOST_MEMORY_BYTES);
		expect(used.milliseconds).toBeLessThan(MOST_MILLISECONDS);
	}, 60_000);
});

test.each([2 ** 52, 10 * 2 ** 40])(
	"a library that says it has %d bytes, more than its archive can hold, is refused before space is asked for",
	async (least) => {
		const pages = Math.min(Math.ceil(least / 65_536), 2 ** 32 - 1);
		const size = Math.ceil(least / 65_536) * 65_536;
		const head = header(pages);
		head.fill(0, 24, 28); // SQLite then takes the file's size
		const archive = ownMembers([
			metadata(size),
			{ name: "library.db", size: base256(BigInt(size)), body: head },
		]);
		await target.expectProgramRefuses(target.write(archive), /too small/);
	},
);

test("a library that is larger than what is free, and may be in the archive, lacks space before a byte of it is written", async () => {
	const { bavail, bsize } = statfsSync(target.home.path);
	const pages = Math.ceil((bavail * bsize) / 65_536) + 10_000;
	const size = pages * 65_536;
	const start = tarMember({
		name: "library.db",
		size: base256(BigInt(size)),
		body: header(pages),
	});
	const path = target.write(gzip(start));
	truncateSync(path, Math.ceil(size / 1000)); // a hole: nothing of it is read
	const { exitCode, stderr } = await target.run([
		"library",
		"restore",
		"--yes",
		path,
	]);
	expect({ exitCode, stderr }).toMatchObject({ exitCode: 44 });
	expect(stderr).toContain("not enough space");
	rmSync(path);
});

test("10,000 members of a known name are refused at the second", async () => {
	const members = Array.from({ length: 10_000 }, () => metadata(2048));
	writeFileSync(target.home.at("many.tar.gz"), gzip(tar(members)));
	await target.expectProgramRefuses(
		target.home.at("many.tar.gz"),
		/"backup_metadata.json" does not belong there/,
	);
});

describe("hundreds of planted files, each a bomb", () => {
	const planted = () => ownZeros([tarMember(metadata(GIB_SIZE))], 64);
	const one = concat(ownGzip(new Uint8Array(64 * MIB)), planted());

	test.each([["backups"], ["backup"], ["check"]])(
		"%s takes little memory and time for them",
		async (command) => {
			mkdirSync(target.home.backups, { recursive: true });
			for (let at = 0; at < 300; at++) {
				const second = String(at % 60).padStart(2, "0");
				const minute = String(Math.floor(at / 60)).padStart(2, "0");
				const name = `vpo-library-2026-02-05T14${minute}${second}Z.tar.gz`;
				writeFileSync(`${target.home.backups}/${name}`, one);
			}
			const used = await target.measure(["library", command]);
			expect(used.memoryBytes).toBeLessThan(MOST_MEMORY_BYTES);
			expect(used.milliseconds).toBeLessThan(MOST_MILLISECONDS);
			rmSync(target.home.backups, { recursive: true });
		},
		60_000,
	);
});
