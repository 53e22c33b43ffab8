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
	const takenBytes = () => {
		const sizes = new Map<string, number>();
		for (const path of watched) collectSizes(path, sizes);
		return sizes.values().reduce((sum, bytes) => sum + bytes, 0);
	};
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

/** Space on disk by inode: a file under two names takes its space once. What disappears meanwhile counts as nothing. */
function collectSizes(folder: string, sizes: Map<string, number>): void {
	for (const entry of readFolder(folder)) {
		const path = join(folder, entry.name);
		const stat = statSync(path, { throwIfNoEntry: false });
		if (entry.isDirectory()) collectSizes(path, sizes);
		else if (stat) sizes.set(`${stat.dev}:${stat.ino}`, stat.blocks * 512);
	}
}

function readFolder(folder: string) {
	try {
		return readdirSync(folder, { withFileTypes: true });
	} catch {
		return [];
	}
}
