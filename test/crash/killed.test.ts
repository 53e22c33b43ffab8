// Runs that are killed (kill -9) at any instant lose nothing and leave nothing for long.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { callsOf, instantsOf, twoAtATime } from "../helpers/instants.ts";
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
const LEFT_BY_A_CRASH = Object.entries(LEFT).filter(
	([name]) => name !== "nothing",
);

describe.each(LEFT_BY_A_CRASH)("a library left with %s", (_, leave) => {
	let scene: Scene;
	beforeAll(async () => {
		scene = await makeScene(leave);
	});
	afterAll(() => scene[Symbol.dispose]());

	test(
		"is whole, the old or the new one, wherever a restore is killed between two calls of the swap",
		async () => {
			const calls = await callsOf(scene, RESTORE);
			const begin = calls.findIndex(({ name }) => name.startsWith("chmod"));
			expect(begin).toBeGreaterThan(0);
			const swap = calls.slice(begin - 1);
			expect(swap.filter(({ name }) => name.startsWith("rename"))).toHaveLength(
				1,
			);
			const verdicts = await twoAtATime(swap, (at) => killRestore(scene, at));
			expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
			// Kills on both sides of the rename were among them.
			expect(new Set(verdicts.map(({ holds }) => holds))).toEqual(
				new Set(["old", "new"]),
			);
		},
		LONG,
	);

	test(
		"is whole, the old or the new one, at whatever time a restore is killed",
		async () => {
			const instants = await instantsOf(scene, RESTORE, 12);
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
			const instants = await instantsOf(scene, BACKUP, 12);
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
			const calls = await callsOf(scene, BACKUP);
			const begin = calls.findIndex(({ name }) =>
				name.includes("backup.tar.gz"),
			);
			expect(begin).toBeGreaterThan(0);
			const finish = calls.slice(begin - 1);
			const verdicts = await twoAtATime(finish, (at) => killBackup(scene, at));
			expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
		},
		LONG,
	);
});

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
