// The model of the file system itself: what it lets a cut take away, and what not.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cutsOf, LONG } from "./cuts.ts";
import { Disk } from "./disk.ts";
import type { Call } from "./recording.ts";

const folder = mkdtempSync(join(tmpdir(), "vpo-disk-"));
mkdirSync(join(folder, "kept"));
writeFileSync(join(folder, "old"), "old");
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const write = (name: string, text: string, offset = 0): Call => ({
	does: "write",
	path: at(name),
	offset,
	bytes: new TextEncoder().encode(text),
});
const sync = (name: string): Call => ({ does: "sync", path: at(name) });
const create = (name: string): Call => ({ does: "create", path: at(name) });

/** All states after all cuts, each as its files and what they hold; those after the last call apart. */
function statesOf(calls: readonly Call[]) {
	const disk = Disk.after(folder, folder, calls, () => true);
	const all = new Set<string>();
	const last = new Set<string>();
	for (const cut of cutsOf(disk, LONG)) {
		const state = [...disk.stateAfter(cut)].map(([path, { bytes }]) => {
			const text = new TextDecoder().decode(bytes).replaceAll("\0", "0");
			return `${path}:${text}`;
		});
		const text = state.sort().join(" ");
		all.add(text);
		if (cut.calls === calls.length) last.add(text);
	}
	return { all, last };
}

describe("a file's content", () => {
	test("that was not synced is kept, lost, or zeros", () => {
		const { last } = statesOf([create("new"), write("new", "abc"), sync("")]);
		expect([...last].sort()).toEqual([
			"new: old:old",
			"new:000 old:old",
			"new:abc old:old",
		]);
	});

	test("that was synced is there, the name that was not may be lost", () => {
		const { last } = statesOf([
			create("new"),
			write("new", "abc"),
			sync("new"),
		]);
		expect([...last].sort()).toEqual(["new:abc old:old", "old:old"]);
	});

	test("is kept in any order: the second write without the first", () => {
		const calls = [write("old", "ab"), write("old", "c", 2)];
		expect([...statesOf(calls).last].sort()).toEqual([
			"old:abc",
			"old:abd",
			"old:olc",
			"old:old",
		]);
	});

	test("is torn at a sector", () => {
		const long = "x".repeat(1000);
		const { all } = statesOf([write("old", long)]);
		expect(
			[...all].map((it) => it.replace(/x+/, (run) => `${run.length}x`)),
		).toContain(`old:512x${"0".repeat(488)}`);
	});
});

describe("a name", () => {
	test("given before the content was synced may stand for nothing", () => {
		const early: Call[] = [
			create("part"),
			write("part", "abc"),
			{ does: "rename", source: at("part"), path: at("old") },
			sync(""),
		];
		expect(statesOf(early).last).toContain("old:");
		const right: Call[] = [
			create("part"),
			write("part", "abc"),
			sync("part"),
			{ does: "rename", source: at("part"), path: at("old") },
			sync(""),
		];
		expect(statesOf(right).last).toEqual(new Set(["old:abc"]));
	});

	test("that a rename takes over is the old or the new one, never none", () => {
		const calls: Call[] = [
			create("part"),
			write("part", "abc"),
			sync("part"),
			{ does: "rename", source: at("part"), path: at("old") },
		];
		for (const state of statesOf(calls).all)
			expect(state).toMatch(/(^| )old:(old|abc|)($| )/);
		expect(statesOf(calls).last).toEqual(
			new Set(["old:abc", "old:old part:abc", "old:old"]),
		);
	});

	test("that was removed may come back until its folder was synced", () => {
		const remove: Call = { does: "remove", path: at("old") };
		expect(statesOf([remove]).last).toEqual(new Set(["", "old:old"]));
		expect(statesOf([remove, sync("")]).last).toEqual(new Set([""]));
	});

	test("in a new folder is lost with the folder's own", () => {
		const calls: Call[] = [
			{ does: "mkdir", path: at("made") },
			create("made/new"),
			write("made/new", "abc"),
			sync("made/new"),
			sync("made"),
		];
		expect(statesOf(calls).last).toEqual(
			new Set(["made/new:abc old:old", "old:old"]),
		);
		expect(statesOf([...calls, sync("")]).last).toEqual(
			new Set(["made/new:abc old:old"]),
		);
	});
});
