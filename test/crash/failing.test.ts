// Disks that are full, broken or over their quota: whichever call fails, the run says so and nothing is lost or left.

import { expect, test } from "bun:test";
import { kindsOfCalls, twoAtATime } from "../helpers/instants.ts";
import { failCall } from "../helpers/kill.ts";
import { BACKUP, LEFT, makeScene, RESTORE } from "../helpers/scene.ts";

const LONG = 120_000;
const ERRNOS = ["ENOSPC", "EDQUOT", "EIO"];
const RUNS = [
	{ name: "a backup", args: BACKUP, leave: LEFT.nothing },
	{ name: "a restore", args: RESTORE, leave: LEFT["rows in its WAL"] },
];

test.each(RUNS)(
	"$name of which any call fails once is done all the same or fails by name, and leaves nothing",
	async ({ args, leave }) => {
		using scene = await makeScene(leave);
		const calls = await kindsOfCalls(scene, args);
		expect(calls.length).toBeGreaterThan(25);
		const verdicts = await twoAtATime(calls, ({ call }) => {
			const errno = ERRNOS[call % ERRNOS.length] as string;
			return failCall(scene, args, { call, errno });
		});
		expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
	},
	LONG,
);

test.each(RUNS)(
	"$name under which the disk dies leaves the whole old library or the whole new one",
	async ({ args, leave }) => {
		using scene = await makeScene(leave);
		const calls = await kindsOfCalls(scene, args);
		const some = calls.filter((_, index) => index % 3 === 0);
		const verdicts = await twoAtATime(some, ({ call }) =>
			failCall(scene, args, { call, errno: "EIO+" }),
		);
		expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);
	},
	LONG,
);
