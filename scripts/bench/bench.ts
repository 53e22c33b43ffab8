// What every part of the benchmark is given: the program under test, a scratch folder and sample libraries.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./measure.ts";

/** The setting of one benchmark run. */
export type Bench = {
	/** The compiled program under test. */
	readonly vpo: string;
	readonly scratch: string;
	/** Ends the command that is running, and with it the benchmark. */
	readonly signal: AbortSignal;
	/** Timed rounds of each comparison, at least 1. */
	readonly rounds: number;
	/** The sizes of the libraries that cost is shown for, ascending. */
	readonly growthMb: readonly number[];
	/** The sizes of the two libraries whose peak memory is compared. */
	readonly memoryMb: readonly [number, number];
};

const samples = join(import.meta.dir, "../sample.ts");

/** The path of a sample library of the given size in a folder of its own, made when first asked for. */
export async function sampleLibrary(
	bench: Bench,
	sizeMb: number,
): Promise<string> {
	const path = join(bench.scratch, `library-${sizeMb}`, "library.db");
	if (!existsSync(path)) {
		console.error(`  making a library of ${sizeMb} MB`);
		mkdirSync(dirname(path), { recursive: true });
		// In a process of its own, so that its memory does not stay with the benchmark.
		const argv = [process.execPath, samples, path, String(sizeMb)];
		await run(bench, argv, bench.scratch);
	}
	return path;
}

/** Copies a library into `folder`, where a restore may replace it. */
export function copyLibrary(library: string, folder: string): string {
	const copy = join(folder, "live", "library.db");
	mkdirSync(dirname(copy));
	copyFileSync(library, copy);
	return copy;
}
