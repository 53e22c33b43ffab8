// Programs that are worse than ours by one call: each forgets one sync, or changes one name too early. Power cuts must tell.

import { MIDDLE } from "../../test/power/cuts.ts";
import { tryMutants } from "../../test/power/mutants.ts";
import { Readers } from "../../test/power/readers.ts";
import { SETTINGS } from "../../test/power/scenes.ts";
import { Recorded } from "../../test/power/trial.ts";
import { UNNEEDED } from "../../test/power/unneeded.ts";
import type { SoakRow } from "./row.ts";

/** Says of each what is lost, or the reason why nothing is. @returns how many lose nothing for no known reason */
export async function soakSyncs(): Promise<SoakRow[]> {
	await using readers = new Readers();
	const rows: SoakRow[] = [];
	let caught = 0;
	let later = 0;
	for (const [what, make] of Object.entries(SETTINGS)) {
		const { home, trial } = await make();
		using _ = home;
		using recorded = await Recorded.make(trial, home, readers);
		let tried = 0;
		let unknown = 0;
		for await (const verdict of tryMutants(recorded, MIDDLE)) {
			const { name, lost, lostForGood } = verdict;
			const reason = UNNEEDED.find(([pattern]) => pattern.test(name))?.[1];
			tried++;
			if (lost !== null) caught++;
			else if (lostForGood !== null) later++;
			else if (reason === undefined) unknown++;
			const made = "a later sync makes up for it, without which:";
			const late = lostForGood === null ? null : `${made} ${lostForGood}`;
			console.error(`  ${name}: ${lost ?? late ?? reason ?? "NOTHING?"}`);
		}
		rows.push({ what: `worse programs in ${what}`, tried, lost: unknown });
	}
	const tried = rows.reduce((all, row) => all + row.tried, 0);
	console.error(
		`of ${tried} worse programs ${caught} lose something, ${later} would but for a later sync`,
	);
	return rows;
}
