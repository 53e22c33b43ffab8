// What a disk or a crash has changed is judged as sqlite3 judges it, two backups at a time; scripts/soak tries hundreds.

import { expect, test } from "bun:test";
import {
	type Changed,
	changedJournals,
	changedLibraries,
	fixtureLibrary,
	judgeAll,
	randomFrom,
	usedLibrary,
} from "../helpers/changed.ts";

/** Some of either verdict, or the test tries nothing. */
async function expectSqlitesVerdict(all: readonly Changed[]): Promise<void> {
	const verdicts = await judgeAll(all);
	const problems = verdicts.filter(({ problem }) => problem !== null);
	expect(problems).toEqual([]);
	const sound = verdicts.filter(({ isSound }) => isSound);
	expect(sound.length).toBeGreaterThan(0);
	expect(sound.length).toBeLessThan(all.length);
}

test("a library with one to eight bytes changed is a backup if sqlite3 calls it sound, and none if not", async () => {
	const random = randomFrom(7);
	const used = usedLibrary({ page_size: 1024, auto_vacuum: 1 });
	await expectSqlitesVerdict([
		...changedLibraries(fixtureLibrary(), 4096, 20, random),
		...changedLibraries(used, 1024, 20, random),
	]);
}, 60_000);

test("so is one whose hot journal was cut off or changed", async () => {
	const random = randomFrom(8);
	await expectSqlitesVerdict(
		await changedJournals({ page_size: 1024 }, 24, random),
	);
}, 60_000);
