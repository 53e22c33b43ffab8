// Sample libraries for the benchmark, each made when it is first asked for.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Bench } from "./bench.ts";
import { run } from "./measure.ts";

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
