// How much time, memory and disk space a statement may take, and who looks.

import { readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { AppError } from "../../../ground/errors.ts";
import { formatBytes } from "../../../ground/units.ts";

/** What the whole program may take while a statement runs: several times what any sensible one needs. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Of files for what does not fit into memory: enough to sort all of a library that is larger than any seen. */
const MOST_SCRATCH_BYTES = 2 * 1024 * 1024 * 1024;

const LOOK_EVERY_MS = 10;
/** Of the looks: files take longer to grow. */
const LOOK_AT_FILES_EVERY = 20;

export interface Bounds extends Disposable {
	/** Aborted once one is exceeded, its reason an AppError OPERATION_FAILED. */
	readonly signal: AbortSignal;
}

/**
 * Watches from now on until disposed of.
 * @param scratch where the files are
 */
export function watchBounds(
	timeoutMs: number,
	scratch: string,
	mostScratchBytes = MOST_SCRATCH_BYTES,
): Bounds {
	const limit = new AbortController();
	const endsAt = performance.now() + timeoutMs;
	let looks = 0;
	const timer = setInterval(() => {
		const looksAtFiles = looks++ % LOOK_AT_FILES_EVERY === 0;
		if (performance.now() > endsAt) {
			limit.abort(
				tooMuch(
					`longer than ${timeoutMs / 1000} s`,
					", or give it more time with --timeout SECONDS",
				),
			);
		} else if (process.memoryUsage.rss() > MOST_BYTES) {
			limit.abort(tooMuch(`more than ${formatBytes(MOST_BYTES)} of memory`));
		} else if (looksAtFiles && openBytes(scratch) > mostScratchBytes) {
			const most = formatBytes(mostScratchBytes);
			limit.abort(tooMuch(`more than ${most} of disk space`));
		} else return;
		clearInterval(timer);
	}, LOOK_EVERY_MS);
	return {
		signal: limit.signal,
		[Symbol.dispose]: () => clearInterval(timer),
	};
}

function tooMuch(what: string, orElse = ""): AppError {
	return new AppError("OPERATION_FAILED", `the statement took ${what}`, {
		hint: `narrow it${orElse}`,
	});
}

// SQLite removes the names of its own files at once. Where Linux tells nothing of them, the file system's end is the limit.
function openBytes(folder: string): number {
	try {
		const real = realpathSync(folder);
		return readdirSync("/proc/self/fd")
			.map((fd) => bytesOf(`/proc/self/fd/${fd}`, real))
			.reduce((sum, bytes) => sum + bytes, 0);
	} catch {
		return 0;
	}
}

function bytesOf(fd: string, folder: string): number {
	try {
		const path = readlinkSync(fd);
		const isOne = path.startsWith(`${folder}/`) && path.endsWith(" (deleted)");
		return isOne ? statSync(fd).blocks * 512 : 0;
	} catch {
		return 0; // closed meanwhile
	}
}
