// Power cuts at every call of a run, in every state that a file system may leave then.

import { LONG } from "../../test/power/cuts.ts";
import { Readers } from "../../test/power/readers.ts";
import { SETTINGS } from "../../test/power/scenes.ts";
import { Recorded } from "../../test/power/trial.ts";
import type { SoakRow } from "./row.ts";

export async function soakPower(): Promise<SoakRow[]> {
	await using readers = new Readers();
	const rows: SoakRow[] = [];
	for (const [what, make] of Object.entries(SETTINGS)) {
		const { home, trial } = await make();
		using _ = home;
		using recorded = await Recorded.make(trial, home, readers);
		const { cuts, problems } = await recorded.try(LONG);
		for (const problem of problems) console.error(`${what}: ${problem}`);
		const tried = cuts;
		rows.push({ what: `power cuts in ${what}`, tried, lost: problems.length });
	}
	return rows;
}
