// What each gzip level costs and gives: the reason for the default.
import type { Bench } from "../bench.ts";
import { race } from "../measure.ts";
import { ourBackup } from "../ours.ts";
import { type Findings, timingTable } from "../report.ts";
import { sampleLibrary } from "../samples.ts";

const levels = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** Races the levels against each other. */
export async function benchLevels(bench: Bench): Promise<Findings> {
	const library = await sampleLibrary(bench, 100);
	const contenders = levels.map((level) => {
		const contender = ourBackup(bench, library, "--level", level);
		return [`level ${level}`, { ...contender, name: level }] as const;
	});
	const timings = await race(bench, Object.fromEntries(contenders));
	const table = timingTable("Levels, 100 MB", Object.values(timings));
	const columns = table.columns.with(0, "--level");
	return { tables: [{ ...table, columns }] };
}
