// Peak memory of backup and restore, of a library and of one twenty times as large.
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { archiveIn, temporaryFolder } from "../folders.ts";
import { backupCommand, ourRestore } from "../ours.ts";
import { measurePeaks } from "../peaks.ts";
import { type Findings, megabytes, type Target } from "../report.ts";
import { sampleLibrary } from "../samples.ts";

const limitBytes = 160e6;

/** Measures both sizes. */
export async function benchMemory(bench: Bench): Promise<Findings> {
	const [smallMb, largeMb] = bench.memoryMb;
	const small = await peakMemory(bench, smallMb);
	const large = await peakMemory(bench, largeMb);
	return {
		targets: [
			...targets("backup", bench.memoryMb, small.backup, large.backup),
			...targets("restore", bench.memoryMb, small.restore, large.restore),
		],
	};
}

/** The middle one of three: when garbage is collected is a matter of chance. */
async function peakMemory(bench: Bench, sizeMb: number) {
	const peaks = [];
	for (let round = 0; round < 3; round++) {
		peaks.push(await peakMemoryOnce(bench, sizeMb));
	}
	return {
		backup: middle(peaks.map(({ backup }) => backup)),
		restore: middle(peaks.map(({ restore }) => restore)),
	};
}

function middle(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function peakMemoryOnce(bench: Bench, sizeMb: number) {
	const library = await sampleLibrary(bench, sizeMb);
	using made = temporaryFolder(join(bench.scratch, "memory-"));
	const backup = backupCommand(bench, library, made.path);
	const { memoryBytes } = await measurePeaks(bench, backup, made.path, []);
	const archive = archiveIn(made.path);
	using live = temporaryFolder(join(bench.scratch, "memory-live-"));
	const restore = ourRestore(bench, archive, library, "--no-safety-backup");
	const command = restore.command(live.path);
	const peaks = await measurePeaks(bench, command, live.path, []);
	return { backup: memoryBytes, restore: peaks.memoryBytes };
}

function targets(
	what: string,
	[smallMb, largeMb]: Bench["memoryMb"],
	small: number,
	large: number,
): Target[] {
	const most = Math.max(small, large);
	return [
		{
			what: `peak memory of ${what}, ${smallMb} MB and ${largeMb} MB`,
			against: "",
			measured: `${megabytes(small)}, ${megabytes(large)}`,
			target: `≤ ${megabytes(limitBytes)}`,
			isMet: most <= limitBytes,
		},
		{
			what: `peak memory of ${what}, ${largeMb} MB`,
			against: `${smallMb} MB`,
			measured: (large / small).toFixed(2),
			target: "0.90 – 1.10",
			isMet: large / small <= 1.1 && large / small >= 0.9,
		},
	];
}
