// Cost against the size of the library: time, and scratch space as announced and as used.
import { dirname, join } from "node:path";
import type { Bench } from "../bench.ts";
import { archiveIn, temporaryFolder } from "../folders.ts";
import { race, run } from "../measure.ts";
import { backupCommand, ourBackup, ourRestore } from "../ours.ts";
import { measurePeaks } from "../peaks.ts";
import { type Findings, megabytes, seconds } from "../report.ts";
import { sampleLibrary } from "../samples.ts";

const columns = [
	"library",
	"backup",
	"per second",
	"restore",
	"archive",
	"backup's memory",
	"restore's memory",
	"space announced",
	"space used",
];

/** Backs up and restores libraries of growing size. */
export async function benchGrowth(bench: Bench): Promise<Findings> {
	const rows: string[][] = [];
	for (const sizeMb of bench.growthMb) rows.push(await row(bench, sizeMb));
	return { tables: [{ title: "Cost against size", columns, rows }] };
}

async function row(bench: Bench, sizeMb: number): Promise<string[]> {
	const library = await sampleLibrary(bench, sizeMb);
	using made = temporaryFolder(join(bench.scratch, "grown-"));
	const dry = backupCommand(bench, library, made.path, "--dry-run", "--json");
	const announced = JSON.parse(await run(bench, dry, bench.scratch)) as {
		required_bytes: number;
	};
	const backup = backupCommand(bench, library, made.path);
	const watched = [dirname(library), made.path];
	const backupPeaks = await measurePeaks(bench, backup, made.path, watched);
	const archive = archiveIn(made.path);
	const restore = ourRestore(bench, archive, library, "--no-safety-backup");
	using live = temporaryFolder(join(bench.scratch, "grown-live-"));
	const restorePeaks = await measurePeaks(
		bench,
		restore.command(live.path),
		live.path,
		[],
	);
	// What takes minutes is less in need of a median.
	const mostRounds = sizeMb < 1_000 ? bench.rounds : sizeMb < 4_000 ? 3 : 1;
	const rounds = Math.min(bench.rounds, mostRounds);
	const timings = await race(
		{ ...bench, rounds },
		{ backup: ourBackup(bench, library), restore },
	);
	const { medianSeconds, madeBytes } = timings.backup;
	return [
		sizeMb < 1_000 ? `${sizeMb} MB` : `${sizeMb / 1_000} GB`,
		seconds(medianSeconds),
		megabytes((sizeMb * 1e6) / medianSeconds),
		seconds(timings.restore.medianSeconds),
		megabytes(madeBytes),
		megabytes(backupPeaks.memoryBytes),
		megabytes(restorePeaks.memoryBytes),
		megabytes(announced.required_bytes),
		megabytes(backupPeaks.scratchBytes),
	];
}
