// Times whole commands as a user would see them: fresh folders, interleaved rounds, medians.
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { temporaryFolder } from "./folders.ts";

/** One way to do a job. */
export type Contender = {
	readonly name: string;
	/** Prepares `folder`, untimed and fresh for each run, and returns the command to time. */
	readonly command: (folder: string) => readonly string[];
	/** The number of bytes that the command made in `folder`. */
	readonly madeBytes?: (folder: string) => number;
};

/** What came of one contender. */
export type Timing = {
	readonly name: string;
	readonly medianSeconds: number;
	readonly minSeconds: number;
	readonly maxSeconds: number;
	/** Processor time of the last run, all cores and children together. */
	readonly cpuSeconds: number;
	readonly madeBytes: number;
};

/** The environment of a measured command: a home and a temporary folder of its own and no VPO settings. */
export function cleanEnvironment(folder: string): Record<string, string> {
	const inherited = Object.entries(process.env).filter(
		(entry): entry is [string, string] =>
			entry[1] !== undefined && !entry[0].startsWith("VPO_"),
	);
	return {
		...Object.fromEntries(inherited),
		HOME: folder,
		TMPDIR: folder,
		NO_COLOR: "1",
		LC_ALL: "C.UTF-8",
	};
}

/**
 * Runs a command to its end and returns its standard output. Throws with the end of its standard error when it fails,
 * which an abort by `signal` makes it do.
 */
export async function run(
	bench: Pick<Bench, "signal">,
	argv: readonly string[],
	folder: string,
): Promise<string> {
	return (await execute(bench, argv, folder)).stdout;
}

async function execute(
	{ signal }: Pick<Bench, "signal">,
	argv: readonly string[],
	folder: string,
) {
	const child = Bun.spawn([...argv], {
		cwd: folder,
		env: cleanEnvironment(folder),
		stdin: "ignore",
		stderr: "pipe",
		signal,
	});
	const [stdout, stderr] = await Promise.all([
		child.stdout.text(),
		child.stderr.text(),
		child.exited,
	]);
	if (child.exitCode === 0) {
		const cpuMicroseconds = Number(child.resourceUsage()?.cpuTime.total ?? 0);
		return { stdout, cpuSeconds: cpuMicroseconds / 1e6 };
	}
	const end = child.signalCode ?? `exit code ${child.exitCode}`;
	throw new Error(`${argv.join(" ")}: ${end}\n${stderr.trim().slice(-500)}`);
}

/**
 * Runs every contender once to warm up, then `rounds` times, in turn (A B C A B C …), so that a change in the
 * machine's load meets all of them. The disk is settled before each run: none pays for another's writes.
 */
export async function race<Name extends string>(
	bench: Pick<Bench, "scratch" | "rounds" | "signal">,
	contenders: Readonly<Record<Name, Contender>>,
): Promise<Record<Name, Timing>> {
	const entries = Object.entries<Contender>(contenders);
	const seconds = new Map<string, number[]>();
	const last = new Map<string, { cpuSeconds: number; madeBytes: number }>();
	for (let round = 0; round <= bench.rounds; round++) {
		for (const [key, contender] of entries) {
			using folder = temporaryFolder(join(bench.scratch, "run-"));
			const argv = contender.command(folder.path);
			await run(bench, ["sync"], folder.path);
			const startedMs = performance.now();
			const { cpuSeconds } = await execute(bench, argv, folder.path);
			const elapsed = (performance.now() - startedMs) / 1000;
			if (round > 0) seconds.set(key, [...(seconds.get(key) ?? []), elapsed]);
			const madeBytes = contender.madeBytes?.(folder.path) ?? 0;
			last.set(key, { cpuSeconds, madeBytes });
		}
	}
	const timings = entries.map(([key, { name }]) => {
		const timing = {
			name,
			...summarize(seconds.get(key) ?? []),
			...(last.get(key) ?? { cpuSeconds: 0, madeBytes: 0 }),
		};
		console.error(`  ${name}: ${timing.medianSeconds.toFixed(3)} s`);
		return [key, timing] as const;
	});
	return Object.fromEntries(timings) as Record<Name, Timing>;
}

function summarize(seconds: readonly number[]) {
	const sorted = seconds.toSorted((a, b) => a - b);
	const middle = (sorted.length - 1) / 2;
	const at = (index: number) => sorted[index] ?? Number.NaN;
	return {
		medianSeconds: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
		minSeconds: at(0),
		maxSeconds: at(sorted.length - 1),
	};
}
