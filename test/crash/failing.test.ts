// Disks that are full, broken or over their quota: whichever call fails, the run says so and nothing is lost or left.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
	kindsOfCalls,
	type TracedCall,
	twoAtATime,
} from "../helpers/instants.ts";
import { failCall } from "../helpers/kill.ts";
import { Home } from "../helpers/program.ts";
import {
	BACKUP,
	copyOf,
	heldContent,
	LEFT,
	makeScene,
	RESTORE,
	type Scene,
} from "../helpers/scene.ts";
import { expectWholeBackups } from "../helpers/state.ts";
import { trace } from "../helpers/trace.ts";

const LONG = 120_000;
const ERRNOS = ["ENOSPC", "EDQUOT", "EIO"];
const RUNS = [
	{ name: "a backup", args: BACKUP, leave: LEFT.nothing },
	{ name: "a restore", args: RESTORE, leave: LEFT["rows in its WAL"] },
];

/** Calls by which a run is remembered beside the library. A restore does so before it replaces that, and once more after. */
const REMEMBERING = [
	"rename:.vpo.json.claim",
	"write:.vpo.json",
	"fsync:.vpo.json",
];

describe.each(RUNS)("$name", ({ args, leave }) => {
	const isRestore = args === RESTORE;
	let scene: Scene;
	let calls: readonly TracedCall[];
	beforeAll(async () => {
		scene = await makeScene(leave);
		calls = await kindsOfCalls(scene, args);
	}, LONG);
	afterAll(() => scene[Symbol.dispose]());

	test(
		"of which any call fails once is done all the same or fails by name, and leaves nothing",
		async () => {
			expect(calls.length).toBeGreaterThan(25);
			const verdicts = await twoAtATime(calls, ({ call }) => {
				const errno = ERRNOS[call % ERRNOS.length] as string;
				return failCall(scene, args, { call, errno });
			});
			expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
		},
		LONG,
	);

	test(
		"under which the disk dies leaves the whole old library or the whole new one",
		async () => {
			const some = calls.filter((_, index) => index % 4 === 0);
			const verdicts = await twoAtATime(some, ({ call }) =>
				failCall(scene, args, { call, errno: "EIO+" }),
			);
			expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
		},
		LONG,
	);

	const again = REMEMBERING.map((call) => `${call}:2`);
	test.each(isRestore ? [...REMEMBERING, ...again] : REMEMBERING)(
		"stands, with a warning by name, where the disk dies at %s, as it would be remembered beside the library",
		async (at) => {
			using home = copyOf(scene.home);
			const outcome = await trace(home, [...args, "--json"], {
				action: "EIO+",
				at,
			});
			expect(outcome).toMatchObject({ exitCode: 0 });
			const { success, warnings } = JSON.parse(outcome.stdout);
			expect(success).toBe(true);
			expect(warnings.join()).toContain(`${home.library}.vpo.json`);
			expect(expectWholeBackups(home.backups)).toHaveLength(2);
			expect(heldContent(scene, home)).toBe(isRestore ? "new" : "old");
		},
	);
});

test.each(["rename:.vpo-state.json.claim", "write:.vpo-state.json"])(
	"the first backup of all stands, with a warning by name, where the disk dies at %s, by which its location would get an id",
	async (at) => {
		using home = new Home();
		const args = [...BACKUP, "--json"];
		const outcome = await trace(home, args, { action: "EIO+", at });
		expect(outcome).toMatchObject({ exitCode: 0 });
		expect(JSON.parse(outcome.stdout)).toMatchObject({
			success: true,
			warnings: [
				expect.stringContaining(join(home.backups, ".vpo-state.json")),
			],
		});
		expect(expectWholeBackups(home.backups)).toHaveLength(1);
	},
);
