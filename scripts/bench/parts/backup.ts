// Backup of a library of 100 MB against the peers: time and size of the archive.
import { type Bench, sampleLibrary } from "../bench.ts";
import { race, type Timing } from "../measure.ts";
import { ourBackup } from "../ours.ts";
import { carefulShellBackup, pythonBackup, shellBackup } from "../peers.ts";
import { type Findings, ratioTarget, timingTable } from "../report.ts";

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
	const time = (peer: Timing, limit: number, remark = "") =>
		ratioTarget(
			"backup, 100 MB, everything verified",
			peer.name + remark,
			ours.medianSeconds / peer.medianSeconds,
			limit,
		);
	return {
		targets: [
			time(shell, 0.45, ", nothing verified"),
			time(python, 0.38, ", nothing verified"),
			time(careful, 0.6),
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
