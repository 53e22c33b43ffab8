// A file is recognised by its first bytes: gzip passes, anything else is named.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import {
	archiveAt,
	requireSupportedFormat,
} from "../../../src/core/archive/source.ts";
import { gzip, tar } from "../../helpers/hostile.ts";
import { Home } from "../../helpers/program.ts";

let home: Home;
beforeAll(() => {
	home = new Home(null);
});
afterAll(() => home[Symbol.dispose]());

function given(content: string | Uint8Array): string {
	const path = home.at("given.tar.gz");
	writeFileSync(path, content);
	return path;
}

async function requireSupported(path: string): Promise<void> {
	await requireSupportedFormat(await archiveAt(path));
}

const latin1 = (text: string) => Buffer.from(text, "latin1");

describe.each([
	["ZIP", latin1("PK\x03\x04rest"), "this is a ZIP archive"],
	["empty ZIP", latin1("PK\x05\x06rest"), "this is an empty ZIP archive"],
	["xz", latin1("\xfd7zXZ\0rest"), "this is an xz archive"],
	["zstd", Bun.zstdCompressSync("x"), "this is a zstd archive"],
	["bzip2", latin1("BZh91AY"), "this is a bzip2 archive"],
	["7z", latin1("7z\xbc\xaf\x27\x1c"), "this is a 7z archive"],
	["RAR", latin1("Rar!\x1a\x07\0"), "this is a RAR archive"],
	["lz4", latin1("\x04\x22\x4d\x18"), "this is an lz4 archive"],
	["lzip", latin1("LZIP\x01"), "this is an lzip archive"],
	["compress", latin1("\x1f\x9d\x90"), "this is a compress (.Z) archive"],
	["tar", tar([{ name: "x" }]), "this is an uncompressed tar archive"],
	["SQLite", latin1("SQLite format 3\0rest"), "this is a SQLite database"],
	["nothing", "", "the file is empty"],
	["a short text", "x", "this is no archive that vpo knows"],
	["a long text", "x".repeat(5000), "this is no archive that vpo knows"],
	["half of gzip's magic", latin1("\x1f"), "no archive that vpo knows"],
])("%s", (_, content, says) => {
	test("is refused by its name", async () => {
		const path = given(content);
		await expect(requireSupported(path)).rejects.toMatchObject({
			code: "INVALID_ARCHIVE",
			message: expect.stringContaining(says),
		});
		await expect(requireSupported(path)).rejects.toThrow(path);
	});
});

test("gzip passes, also through a link and whatever it is called", async () => {
	await requireSupported(given(gzip(new Uint8Array(1))));
	writeFileSync(home.at("x.zip"), gzip(new Uint8Array(1)));
	symlinkSync(home.at("x.zip"), home.at("link"));
	await requireSupported(home.at("link"));
});

test("a folder is refused", async () => {
	mkdirSync(home.at("folder.tar.gz"));
	const looking = requireSupported(home.at("folder.tar.gz"));
	await expect(looking).rejects.toMatchObject({
		code: "INVALID_ARCHIVE",
		message: expect.stringContaining("this is a folder"),
	});
});

test.each(["missing.tar.gz", "given.tar.gz/below.tar.gz"])(
	"%s is not found",
	async (name) => {
		given("x");
		const looking = requireSupported(home.at(name));
		await expect(looking).rejects.toMatchObject({ code: "NOT_FOUND" });
	},
);
