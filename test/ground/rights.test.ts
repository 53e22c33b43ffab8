// A file that takes another's place lets the same users in as before: owner, group, mode and access control list.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	chmodSync,
	chownSync,
	linkSync,
	mkdirSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { attributes } from "../../src/ground/libc.ts";
import { keepAccess } from "../../src/ground/rights/access.ts";
import {
	modeWithoutList,
	POSIX_LIST,
	withoutGroup,
} from "../../src/ground/rights/lists.ts";
import { requireRoot } from "../helpers/mounts.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { inShell } from "../helpers/shell.ts";
import { succeed } from "../helpers/state.ts";

const USER = 41_207;
const OTHER = 41_208;
const GROUP = 41_300;

let home: Home;
let folder: string;
let older: string;
let newer: string;

beforeEach(() => {
	requireRoot("it makes files of other users");
	home = new Home();
	folder = home.at("folder");
	mkdirSync(folder);
	older = home.at("folder", "old");
	newer = home.at("folder", "new");
	writeFileSync(older, "");
	chownSync(older, USER, GROUP);
	chmodSync(older, 0o640);
});
afterEach(() => home[Symbol.dispose]());

function makeNew(): void {
	writeFileSync(newer, "", { mode: 0o600 });
}

function listOf(path: string): string {
	return succeed(["getfacl", "--numeric", "--omit-header", "-p", path]);
}

function canRead(uid: number, gid: number, path: string): boolean {
	const ids = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
	return Bun.spawnSync(["setpriv", ...ids, "head", "-c1", path]).success;
}

describe("the new file gets", () => {
	test("the owner, the group and the mode of the old one", async () => {
		makeNew();
		expect(await keepAccess(newer, older)).toEqual([]);
		const { uid, gid, mode } = statSync(newer);
		expect([uid, gid, mode & 0o7777]).toEqual([USER, GROUP, 0o640]);
	});

	test("its access control list", async () => {
		succeed(["setfacl", "-m", `u:${OTHER}:rw,g::---`, older]);
		makeNew();
		expect(await keepAccess(newer, older)).toEqual([]);
		expect(listOf(newer)).toBe(listOf(older));
		expect(statSync(newer).mode).toBe(statSync(older).mode);
		chmodSync(home.path, 0o755);
		expect(canRead(OTHER, OTHER, newer)).toBe(true);
		expect(canRead(OTHER + 1, GROUP, newer)).toBe(false);
	});

	test("no list that its folder gives to new files", async () => {
		succeed(["setfacl", "-d", "-m", `u:${OTHER}:rw`, folder]);
		makeNew();
		expect(listOf(newer)).toContain(`user:${OTHER}:`);
		expect(await keepAccess(newer, older)).toEqual([]);
		expect(listOf(newer)).toBe(listOf(older));
		expect(listOf(newer)).not.toContain(`${OTHER}`);
	});

	test("mode 0600 where there was none", async () => {
		rmSync(older);
		succeed(["setfacl", "-d", "-m", `u:${OTHER}:rw`, folder]);
		makeNew();
		chmodSync(newer, 0o666);
		expect(await keepAccess(newer, older)).toEqual([]);
		expect(statSync(newer).mode & 0o7777).toBe(0o600);
	});
});

describe("a new file that somebody has exchanged is left as it is", () => {
	test.each([
		["a link", symlinkSync],
		["another name of a file", linkSync],
	])("%s", async (_, make) => {
		const victim = home.at("victim");
		writeFileSync(victim, "");
		chmodSync(victim, 0o600);
		make(victim, newer);
		await expect(keepAccess(newer, older)).rejects.toMatchObject({
			code: "OPERATION_FAILED",
		});
		const { uid, mode } = statSync(victim);
		expect([uid, mode & 0o7777]).toEqual([0, 0o600]);
	});
});

describe("where a list can't be kept", () => {
	async function listIn(rules: string, mode: number) {
		chmodSync(older, mode);
		succeed(["setfacl", "-m", rules, older]);
		const list = (await attributes()).ofFile(older, POSIX_LIST);
		if (list === null) throw new Error("there is no list");
		return { list, mode: statSync(older).mode & 0o777 };
	}

	test.each([
		[
			"the group gets no more than its own part of it",
			"u:1:rw,g::r",
			0o660,
			0o640,
		],
		[
			"nobody gets what somebody in it is denied",
			"u:1:-,g::rw,o::r",
			0o664,
			0o600,
		],
		["nobody gets what its mask denies", "g:1:rw,g::rw,m::-", 0o660, 0o600],
	])("%s", async (_, rules, mode, expected) => {
		const found = await listIn(rules, mode);
		const narrowed = modeWithoutList(found.mode, found.list);
		expect(narrowed.toString(8)).toBe(expected.toString(8));
	});

	test("a group that can't be kept has no part in it", async () => {
		const { list } = await listIn(`u:${OTHER}:rw,g::rw`, 0o660);
		makeNew();
		await using file = await open(newer, "r");
		(await attributes()).set(file.fd, POSIX_LIST, withoutGroup(list));
		expect(listOf(newer)).toContain("group::---");
		expect(listOf(newer)).toContain(`user:${OTHER}:rw-`);
	});
});

describe("a restore in a damaged library's place", () => {
	const RESTORE = ["library", "restore", "--yes", "latest"];
	const ids = `--reuid=${USER} --regid=${USER} --clear-groups`;
	const asUser = inShell(binary, `exec setpriv ${ids} "$@"`);

	beforeEach(async () => {
		chmodSync(home.path, 0o755);
		expect((await run(binary, home, ["library", "backup"])).exitCode).toBe(0);
		writeFileSync(home.library, "no library at all");
		chmodSync(home.library, 0o660);
		succeed(["chown", "-R", `${USER}:${USER}`, home.at(".vpo")]);
	});

	test("as root: it keeps the list", async () => {
		succeed(["setfacl", "-m", `u:${OTHER}:rw`, home.library]);
		const before = listOf(home.library);
		const { exitCode, stderr } = await run(binary, home, RESTORE);
		expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
		expect(listOf(home.library)).toBe(before);
		expect(statSync(home.library).uid).toBe(USER);
	});

	test("a group that the user is not in loses access, with a warning", async () => {
		chownSync(home.library, USER, GROUP);
		const dry = [...RESTORE.slice(0, 2), "--dry-run", "latest"];
		expect((await run(asUser, home, dry)).exitCode).toBe(0);
		const { exitCode, json } = await runJson(asUser, home, RESTORE);
		expect(exitCode).toBe(0);
		expect(json.warnings).toEqual([
			`${home.library}: its group (gid ${GROUP}) can't be kept, and loses access`,
		]);
		const { uid, gid, mode } = statSync(home.library);
		expect([uid, gid, mode & 0o7777]).toEqual([USER, USER, 0o600]);
	});

	test("another owner is none that a user could give it to: refused before the question", async () => {
		chownSync(home.library, OTHER, USER);
		for (const args of [RESTORE, [...RESTORE, "--dry-run"]]) {
			const { exitCode, json } = await runJson(asUser, home, args);
			expect(exitCode).toBe(40);
			expect(json.error).toBe(
				`cannot keep the owner of ${home.library} (uid ${OTHER}, gid ${USER})`,
			);
		}
		expect(statSync(home.library).uid).toBe(OTHER);
	});
});
