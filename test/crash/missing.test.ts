// A restore of what is missing that is killed at any instant leaves the library as it was, or with all that it had lost.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { contentOf } from "../helpers/content.ts";
import { instantsOf, kindsOfCalls, twoAtATime } from "../helpers/instants.ts";
import { killRestore } from "../helpers/kill.ts";
import { leaveHotWal } from "../helpers/kinds.ts";
import { backUpAt, homeWithFolder, loseFolder } from "../helpers/nights.ts";
import { binary, run } from "../helpers/program.ts";
import { contentAfterRecovery, copyOf, type Scene } from "../helpers/scene.ts";

const LONG = 240_000;
const MISSING = ["library", "restore", "--only-missing", "--yes", "latest"];

let scene: Scene;
beforeAll(async () => {
	const home = homeWithFolder();
	await backUpAt(home, "2026-02-05T03:00:00Z");
	loseFolder(home.library);
	await leaveHotWal(home.library, 3);
	const old = contentAfterRecovery(home.library);
	using copy = copyOf(home);
	const done = await run(binary, copy, MISSING);
	expect([done.exitCode, done.stderr]).toEqual([0, ""]);
	scene = {
		home,
		old,
		new: contentOf(copy.library),
		[Symbol.dispose]: () => home[Symbol.dispose](),
	};
	expect(scene.new).not.toEqual(old);
}, LONG);
afterAll(() => scene[Symbol.dispose]());

test(
	"at every system call that changes the library, and some of the others, once the safety backup stands",
	async () => {
		const all = await kindsOfCalls(scene, MISSING);
		const isOfKeeping = ({ name }: { readonly name: string }) =>
			name.includes("snapshot.db") || name.includes("backups");
		const isOfLibrary = ({ name }: { readonly name: string }) =>
			/\.vpo\/library\.db(-wal)?$/.test(name);
		const rest = all.slice(all.findLastIndex(isOfKeeping) + 1);
		const calls = rest.filter(
			(at, index) => index % 3 === 0 || isOfLibrary(at),
		);
		expect(calls.filter(isOfLibrary).length).toBeGreaterThan(5);
		const verdicts = await twoAtATime(calls, (at) =>
			killRestore(scene, at, MISSING),
		);
		expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
		expect(new Set(verdicts.map(({ holds }) => holds))).toEqual(
			new Set(["old", "new"]),
		);
	},
	LONG,
);

test(
	"at any time",
	async () => {
		const instants = await instantsOf(scene, MISSING, 6);
		const verdicts = await twoAtATime(instants, (at) =>
			killRestore(scene, at, MISSING),
		);
		expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
	},
	LONG,
);
