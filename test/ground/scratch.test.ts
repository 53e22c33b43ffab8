// Scratch folders: private, gone at the end, and those of killed runs removed by the next one only.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	chownSync,
	existsSync,
	mkdirSync,
	readdirSync,
	renameSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeScratch, removeLeftovers } from "../../src/ground/scratch.ts";
import { startHolder } from "../helpers/holder.ts";
import { Home } from "../helpers/program.ts";

const DAY_MS = 24 * 3600 * 1000;

let home: Home;
beforeEach(() => {
	home = new Home(null);
});
afterEach(() => home[Symbol.dispose]());

/** A scratch folder with a file in it as a killed process leaves it, its name changed. */
async function leave(
	rename: (owner: readonly string[]) => readonly string[] = (owner) => owner,
): Promise<string> {
	const holder = await startHolder(home.path);
	await holder.kill();
	const owner = holder.path.slice(home.at(".vpo-scratch-").length);
	const changed = holder.path.replace(
		owner,
		rename(owner.split("-")).join("-"),
	);
	renameSync(holder.path, changed);
	writeFileSync(join(changed, "snapshot.db"), "half a library");
	return changed;
}

/** The same as one that could not be locked leaves it. */
async function leaveUnlocked(
	rename: (owner: readonly string[]) => readonly string[],
): Promise<string> {
	const left = await leave(rename);
	rmSync(join(left, "lock"));
	return left;
}

function age(path: string, ms: number): void {
	const then = new Date(Date.now() - ms);
	utimesSync(path, then, then);
}

test("a scratch folder is private from the first moment on, and gone with all it holds", async () => {
	const before = process.umask(0);
	let path = "";
	{
		await using scratch = await makeScratch(home.path);
		process.umask(before);
		path = scratch.path;
		expect(statSync(path).mode & 0o777).toBe(0o700);
		mkdirSync(join(path, "folder"));
		writeFileSync(join(path, "folder", "file"), "");
	}
	expect(existsSync(path)).toBe(false);
});

test("two of one process are two", async () => {
	await using one = await makeScratch(home.path);
	await using other = await makeScratch(home.path);
	expect(one.path).not.toBe(other.path);
	expect(existsSync(one.path)).toBe(true);
});

test("that of a process that has ended is removed by the next", async () => {
	const left = await leave();
	await using _ = await makeScratch(home.path);
	expect(existsSync(left)).toBe(false);
});

test("that of a living process is left alone, however old it is, whatever its number says", async () => {
	const holder = await startHolder(home.path);
	age(holder.path, 30 * DAY_MS);
	const otherNamespace = holder.path.replace(
		/-\d+-\d+-([0-9a-f]{8})[0-9a-f]{8}-/,
		"-1-2-$1ffffffff-",
	);
	renameSync(holder.path, otherNamespace);
	await removeLeftovers(home.path);
	expect(existsSync(otherNamespace)).toBe(true);
	await holder.kill();
	await removeLeftovers(home.path);
	expect(existsSync(otherNamespace)).toBe(false);
});

describe("without a lock", () => {
	test("that of a process that has ended is removed", async () => {
		const left = await leaveUnlocked((owner) => owner);
		await removeLeftovers(home.path);
		expect(existsSync(left)).toBe(false);
	});

	test("that of a process whose number another one has by now is removed", async () => {
		const left = await leaveUnlocked(([, started, ...rest]) => [
			String(process.pid),
			String(Number(started) - 1),
			...rest,
		]);
		await removeLeftovers(home.path);
		expect(existsSync(left)).toBe(false);
	});

	test.each([
		["machine", "0badcafe00000000"],
		["container", null],
	])("that of another %s is left alone for a day", async (_, foreign) => {
		const left = await leaveUnlocked(([pid, started, realm = "", random]) =>
			[pid, started, foreign ?? `${realm.slice(0, 8)}ffffffff`, random].map(
				String,
			),
		);
		age(left, DAY_MS - 60_000);
		await removeLeftovers(home.path);
		expect(existsSync(left)).toBe(true);
		age(left, DAY_MS + 60_000);
		await removeLeftovers(home.path);
		expect(existsSync(left)).toBe(false);
	});
});

test("a lock that only another machine sees frees nothing here", async () => {
	const left = await leave(([pid, started, , random]) =>
		[pid, started, "0badcafe00000000", random].map(String),
	);
	await removeLeftovers(home.path);
	expect(existsSync(left)).toBe(true);
});

test("another user's is never removed, however old it is", async () => {
	const left = await leave();
	chownSync(left, 41_209, 41_209);
	age(left, 30 * DAY_MS);
	await removeLeftovers(home.path);
	expect(existsSync(left)).toBe(true);
});

test("what is not called as ours are is never removed, however old it is", async () => {
	const names = [
		".vpo-scratch",
		".vpo-scratch-",
		".vpo-scratch-films",
		".vpo-scratch-1-2-3-4",
		".vpo-scratch-12-345-0badcafe00000000-0badcafe.old",
		"vpo-scratch-12-345-0badcafe00000000-0badcafe",
		".vpo-state.json",
	];
	for (const name of names) {
		mkdirSync(home.at(name));
		age(home.at(name), 30 * DAY_MS);
	}
	writeFileSync(home.at(".vpo-scratch-1-2-0badcafe00000000-0badcafe"), "file");
	const before = readdirSync(home.path).sort();
	await removeLeftovers(home.path);
	expect(readdirSync(home.path).sort()).toEqual(before);
});

test("a folder that is not there has no leftovers", async () => {
	await removeLeftovers(home.at("nowhere"));
});
