// Power cuts at every call of a run, in every state that a file system may leave then.

import { LONG } from "../../test/power/cuts.ts";
import { Readers } from "../../test/power/readers.ts";
import { SETTINGS } from "../../test/power/scenes.ts";
import { Recorded } from "../../test/power/trial.ts";
import { UNNEEDED } from "../../test/power/unneeded.ts";
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
		await reportSyncs(recorded);
	}
	return rows;
}

/** Says what each sync is for: a program without it loses something, or the reason why not. */
async function reportSyncs(recorded: Recorded): Promise<void> {
	for (const [name, at] of recorded.syncs()) {
		const worse = recorded.calls.filter((_, call) => !at.includes(call));
		const { problems } = await recorded.try(LONG, worse, 1);
		const reason = UNNEEDED.find(([pattern]) => pattern.test(name))?.[1];
		console.error(`  without ${name}: ${problems[0] ?? reason ?? "NOTHING?"}`);
	}
}
