// Files that are no archives of ours, whatever their name says: recognised by content, refused at once, never waited for.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { contentOf } from "../helpers/content.ts";
import {
	type Bytes,
	concat,
	gzip,
	makeLibrary,
	ownArchive,
	ownMetadata,
	tar,
	vpoMetadata,
} from "../helpers/hostile.ts";
import { Home } from "../helpers/program.ts";
import { Target } from "../helpers/refusal.ts";
import { succeed } from "../helpers/state.ts";

let target: Target;
beforeAll(() => {
	target = new Target();
});
afterAll(() => target[Symbol.dispose]());

const library = (() => {
	using home = new Home(null);
	return makeLibrary(home.path);
})();
const plainTar = tar([
	{ name: "library.db", body: library },
	{
		name: "backup_metadata.json",
		body: JSON.stringify(vpoMetadata(library)),
	},
]);

/** What a program that packs files makes of the library. */
function packed(command: string): Bytes {
	using home = new Home(null);
	writeFileSync(home.at("library.db"), library);
	return new Uint8Array(
		Buffer.from(
			succeed(["sh", "-c", `${command} | base64 -w 0`], home.path),
			"base64",
		),
	);
}

function magic(...bytes: readonly number[]): Bytes {
	return concat(Uint8Array.from(bytes), new Uint8Array(1000).fill(7));
}

const PYTHON_ZIP =
	"python3 -c \"import sys, zipfile, io; b = io.BytesIO(); z = zipfile.ZipFile(b, 'w'); z.write('library.db'); z.close(); sys.stdout.buffer.write(b.getvalue())\"";
const python = (module: string) =>
	`python3 -c "import sys, ${module}; sys.stdout.buffer.write(${module}.compress(open('library.db', 'rb').read()))"`;

describe.each([
	["a ZIP archive", packed(PYTHON_ZIP), /this is a ZIP archive/],
	["an empty ZIP archive", magic(0x50, 0x4b, 5, 6), /empty ZIP archive/],
	["an xz archive", packed(python("lzma")), /this is an xz archive/],
	["a bzip2 archive", packed(python("bz2")), /this is a bzip2 archive/],
	[
		"a zstd archive",
		new Uint8Array(Bun.zstdCompressSync(library)),
		/this is a zstd archive/,
	],
	[
		"a 7z archive",
		magic(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c),
		/this is a 7z archive/,
	],
	[
		"a RAR archive",
		magic(0x52, 0x61, 0x72, 0x21, 0x1a, 7, 1, 0),
		/this is a RAR archive/,
	],
	["an lz4 archive", magic(4, 0x22, 0x4d, 0x18), /this is an lz4 archive/],
	["a plain tar archive", plainTar, /this is an uncompressed tar archive/],
	["a raw library", library, /this is a SQLite database, not an archive/],
	["an empty file", new Uint8Array(0), /the file is empty/],
	["a single byte", Uint8Array.of(31), /no archive that vpo knows/],
	["text", magic(0x68, 0x65, 0x6c, 0x6c, 0x6f), /no archive that vpo knows/],
	["zeros", new Uint8Array(20_000), /no archive that vpo knows/],
	["the first two bytes of gzip", Uint8Array.of(31, 139), /incomplete/],
	["a gzip file of nothing", gzip(new Uint8Array(0)), /incomplete/],
	["a gzip file of a library", gzip(library), /damaged tar header/],
	["a gzip file of a gzip file", gzip(gzip(plainTar)), /tar header|incomplete/],
	["a gzip file of text", gzip(magic(0x68, 0x65)), /damaged tar header/],
	[
		"a gzip file of a photo archive",
		gzip(tar([{ name: "photo.jpg", body: "x" }])),
		/"photo.jpg" does not belong there/,
	],
])("%s named .tar.gz", (_, bytes, says) => {
	test("is refused by its content", async () => {
		await target.expectRefused({ archive: bytes, says });
		await target.expectProgramRefuses(target.write(bytes), says);
	});
});

describe("a thing named .tar.gz that is no file", () => {
	const at = (name: string) => target.home.at(name);

	test("a folder is refused", async () => {
		mkdirSync(at("folder.tar.gz"));
		await target.expectProgramRefuses(at("folder.tar.gz"), /this is a folder/);
	});

	test("a pipe is refused at once, though nobody writes to it", async () => {
		succeed(["mkfifo", at("pipe.tar.gz")]);
		const says = /this is not a regular file/;
		await target.expectProgramRefuses(at("pipe.tar.gz"), says);
		symlinkSync(at("pipe.tar.gz"), at("to-pipe.tar.gz"));
		await target.expectProgramRefuses(at("to-pipe.tar.gz"), says);
	});

	test("a device is refused, and not read", async () => {
		symlinkSync("/dev/zero", at("zero.tar.gz"));
		const says = /this is not a regular file/;
		await target.expectProgramRefuses(at("zero.tar.gz"), says);
	});

	test("a link to nowhere is not found", async () => {
		symlinkSync(at("nowhere"), at("dangling.tar.gz"));
		const args = ["library", "restore", "--yes", at("dangling.tar.gz")];
		expect(await target.run(args)).toMatchObject({ exitCode: 20 });
	});

	test("a link in a circle can't be read", async () => {
		symlinkSync(at("circle.tar.gz"), at("circle.tar.gz"));
		const args = ["library", "restore", "--yes", at("circle.tar.gz")];
		const { exitCode, stderr } = await target.run(args);
		expect({ exitCode, stderr }).toMatchObject({ exitCode: 40 });
	});
});

test("an archive is restored through links and whatever its name", async () => {
	const archive = ownArchive(library, ownMetadata(library));
	target.write(archive, "no-archive.zip");
	symlinkSync(target.home.at("no-archive.zip"), target.home.at("link"));
	for (const name of ["no-archive.zip", "link"]) {
		const args = ["library", "restore", "--yes", target.home.at(name)];
		expect(await target.run(args)).toMatchObject({ exitCode: 0 });
	}
	const wanted = target.write(library, "wanted.db");
	expect(contentOf(target.home.library)).toEqual(contentOf(wanted));
});
