// The most memory that a command had and the most disk space that it took, at any one time.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { run } from "./measure.ts";
import { peakMemoryCommand } from "./peers.ts";

/** Peaks of one command. */
export type Peaks = {
	readonly memoryBytes: number;
	readonly scratchBytes: number;
};

const pollMs = 10;

/** Runs a command with `folder` as its home; space is what `watched` folders gain. */
export async function measurePeaks(
	bench: Bench,
	argv: readonly string[],
	folder: string,
	watched: readonly string[],
): Promise<Peaks> {
	const takenBytes = () =>
		watched.reduce((sum, path) => sum + bytesIn(path), 0);
	const before = takenBytes();
	let most = before;
	const poll = setInterval(() => {
		most = Math.max(most, takenBytes());
	}, pollMs);
	try {
		const memoryBytes = Number(
			await run(bench, peakMemoryCommand(argv), folder),
		);
		return { memoryBytes, scratchBytes: most - before };
	} finally {
		clearInterval(poll);
	}
}

/** Space on disk under a folder; what disappears meanwhile counts as nothing. */
function bytesIn(folder: string): number {
	let sum = 0;
	for (const entry of readFolder(folder)) {
		const path = join(folder, entry.name);
		const stat = statSync(path, { throwIfNoEntry: false });
		sum += entry.isDirectory() ? bytesIn(path) : (stat?.blocks ?? 0) * 512;
	}
	return sum;
}

function readFolder(folder: string) {
	try {
		return readdirSync(folder, { withFileTypes: true });
	} catch {
		return [];
	}
}
