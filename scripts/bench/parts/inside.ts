// Looking inside a backup of 100 MB: diff against sqldiff, and what the preview adds to a restore.
import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { archiveIn } from "../folders.ts";
import { race, run } from "../measure.ts";
import { backupCommand, ourDiff, ourDryRun, ourVerify } from "../ours.ts";
import { measurePeaks } from "../peaks.ts";
import { sqldiff } from "../peers.ts";
import {
	type Findings,
	megabytes,
	seconds,
	timeTarget,
	timingTable,
} from "../report.ts";
import { copyLibrary, sampleLibrary } from "../samples.ts";

const previewSeconds = 1;
const limitBytes = 160e6;

/** Compares a library with its backup of some days ago. */
export async function benchInside(bench: Bench): Promise<Findings> {
	const old = await sampleLibrary(bench, 100);
	const folder = join(bench.scratch, "inside");
	mkdirSync(folder);
	await run(bench, backupCommand(bench, old, folder), folder);
	const archive = archiveIn(folder);
	const library = copyLibrary(old, folder);
	liveOn(library);
	const timings = await race(bench, {
		diff: ourDiff(bench, archive, library),
		peer: sqldiff(old, library),
		dryRun: ourDryRun(bench, archive, library),
		verify: ourVerify(bench, archive),
	});
	const { diff, peer, dryRun, verify } = timings;
	const addedSeconds = dryRun.medianSeconds - verify.medianSeconds;
	const argv = ourDiff(bench, archive, library).command(folder);
	const { memoryBytes } = await measurePeaks(bench, argv, folder, []);
	return {
		targets: [
			timeTarget("diff, 100 MB, the backup unpacked", diff, peer, 3),
			{
				what: "preview of a restore, 100 MB: what it adds",
				against: "verify: the same without it",
				measured: seconds(Math.max(0, addedSeconds)),
				target: `≤ ${seconds(previewSeconds)}`,
				isMet: addedSeconds <= previewSeconds,
			},
			{
				what: "peak memory of diff, 100 MB",
				against: "",
				measured: megabytes(memoryBytes),
				target: `≤ ${megabytes(limitBytes)}`,
				isMet: memoryBytes <= limitBytes,
			},
		],
		tables: [timingTable("Looking inside, 100 MB", Object.values(timings))],
	};
}

/** Some days of a library: most files looked at again, some changed, some gone. */
function liveOn(path: string): void {
	const library = new Database(path, { readwrite: true });
	for (const statement of [
		"PRAGMA foreign_keys = ON",
		"DELETE FROM files WHERE id % 97 = 0",
		"UPDATE files SET scanned_at = '2027-01-01' WHERE id % 3 > 0",
		"UPDATE files SET size_bytes = size_bytes + 1 WHERE id % 101 = 0",
		"UPDATE tracks SET title = 'another' WHERE id % 1001 = 0",
		"PRAGMA wal_checkpoint(TRUNCATE)",
	]) {
		library.run(statement);
	}
	library.close(true);
}
