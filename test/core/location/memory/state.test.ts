// What is remembered beside the archives: never trusted, never lost to a second process or a killed one.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import {
	identityOf,
	readState,
	remember,
	updateState,
} from "../../../../src/core/location/memory/state.ts";
import { Home } from "../../../helpers/program.ts";
import { stateOf, succeed } from "../../../helpers/state.ts";

const NOTHING = {
	verifiedAt: null,
	verifiedError: null,
	pinned: false,
	note: null,
	confirmedAt: null,
};
const NAME = "vpo-library-2026-02-05T143022Z.tar.gz";

let home: Home;
let folder: string;
let path: string;

beforeEach(() => {
	home = new Home(null);
	folder = home.backups;
	path = join(folder, ".vpo-state.json");
	mkdirSync(folder);
	writeFileSync(join(folder, NAME), "an archive");
});

afterEach(() => home[Symbol.dispose]());

function identity(name = NAME) {
	return identityOf(statSync(join(folder, name)));
}

async function recalled(name = NAME) {
	return (await readState(folder)).of(name, identity(name));
}

test("a change that was not written is nothing that the next one finds", async () => {
	const pin = (pinned: boolean, problem?: Error) =>
		updateState(folder, (entries) => {
			remember(entries, NAME, identity(), { pinned });
			if (problem) throw problem;
		});
	await pin(true);
	expect((await recalled()).pinned).toBeTrue();
	await expect(pin(false, new Error("cut off"))).rejects.toThrow("cut off");
	expect((await recalled()).pinned).toBeTrue();
});

test("remembers what it is told of each archive, privately, and leaves nothing else behind", async () => {
	await updateState(folder, (entries) =>
		remember(entries, NAME, identity(), { pinned: true, note: "why" }),
	);
	const verified = { verifiedAt: "2026-02-05T14:30:22Z", verifiedError: "bad" };
	await updateState(folder, (entries) =>
		remember(entries, NAME, identity(), verified),
	);
	expect(await recalled()).toEqual({
		...NOTHING,
		...verified,
		pinned: true,
		note: "why",
	});
	expect(statSync(path).mode & 0o777).toBe(0o600);
	expect(readdirSync(folder).sort()).toEqual([".vpo-state.json", NAME]);
});

test("any note comes back as it was", async () => {
	await fc.assert(
		fc.asyncProperty(fc.string({ unit: "binary" }), async (note) => {
			await updateState(folder, (entries) =>
				remember(entries, NAME, identity(), { note }),
			);
			expect((await recalled()).note).toBe(note);
		}),
		{ numRuns: 25 },
	);
});

test("a verification does not count for a file that changed since, a pin does", async () => {
	await updateState(folder, (entries) =>
		remember(entries, NAME, identity(), {
			pinned: true,
			note: "why",
			verifiedAt: "2026-02-05T14:30:22Z",
		}),
	);
	utimesSync(join(folder, NAME), 1, 1);
	const changed = { ...NOTHING, pinned: true, note: "why" };
	expect(await recalled()).toEqual(changed);
	await updateState(folder, (entries) =>
		remember(entries, NAME, identity(), {}),
	);
	expect(await recalled()).toEqual(changed);
});

test("what is gone is forgotten at the next update", async () => {
	writeFileSync(join(folder, "other.tar.gz"), "");
	for (const name of ["other.tar.gz", NAME]) {
		await updateState(folder, (entries) =>
			remember(entries, name, identity(name), { pinned: true }),
		);
	}
	rmSync(join(folder, NAME));
	await updateState(folder, () => undefined);
	const { archives } = JSON.parse(readFileSync(path, "utf8"));
	expect(Object.keys(archives)).toEqual(["other.tar.gz"]);
});

test("a missing file is an empty state, and so is that of a missing folder", async () => {
	expect(await readState(folder)).toMatchObject({ warning: null });
	const missing = await readState(join(folder, "missing"));
	expect(missing.of(NAME, identity())).toEqual(NOTHING);
	expect(missing.warning).toBeNull();
});

const entry = {
	size_bytes: 1,
	modified_ms: 1,
	verified_at: null,
	verified_error: null,
	pinned: true,
	note: null,
};
const file = (changes: object) =>
	JSON.stringify({ archives: { [NAME]: { ...entry, ...changes } } });

describe.each([
	["nothing", ""],
	["half a file", file({}).slice(0, -5)],
	["no JSON", "pins: none"],
	["another document", "[]"],
	["a pin that is a word", file({ pinned: "yes" })],
	["a size with a fraction", file({ size_bytes: 0.5 })],
	["a missing key", file({ note: undefined })],
	["a time that is none", file({ verified_at: "yesterday" })],
	["a time out of the range of times", file({ verified_at: "2026-99-99" })],
	["a file without end", " ".repeat(17 * 1024 * 1024)],
])("a state file with %s", (_, content) => {
	beforeEach(() => writeFileSync(path, content));

	test("is an empty state with a warning", async () => {
		const state = await readState(folder);
		expect(state.of(NAME, { sizeBytes: 1, modifiedMs: 1 })).toEqual(NOTHING);
		expect(state.warning).toContain(path);
	});

	test("is not replaced, which would drop pins unasked", async () => {
		const before = stateOf(path);
		const update = updateState(folder, () => undefined);
		await expect(update).rejects.toMatchObject({ code: "OPERATION_FAILED" });
		expect(stateOf(path)).toBe(before);
		expect(readdirSync(folder).sort()).toEqual([".vpo-state.json", NAME]);
	});
});

test.each([
	["a pipe", () => succeed(["mkfifo", path])],
	["a folder", () => mkdirSync(path)],
])("%s in its place is an empty state with a warning", async (_, make) => {
	make();
	expect((await readState(folder)).warning).toContain(path);
});

test("keys that other versions write don't matter, and a name can't reach an object's prototype", async () => {
	const json = file({ colour: "red" }).replace(NAME, "__proto__");
	writeFileSync(path, json);
	const state = await readState(folder);
	expect(state.warning).toBeNull();
	expect(state.of("toString", null)).toEqual(NOTHING);
	expect(state.of(NAME, null)).toEqual(NOTHING);
});

describe("with several processes", () => {
	const script = join(
		import.meta.dir,
		"..",
		"..",
		"..",
		"helpers",
		"rememberer.ts",
	);
	const COUNT = 12;

	function start(name: string) {
		for (let index = 0; index < COUNT; index++) {
			writeFileSync(join(folder, `${name}-${index}`), "");
		}
		return Bun.spawn([process.execPath, script, folder, name, String(COUNT)], {
			stdout: "pipe",
			stderr: "inherit",
			timeout: 60_000,
		});
	}

	test("no update is lost, and none that a killed process has reported", async () => {
		const names = ["a", "b", "c", "d", "e", "f"];
		const reported = names.map(async (name, index) => {
			const child = start(name);
			const lines: string[] = [];
			let text = "";
			for await (const piece of child.stdout.pipeThrough(
				new TextDecoderStream(),
			)) {
				text += piece;
				lines.splice(0, lines.length, ...text.split("\n").slice(0, -1));
				// Half of them are killed in the middle of their work.
				if (index % 2 === 1 && lines.length >= 3 + index) child.kill("SIGKILL");
			}
			if (index % 2 === 0) expect(await child.exited).toBe(0);
			return lines;
		});
		const expected = (await Promise.all(reported)).flat();
		expect(expected.length).toBeGreaterThanOrEqual(3 * COUNT + 3 * 4);
		await updateState(folder, () => undefined);
		const { archives } = JSON.parse(readFileSync(path, "utf8"));
		expect(Object.keys(archives)).toEqual(expect.arrayContaining(expected));
		const hidden = readdirSync(folder).filter((name) => name.startsWith("."));
		expect(hidden).toEqual([".vpo-state.json"]);
	}, 90_000);
});
