// One file replaces another: owner and mode stay, journals never meet the wrong file, and it can be taken back.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	chmodSync,
	chownSync,
	existsSync,
	readFileSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { prepareSwap, swapIn } from "../../../src/core/restore/swap.ts";
import { makeScratch, type Scratch } from "../../../src/ground/scratch.ts";
import { requireRoot } from "../../helpers/mounts.ts";
import { OTHER_USER } from "../../helpers/peer.ts";
import { Home } from "../../helpers/program.ts";

let home: Home;
let scratch: Scratch;
let library: string;
let candidate: string;

beforeEach(async () => {
	home = new Home(null);
	library = home.library;
	scratch = await makeScratch(home.at(".vpo"));
	candidate = join(scratch.path, "library.db");
	writeFileSync(candidate, "new", { mode: 0o644 });
});
afterEach(() => home[Symbol.dispose]());

function text(path: string): string {
	return readFileSync(path, "utf8");
}

function ownerOf(path: string): string {
	const { uid, gid, mode } = statSync(path);
	return `${uid}:${gid} ${(mode & 0o777).toString(8)}`;
}

describe("before the swap the new file", () => {
	test("gets the owner, group and mode of the library", async () => {
		requireRoot("it gives files to other users");
		writeFileSync(library, "old");
		chownSync(library, OTHER_USER, 12);
		chmodSync(library, 0o640);
		await prepareSwap(candidate, library);
		expect(ownerOf(candidate)).toBe(`${OTHER_USER}:12 640`);
	});

	test("gets those of the folder's owner where there is no library, for nobody else to read", async () => {
		requireRoot("it gives folders to other users");
		chownSync(home.at(".vpo"), OTHER_USER, 12);
		await prepareSwap(candidate, library);
		expect(ownerOf(candidate)).toBe(`${OTHER_USER}:12 600`);
	});

	test("gets a folder to go to", async () => {
		await prepareSwap(candidate, home.at("a", "b", "library.db"));
		expect(ownerOf(home.at("a", "b"))).toEndWith(" 700");
	});
});

describe("the swap", () => {
	test("puts the new file in the old one's place, and its journals away", async () => {
		writeFileSync(library, "old");
		for (const end of ["-wal", "-shm", "-journal"]) {
			writeFileSync(library + end, "old");
		}
		await swapIn(candidate, library, scratch);
		expect(text(library)).toBe("new");
		for (const end of ["-wal", "-shm", "-journal"]) {
			expect(existsSync(library + end)).toBe(false);
		}
	});

	test("is taken back with what a reader left beside the new file", async () => {
		writeFileSync(library, "old");
		const { undo } = await swapIn(candidate, library, scratch);
		writeFileSync(`${library}-wal`, "of the new one");
		expect(await undo()).toBe(true);
		expect(text(library)).toBe("old");
		expect(existsSync(`${library}-wal`)).toBe(false);
	});

	test("can't be taken back where the old file could not be kept, and says so", async () => {
		writeFileSync(library, "old");
		writeFileSync(join(scratch.path, "replaced.db"), "in the way");
		const { undo } = await swapIn(candidate, library, scratch);
		expect(await undo()).toBe(false);
		expect(text(library)).toBe("new");
	});

	test("puts a file where there was none, and takes away what was its -wal", async () => {
		writeFileSync(`${library}-wal`, "of nobody");
		const { undo } = await swapIn(candidate, library, scratch);
		expect(text(library)).toBe("new");
		expect(existsSync(`${library}-wal`)).toBe(false);
		expect(await undo()).toBe(false);
	});

	test("that fails leaves the old file", async () => {
		writeFileSync(library, "old");
		const nowhere = join(scratch.path, "nowhere.db");
		const failed = swapIn(nowhere, library, scratch);
		expect(await failed.catch((error) => error.code)).toBe("OPERATION_FAILED");
		expect(text(library)).toBe("old");
	});
});
