import type { Bench } from "../bench.ts";
import { allowedCores } from "../machine.ts";
import { type Contender, race, type Timing } from "../measure.ts";
import { ourBackup } from "../ours.ts";
import { gzipOnly } from "../peers.ts";
import { type Findings, timeTarget, timingTable } from "../report.ts";
import { sampleLibrary } from "../samples.ts";

/** Races backups that may use 1, 2, 4 … cores, as far as there are so many. */
export async function benchCores(bench: Bench): Promise<Findings> {
	const library = await sampleLibrary(bench, 100);
	const cores = allowedCores();
	const ours = ourBackup(bench, library);
	const more = [2, 4, 8]
		.filter((count) => count <= cores.length)
		.map((count) => [`on ${count}`, pinned(ours, cores, count)] as const);
	const timings = await race(bench, {
		gzip: pinned(gzipOnly(library), cores, 1),
		one: pinned(ours, cores, 1),
		...(Object.fromEntries(more) as Record<`on ${number}`, Contender>),
	});
	const { gzip, one } = timings;
	return {
		targets: [
			timeTarget("backup, 100 MB, on 1 core", one, gzip, 1, ", nothing else"),
		],
		tables: [timingTable("Cores", Object.values<Timing>(timings))],
	};
}

function pinned(
	contender: Contender,
	cores: readonly number[],
	count: number,
): Contender {
	const list = cores.slice(0, count).join(",");
	return {
		...contender,
		name: `${contender.name}, ${count === 1 ? "1 core" : `${count} cores`}`,
		command: (folder) => ["taskset", "-c", list, ...contender.command(folder)],
	};
}
