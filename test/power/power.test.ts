// A power cut at any call of a run loses nothing: whatever a file system may have kept of what was not synced, the library is
// the old or the new one, what has a backup's name is whole, and what was reported is there.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { SHORT } from "./cuts.ts";
import { tryMutants } from "./mutants.ts";
import { Readers } from "./readers.ts";
import type { Call } from "./recording.ts";
import { backupIntoNewFolders, SETTINGS } from "./scenes.ts";
import { Recorded } from "./trial.ts";
import { UNNEEDED } from "./unneeded.ts";

const LONG_MS = 180_000;
/** They end in the same calls as a restore in place; the soak tries all. */
const ALIKE = [
	"rows in its WAL",
	"a hot journal",
	"undo",
	"missing",
	"unasked, rows in its WAL",
];

const readers = new Readers();
afterAll(() => readers[Symbol.asyncDispose]());

describe.each(Object.entries(SETTINGS))("power is cut in %s", (_, make) => {
	let recorded: Recorded;
	beforeAll(async () => {
		const { home, trial } = await make();
		using _ = home;
		recorded = await Recorded.make(trial, home, readers);
	}, LONG_MS);
	afterAll(() => recorded?.[Symbol.dispose]());

	test(
		"nothing is lost",
		async () => {
			const { states, problems } = await recorded.try(SHORT);
			expect(problems).toEqual([]);
			expect(states).toBeGreaterThan(1);
		},
		LONG_MS,
	);

	test(
		"each sync, and each name that comes after one, is needed, or it is told why not",
		async () => {
			if (ALIKE.includes(recorded.name)) return;
			const unnoticed: string[] = [];
			for await (const verdict of tryMutants(recorded, SHORT)) {
				if (verdict.lostForGood === null) unnoticed.push(verdict.name);
			}
			const isKnown = (name: string) => UNNEEDED.some(([it]) => it.test(name));
			expect(unnoticed.filter((name) => !isKnown(name))).toEqual([]);
		},
		LONG_MS,
	);
});

test(
	"a program that names a backup before its content is on the disk fails this",
	async () => {
		const { home, trial } = await backupIntoNewFolders();
		using _ = home;
		using recorded = await Recorded.make(trial, home, readers);
		const { calls } = recorded;
		const isArchive = ({ path }: Call) => path.endsWith(".tar.gz");
		const synced = calls.findIndex(
			(call) => call.does === "sync" && isArchive(call),
		);
		const named = calls.findIndex(
			(call) => call.does === "link" && isArchive(call),
		);
		expect(synced).toBeGreaterThan(-1);
		expect(named).toBeGreaterThan(synced);
		const sync = calls[synced] as Call;
		const worse = calls.toSpliced(named + 1, 0, sync).toSpliced(synced, 1);
		const { problems } = await recorded.try(SHORT, recorded.replay(worse));
		expect(problems.join("\n")).toContain("is not whole");
	},
	LONG_MS,
);
