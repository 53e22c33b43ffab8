// Backup of a library of 100 MB against the peers: time and size of the archive.
import type { Bench } from "../bench.ts";
import { race } from "../measure.ts";
import { ourBackup } from "../ours.ts";
import { carefulShellBackup, pythonBackup, shellBackup } from "../peers.ts";
import {
	type Findings,
	ratioTarget,
	timeTarget,
	timingTable,
} from "../report.ts";
import { sampleLibrary } from "../samples.ts";

/** Races the backups. */
export async function benchBackup(bench: Bench): Promise<Findings> {
	const library = await sampleLibrary(bench, 100);
	const timings = await race(bench, {
		ours: ourBackup(bench, library),
		shell: shellBackup(library),
		python: pythonBackup(library),
		careful: carefulShellBackup(library),
	});
	const { ours, shell, python, careful } = timings;
	const what = "backup, 100 MB, everything verified";
	const remark = ", nothing verified";
	return {
		targets: [
			timeTarget(what, ours, shell, 0.45, remark),
			timeTarget(what, ours, python, 0.38, remark),
			timeTarget(what, ours, careful, 0.6),
			ratioTarget(
				"archive size",
				python.name,
				ours.madeBytes / python.madeBytes,
				0.84,
			),
		],
		tables: [timingTable("Backup, 100 MB", Object.values(timings))],
	};
}
