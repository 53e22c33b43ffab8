// Scratch folders: private, gone at the end, and those of killed runs removed by the next one only.

import { afterEach, beforeEach, expect, test } from "bun:test";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	renameSync,
	statSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeScratch, removeLeftovers } from "../../src/ground/scratch.ts";
import { Home } from "../helpers/program.ts";

const DAY_MS = 24 * 3600 * 1000;

let home: Home;
beforeEach(() => {
	home = new Home(null);
});
afterEach(() => home[Symbol.dispose]());

/** A scratch folder as another process would have it, with a file in it. */
async function foreignScratch(
	rename: (owner: readonly string[]) => readonly string[],
): Promise<string> {
	const { path, owner } = await makeScratch(home.path);
	const changed = path.replace(owner, rename(owner.split("-")).join("-"));
	renameSync(path, changed);
	writeFileSync(join(changed, "snapshot.db"), "half a library");
	return changed;
}

async function endedPid(): Promise<string> {
	const child = Bun.spawn(["true"]);
	await child.exited;
	return String(child.pid);
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
	const pid = await endedPid();
	const left = await foreignScratch(([, ...rest]) => [pid, ...rest]);
	await using _ = await makeScratch(home.path);
	expect(existsSync(left)).toBe(false);
});

test("that of a process whose number another one has by now is removed", async () => {
	const left = await foreignScratch(([pid, started, ...rest]) => [
		String(pid),
		String(Number(started) - 1),
		...rest,
	]);
	await removeLeftovers(home.path);
	expect(existsSync(left)).toBe(false);
});

test("that of a living process is left alone, however old it is", async () => {
	await using scratch = await makeScratch(home.path);
	const old = new Date(Date.now() - 30 * DAY_MS);
	utimesSync(scratch.path, old, old);
	await removeLeftovers(home.path);
	expect(existsSync(scratch.path)).toBe(true);
});

test("that of another machine or container is left alone for a day", async () => {
	const left = await foreignScratch(([pid, started, , random]) =>
		[pid, started, "0ther", random].map(String),
	);
	const nearly = new Date(Date.now() - DAY_MS + 60_000);
	utimesSync(left, nearly, nearly);
	await removeLeftovers(home.path);
	expect(existsSync(left)).toBe(true);
	const over = new Date(Date.now() - DAY_MS - 60_000);
	utimesSync(left, over, over);
	await removeLeftovers(home.path);
	expect(existsSync(left)).toBe(false);
});

test("nothing else is ever removed", async () => {
	const names = [
		".vpo-scratch",
		".vpo-state.json",
		"library.db",
		"vpo-scratch-1-2-3",
	];
	for (const name of names) writeFileSync(home.at(name), "");
	const before = readdirSync(home.path).sort();
	await removeLeftovers(home.path);
	expect(readdirSync(home.path).sort()).toEqual(before);
});

test("a folder that is not there has no leftovers", async () => {
	await removeLeftovers(home.at("nowhere"));
});
