// Hundreds of libraries that a disk or a crash has changed: what sqlite3 calls damaged is never a backup, and all else is one.

import {
	changedJournals,
	changedLibraries,
	fixtureLibrary,
	judgeAll,
	randomFrom,
	usedLibrary,
	type Verdict,
} from "../../test/helpers/changed.ts";
import type { SoakRow } from "./row.ts";

/** Takes some minutes; needs sqlite3, python3 and dist/vpo. */
export async function soakChanged(): Promise<SoakRow[]> {
	const random = randomFrom(Number(process.env.SEED ?? 1));
	const used = usedLibrary({ page_size: 1024, auto_vacuum: 1 });
	const kinds = [
		...changedLibraries(fixtureLibrary(), 4096, 250, random),
		...changedLibraries(used, 1024, 250, random),
	];
	const journals = [
		...(await changedJournals({ page_size: 4096 }, 100, random)),
		...(await changedJournals({ page_size: 512 }, 100, random)),
	];
	return [
		row("libraries with one to eight bytes changed", await judgeAll(kinds)),
		row("hot journals cut off or changed", await judgeAll(journals)),
	];
}

function row(what: string, verdicts: readonly Verdict[]): SoakRow {
	const damaged = verdicts.filter(({ isSound }) => !isSound).length;
	const problems = verdicts.filter(({ problem }) => problem !== null);
	for (const { what, problem } of problems)
		console.error(`${what}: ${problem}`);
	return {
		what: `${what}, ${damaged} of them damaged to sqlite3 as well`,
		tried: verdicts.length,
		lost: problems.length,
	};
}
