// Cost against the size of the library: time, and scratch space as announced and as used.
import { dirname, join } from "node:path";
import type { Bench } from "../bench.ts";
import { archiveIn, temporaryFolder } from "../folders.ts";
import { race, run } from "../measure.ts";
import { backupCommand, ourBackup, ourRestore, ourVerify } from "../ours.ts";
import { measurePeaks } from "../peaks.ts";
import {
	type Findings,
	megabytes,
	ratioTarget,
	seconds,
	type Target,
} from "../report.ts";
import { sampleLibrary } from "../samples.ts";

const comparedMb = 100;
const mostRatio = 1.15;
const mostMemoryBytes = 160e6;

const columns = [
	"library",
	"backup",
	"per second",
	"restore",
	"verify",
	"archive",
	"backup's memory",
	"restore's memory",
	"space announced",
	"space used",
];

/** Backs up and restores libraries of growing size. */
export async function benchGrowth(bench: Bench): Promise<Findings> {
	const grown: Grown[] = [];
	for (const sizeMb of bench.growthMb) grown.push(await grow(bench, sizeMb));
	const rows = grown.map(({ row }) => row);
	return {
		targets: targetsOf(grown),
		tables: [{ title: "Cost against size", columns, rows }],
	};
}

/** What one size costs. */
interface Grown {
	readonly sizeMb: number;
	readonly seconds: Readonly<Record<"backup" | "verify" | "restore", number>>;
	readonly memoryBytes: number;
	readonly row: readonly string[];
}

/** What grows with the library may grow as it does, and memory must not. */
function targetsOf(grown: readonly Grown[]): Target[] {
	const small = grown.find(({ sizeMb }) => sizeMb === comparedMb);
	const large = grown.at(-1);
	if (!small || !large || large.sizeMb < 10 * comparedMb) return [];
	const factor = large.sizeMb / small.sizeMb;
	const title = `${large.sizeMb / 1_000} GB`;
	return [
		...(["backup", "verify", "restore"] as const).map((what) =>
			ratioTarget(
				`${what}, ${title}, time for each byte`,
				`${comparedMb} MB`,
				large.seconds[what] / small.seconds[what] / factor,
				mostRatio,
			),
		),
		{
			what: `peak memory of backup and restore, ${title}`,
			against: "",
			measured: megabytes(large.memoryBytes),
			target: `≤ ${megabytes(mostMemoryBytes)}`,
			isMet: large.memoryBytes <= mostMemoryBytes,
		},
	];
}

async function grow(bench: Bench, sizeMb: number): Promise<Grown> {
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
	const verify = ourVerify(bench, archive);
	const timings = await race(
		{ ...bench, rounds },
		{ backup: ourBackup(bench, library), verify, restore },
	);
	const { medianSeconds, madeBytes } = timings.backup;
	const row = [
		sizeMb < 1_000 ? `${sizeMb} MB` : `${sizeMb / 1_000} GB`,
		seconds(medianSeconds),
		megabytes((sizeMb * 1e6) / medianSeconds),
		seconds(timings.restore.medianSeconds),
		seconds(timings.verify.medianSeconds),
		megabytes(madeBytes),
		megabytes(backupPeaks.memoryBytes),
		megabytes(restorePeaks.memoryBytes),
		megabytes(announced.required_bytes),
		megabytes(backupPeaks.scratchBytes),
	];
	return {
		sizeMb,
		seconds: {
			backup: medianSeconds,
			verify: timings.verify.medianSeconds,
			restore: timings.restore.medianSeconds,
		},
		memoryBytes: Math.max(backupPeaks.memoryBytes, restorePeaks.memoryBytes),
		row,
	};
}
