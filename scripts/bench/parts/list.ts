// Listing 1,000 archives: against `ls -l` of the same folder, and large ones against small ones.
import { linkSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { archiveBytes, archiveIn } from "../folders.ts";
import { race, run } from "../measure.ts";
import { backupCommand, ourList } from "../ours.ts";
import { type Findings, megabytes, seconds, timingTable } from "../report.ts";
import { sampleLibrary } from "../samples.ts";

const count = 1_000;
const allowedSeconds = 0.000_15;

/** Races the lists. */
export async function benchList(bench: Bench): Promise<Findings> {
	const large = await makeFolder(bench, 100);
	const small = await makeFolder(bench, 10);
	const timings = await race(bench, {
		large: ourList(bench, large.path, `1,000 archives of ${large.size}`),
		small: ourList(bench, small.path, `1,000 archives of ${small.size}`),
		ls: { name: "ls -l", command: () => ["ls", "-l", large.path] },
	});
	const ours = timings.large.medianSeconds;
	const limit = timings.ls.medianSeconds + count * allowedSeconds;
	const growth = ours / timings.small.medianSeconds;
	return {
		targets: [
			{
				what: `list of 1,000 archives of ${large.size}`,
				against: "ls -l + 0.15 ms an archive",
				measured: seconds(ours),
				target: `≤ ${seconds(limit)}`,
				isMet: ours <= limit,
			},
			{
				what: `list of 1,000 archives of ${large.size}`,
				against: `1,000 archives of ${small.size}`,
				measured: growth.toFixed(2),
				target: "about 1.0",
				isMet: growth <= 1.1,
			},
		],
		tables: [timingTable("List", Object.values(timings))],
	};
}

/** A folder of 1,000 names, a minute apart, for one archive: hard links, so that it takes no more space. */
async function makeFolder(bench: Bench, sizeMb: number) {
	const library = await sampleLibrary(bench, sizeMb);
	const made = join(bench.scratch, `listed-${sizeMb}`);
	const path = join(made, "many");
	mkdirSync(path, { recursive: true });
	await run(bench, backupCommand(bench, library, made), bench.scratch);
	for (let i = 0; i < count; i++) {
		const time = new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString();
		const stamp = time.slice(0, 19).replaceAll(/(?<=T.*):/g, "");
		linkSync(archiveIn(made), join(path, `vpo-library-${stamp}Z.tar.gz`));
	}
	return { path, size: megabytes(archiveBytes(made)) };
}
