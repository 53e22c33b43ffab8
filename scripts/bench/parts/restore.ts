// Restore of a library of 100 MB over another one, against the peers.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { archiveIn } from "../folders.ts";
import { type Contender, race, run } from "../measure.ts";
import { ourBackup, ourRestore } from "../ours.ts";
import { pythonBackup, pythonRestore } from "../peers.ts";
import { type Findings, timeTarget, timingTable } from "../report.ts";
import { sampleLibrary } from "../samples.ts";

/** Races the restores, each from an archive of its own making. */
export async function benchRestore(bench: Bench): Promise<Findings> {
	const library = await sampleLibrary(bench, 100);
	const ourArchive = await makeArchive(
		bench,
		"ours",
		ourBackup(bench, library),
	);
	const theirs = await makeArchive(bench, "theirs", pythonBackup(library));
	const timings = await race(bench, {
		bare: ourRestore(bench, ourArchive, library, "--no-safety-backup"),
		safe: ourRestore(bench, ourArchive, library),
		python: pythonRestore(theirs, library, "as VPO"),
		once: pythonRestore(theirs, library, "once"),
	});
	const { bare, safe, python } = timings;
	const bareName = "restore, 100 MB, everything verified, no safety backup";
	const safeName = "restore, 100 MB, with safety backup";
	return {
		targets: [
			timeTarget(bareName, bare, python, 0.6),
			timeTarget(safeName, safe, python, 1),
		],
		tables: [timingTable("Restore, 100 MB", Object.values(timings))],
	};
}

async function makeArchive(
	bench: Bench,
	name: string,
	how: Contender,
): Promise<string> {
	const folder = join(bench.scratch, `archive-${name}`);
	mkdirSync(folder);
	await run(bench, how.command(folder), folder);
	return archiveIn(folder);
}
