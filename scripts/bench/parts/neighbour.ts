// What a backup costs a VPO that writes all the time: its commits, timed while a backup runs and while none does.
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { temporaryFolder } from "../folders.ts";
import { run } from "../measure.ts";
import { backupCommand } from "../ours.ts";
import { type Findings, ratioTarget, seconds } from "../report.ts";
import { copyLibrary, sampleLibrary } from "../samples.ts";

const commitsPerSecond = 1_000;
const restMs = 2_000;
const mostWaitMs = 50;
const writer = join(import.meta.dir, "../writer.ts");

type Commit = readonly [beganMs: number, tookMs: number];

/** Backs up a library of 100 MB again and again while somebody writes it. */
export async function benchNeighbour(bench: Bench): Promise<Findings> {
	const library = await sampleLibrary(bench, 100);
	using folder = temporaryFolder(join(bench.scratch, "neighbour-"));
	const live = copyLibrary(library, folder.path);
	const child = Bun.spawn(
		[process.execPath, writer, live, String(commitsPerSecond)],
		{ stdin: "pipe", stdout: "pipe", signal: bench.signal },
	);
	const windows: (readonly [number, number])[] = [];
	await Bun.sleep(restMs * 2);
	for (let round = 0; round < bench.rounds; round++) {
		using made = temporaryFolder(join(bench.scratch, "beside-"));
		const beganMs = Date.now();
		await run(bench, backupCommand(bench, live, made.path), made.path);
		windows.push([beganMs, Date.now()]);
		await Bun.sleep(restMs);
	}
	child.stdin.end();
	const commits = (await new Response(child.stdout).json()) as Commit[];
	await child.exited;
	// The first second goes to opening the library.
	const warm = commits.slice(commitsPerSecond);
	const isBeside = ([at]: Commit) =>
		windows.some(([from, to]) => at >= from && at <= to);
	const beside = spread(warm.filter(isBeside));
	const alone = spread(warm.filter((commit) => !isBeside(commit)));
	const ratio = beside.medianMs / alone.medianMs;
	return {
		targets: [
			ratioTarget(
				"median commit while a backup of 100 MB runs",
				"the same writer alone",
				ratio,
				1.1,
			),
			{
				what: "longest commit while a backup of 100 MB runs",
				against: `the same writer alone: ${seconds(alone.longestMs / 1000)}`,
				measured: seconds(beside.longestMs / 1000),
				target: `≤ ${mostWaitMs} ms`,
				isMet: beside.longestMs <= mostWaitMs,
			},
		],
		tables: [
			{
				title: `A neighbour that commits ${commitsPerSecond.toLocaleString("en-US")} times a second`,
				columns: ["", "commits", "median", "99 of 100", "longest"],
				rows: [row("alone", alone), row("while a backup runs", beside)],
			},
		],
	};
}

interface Spread {
	readonly count: number;
	readonly medianMs: number;
	readonly mostMs: number;
	readonly longestMs: number;
}

function spread(commits: readonly Commit[]): Spread {
	const sorted = commits.map(([, took]) => took).sort((a, b) => a - b);
	const at = (part: number) =>
		sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN;
	return {
		count: sorted.length,
		medianMs: at(0.5),
		mostMs: at(0.99),
		longestMs: at(1),
	};
}

function row(
	name: string,
	{ count, medianMs, mostMs, longestMs }: Spread,
): string[] {
	return [
		name,
		count.toLocaleString("en-US"),
		`${(medianMs * 1000).toFixed(0)} µs`,
		seconds(mostMs / 1000),
		seconds(longestMs / 1000),
	];
}
