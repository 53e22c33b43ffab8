// Runs that are killed (kill -9) at any instant lose nothing and leave nothing for long.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import {
	callsOf,
	instantsOf,
	isLasting,
	kindsAmong,
	kindsOfCalls,
	type TracedCall,
	twoAtATime,
} from "../helpers/instants.ts";
import { killBackup, killRestore } from "../helpers/kill.ts";
import { binary, Home, run } from "../helpers/program.ts";
import {
	BACKUP,
	LEFT,
	makeScene,
	RESTORE,
	type Scene,
} from "../helpers/scene.ts";
import { expectWholeBackups, scratchIn, stateOf } from "../helpers/state.ts";
import { holding, trace } from "../helpers/trace.ts";

const LONG = 120_000;
const { nothing: _, "another page size": otherPages, ...byCrash } = LEFT;
const LEFT_BY_A_CRASH = Object.entries(byCrash);

/** Whether a call belongs to the safety backup, behind which the library is replaced. */
function isOfKeeping({ name }: { readonly name: string }): boolean {
	return name.includes("snapshot.db") || name.includes("backups");
}

/** The calls of a restore from its safety backup on. */
async function replacingCalls(scene: Scene): Promise<TracedCall[]> {
	const calls = await callsOf(scene, RESTORE);
	const replacing = calls.slice(calls.findLastIndex(isOfKeeping) + 1);
	expect(replacing.length).toBeGreaterThan(10);
	return replacing;
}

/** Calls in the middle of the longest row of equal ones: a transaction that is being written. */
function within(
	calls: readonly TracedCall[],
	count: number,
): { readonly call: number }[] {
	const gaps = calls.map(
		({ call }, at) => (calls[at + 1]?.call ?? call) - call,
	);
	const length = Math.max(...gaps);
	const first = calls[gaps.indexOf(length)]?.call ?? 0;
	return Array.from({ length: count }, (_, at) => ({
		call: first + Math.floor((length * (at + 1)) / (count + 1)),
	}));
}

describe.each(LEFT_BY_A_CRASH)("a library left with %s", (_, leave) => {
	let scene: Scene;
	beforeAll(async () => {
		scene = await makeScene(leave);
	});
	afterAll(() => scene[Symbol.dispose]());

	test(
		"is whole, the old or the new one, wherever a restore is killed that replaces it",
		async () => {
			const replacing = await replacingCalls(scene);
			const lasting = kindsAmong(replacing).filter(isLasting);
			const verdicts = await twoAtATime(
				[...lasting, ...within(replacing, 4), ...replacing.slice(-1)],
				(at) => killRestore(scene, at),
			);
			expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
			// Kills on both sides of the commit, or of the rename, were among them.
			expect(new Set(verdicts.map(({ holds }) => holds))).toEqual(
				new Set(["old", "new"]),
			);
		},
		LONG,
	);

	test(
		"is whole, the old or the new one, at whatever time a restore is killed",
		async () => {
			const instants = await instantsOf(scene, RESTORE, 8);
			const verdicts = await twoAtATime(instants, (at) =>
				killRestore(scene, at),
			);
			expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
		},
		LONG,
	);

	test(
		"is unchanged, and every backup whole, at whatever time a backup is killed",
		async () => {
			const instants = await instantsOf(scene, BACKUP, 8);
			const verdicts = await twoAtATime(instants, (at) =>
				killBackup(scene, at),
			);
			expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
		},
		LONG,
	);

	test(
		"is unchanged, and every backup whole, wherever a backup is killed between the calls that finish it",
		async () => {
			const calls = await kindsOfCalls(scene, BACKUP);
			const begin = calls.findIndex(({ name }) => name.startsWith("link"));
			expect(begin).toBeGreaterThan(0);
			const finish = calls.slice(begin).filter(isLasting);
			const verdicts = await twoAtATime(finish, (at) => killBackup(scene, at));
			expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
		},
		LONG,
	);
});

test(
	"a library that gives way to another file is whole, the old or the new one, wherever the restore is killed",
	async () => {
		using scene = await makeScene(otherPages);
		const calls = await replacingCalls(scene);
		const moves = calls.filter(({ name }) =>
			/^rename .*\/library\.db$/.test(name),
		);
		expect(moves).toHaveLength(2);
		const giveWay = calls.findIndex(({ name }) => /^link/.test(name));
		const swap = kindsAmong(calls.slice(giveWay - 4)).filter(isLasting);
		const verdicts = await twoAtATime([...swap, ...calls.slice(-1)], (at) =>
			killRestore(scene, at),
		);
		expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
		expect(new Set(verdicts.map(({ holds }) => holds))).toEqual(
			new Set(["old", "new"]),
		);
	},
	LONG,
);

test(
	"what a killed run has in scratch is private, and removed by the next one, at whichever call it is killed",
	async () => {
		using scene = await makeScene(LEFT["rows in its WAL"]);
		const passing = async (args: readonly string[]) =>
			(await kindsOfCalls(scene, args)).filter((call) => !isLasting(call));
		const backup = await passing(BACKUP);
		expect(backup.length).toBeGreaterThan(25);
		const restore = (await passing(RESTORE)).filter(({ name }) =>
			/\.vpo-scratch[^/]*\/library\.db( |$)/.test(name),
		);
		expect(restore.length).toBeGreaterThan(3);
		const verdicts = [
			...(await twoAtATime(backup, (at) => killBackup(scene, at))),
			...(await twoAtATime(restore, (at) => killRestore(scene, at))),
		];
		expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
	},
	LONG,
);

test("the first backup of all may be killed wherever it gives its location an id", async () => {
	using scene = await makeScene(LEFT.nothing);
	rmSync(`${scene.home.library}.vpo.json`);
	rmSync(scene.home.backups, { recursive: true });
	const calls = await kindsOfCalls(scene, BACKUP);
	const naming = calls.filter(({ name }) => name.includes(".vpo-state.json"));
	expect(naming.length).toBeGreaterThan(6);
	const verdicts = await twoAtATime(naming, (at) => killBackup(scene, at));
	expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
}, 30_000);

test("what a killed run leaves is for nobody else to read, whatever the umask", async () => {
	using home = new Home();
	const before = process.umask(0);
	try {
		const at = "link:.tar.gz";
		const { exitCode } = await trace(home, BACKUP, { action: "kill", at });
		expect(exitCode).toBe(137);
	} finally {
		process.umask(before);
	}
	expect(stateOf(home.backups)).toBe("folder 700");
	for (const folder of [home.at(".vpo"), home.backups]) {
		expect(scratchIn(folder).map(stateOf)).toEqual(["folder 700"]);
	}
	const [left = ""] = scratchIn(home.backups);
	expect(stateOf(join(left, "backup.tar.gz"))).toStartWith("file 600 ");
});

test.each(["write:backup.tar.gz", "link:.tar.gz"])(
	"a run that is alive, if only stopped at %s, keeps its scratch files while others clean up",
	async (call) => {
		using home = new Home();
		const folders = [home.at(".vpo"), home.backups];
		const { exitCode } = await holding(home, BACKUP, call, async () => {
			const before = folders.map(scratchIn);
			expect(before.map(({ length }) => length)).toEqual([1, 1]);
			expect(await run(binary, home, BACKUP)).toMatchObject({ exitCode: 0 });
			expect(folders.map(scratchIn)).toEqual(before);
		});
		expect(exitCode).toBe(0);
		expect(expectWholeBackups(home.backups)).toHaveLength(2);
		expect(folders.flatMap(scratchIn)).toEqual([]);
	},
);
