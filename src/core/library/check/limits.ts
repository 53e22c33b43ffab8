// How much time and memory a process may take, and who looks. Linux tells in /proc; where it doesn't, the clock decides alone.

import { readFileSync } from "node:fs";
import { AppError } from "../../../ground/errors.ts";

export interface Limits {
	/** More than the process has when it begins. */
	readonly memoryBytes: number;
	/** Of processor time, which a busy machine does not eat up. */
	readonly seconds: number;
}

/** A reason not to go on. */
export interface LimitWatch extends Disposable {
	/** Settles once a limit is exceeded, and never if none is. */
	readonly exceeded: Promise<void>;
	/** Which it was; null while none is. */
	readonly reason: AppError | null;
}

const MEMORY_BYTES = 512 * 1024 * 1024;
const LEAST_SECONDS = 60;
/** A check takes a hundredth of a second a megabyte, and on the slowest processors of a NAS ten times as much. */
const SECONDS_PER_BYTE = 0.25 / 1_000_000;
const POLL_MS = 20;
/** The kernel counts processor time for programs in these, on every machine (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** What the check of a library of this size may take at most. */
export function limitsFor(sizeBytes: number): Limits {
	return {
		memoryBytes: MEMORY_BYTES,
		seconds: LEAST_SECONDS + sizeBytes * SECONDS_PER_BYTE,
	};
}

/** Watches a process from now on until disposed of. */
export function watchLimits(pid: number, limits: Limits): LimitWatch {
	const { promise, resolve } = Promise.withResolvers<void>();
	const first = usageOf(pid);
	const watch = {
		exceeded: promise,
		reason: null as AppError | null,
		[Symbol.dispose]: () => clearInterval(timer),
	};
	const timer = setInterval(() => {
		const { memoryBytes, seconds } = usageOf(pid);
		if (memoryBytes - first.memoryBytes > limits.memoryBytes) {
			watch.reason = exceeds("memory");
		} else if (seconds - first.seconds > limits.seconds) {
			watch.reason = exceeds("time");
		} else return;
		clearInterval(timer);
		resolve();
	}, POLL_MS);
	return watch;
}

function exceeds(what: string): AppError {
	return new AppError(
		"INVALID_ARCHIVE",
		`checking library.db takes more ${what} than a library of its size can need`,
	);
}

/** Its resident memory, and the processor time it has taken; 0 and the clock's time where nobody tells. */
function usageOf(pid: number): { memoryBytes: number; seconds: number } {
	try {
		const status = readFileSync(`/proc/${pid}/status`, "latin1");
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
		// Fields 14 and 15; the command in field 2 may hold spaces and brackets.
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		const ticks = Number(fields[11]) + Number(fields[12]);
		return {
			memoryBytes: Number(kibibytes ?? 0) * 1024,
			seconds: ticks / TICKS_PER_SECOND,
		};
	} catch {
		return { memoryBytes: 0, seconds: performance.now() / 1000 };
	}
}
