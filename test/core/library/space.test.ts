// Room for what is about to be written: summed up by file system, and the tightest one decides.

import { describe, expect, test } from "bun:test";
import { chmodSync, statfsSync } from "node:fs";
import {
	chooseScratchFolder,
	lackOfSpace,
	measureSpace,
	requireSpace,
} from "../../../src/core/library/space.ts";
import { AppError } from "../../../src/ground/errors.ts";
import { resolveSettings } from "../../../src/ground/settings.ts";
import { Mount } from "../../helpers/mounts.ts";
import { Home } from "../../helpers/program.ts";

const MIB = 1024 * 1024;

describe("the space for several needs", () => {
	test("is their sum on one file system", async () => {
		using small = Mount.tmpfs(4 * MIB);
		const needs = [
			{ folder: small.path, bytes: MIB },
			{ folder: small.at("made", "later"), bytes: 2 * MIB },
		];
		expect(await measureSpace(needs)).toMatchObject({
			requiredBytes: 3 * MIB,
			freeBytes: 4 * MIB,
		});
	});

	test("is that of the tightest of several file systems", async () => {
		using small = Mount.tmpfs(MIB);
		using large = Mount.tmpfs(64 * MIB);
		const needs = [
			{ folder: large.path, bytes: 2 * MIB },
			{ folder: small.path, bytes: 2 * MIB },
		];
		for (const order of [needs, needs.toReversed()]) {
			expect(await measureSpace(order)).toEqual({
				folder: small.path,
				requiredBytes: 2 * MIB,
				freeBytes: MIB,
			});
		}
	});

	test("is what is free for us, not what root keeps for itself", async () => {
		using home = new Home(null);
		const { bavail, frsize } = statfsSync(home.path);
		const { freeBytes } = await measureSpace([{ folder: home.path, bytes: 1 }]);
		expect(Math.abs(Number(freeBytes) - bavail * frsize)).toBeLessThan(
			1024 * MIB,
		);
	});
});

test("enough is enough to the byte, and a byte less is not", () => {
	const space = { folder: "/f", requiredBytes: 1000, freeBytes: 1000 };
	expect(lackOfSpace(space)).toBeNull();
	requireSpace(space);
	const lack = { ...space, freeBytes: 999 };
	expect(lackOfSpace(lack)).toBe(
		"not enough space in /f: 1.0 KB needed, 999 B free",
	);
	expect(() => requireSpace(lack)).toThrow(AppError);
});

describe("the scratch folder", () => {
	const settings = (tempDir?: string) =>
		resolveSettings({}, { HOME: "/nowhere", VPO_TEMP_DIR: tempDir });

	test("is the one that was chosen, else beside the library", async () => {
		using home = new Home();
		const choose = async (tempDir?: string) =>
			chooseScratchFolder(await settings(tempDir), home.library, "/output");
		expect(await choose("/chosen")).toBe("/chosen");
		expect(await choose()).toBe(home.at(".vpo"));
	});

	test("is at the output where nobody may write beside the library", async () => {
		using home = new Home();
		chmodSync(home.at(".vpo"), 0o500);
		using mount = Mount.readOnly(home.at(".vpo"));
		const library = mount.at("library.db");
		const chosen = await chooseScratchFolder(
			await settings(),
			library,
			"/output",
		);
		expect(chosen).toBe("/output");
	});
});
