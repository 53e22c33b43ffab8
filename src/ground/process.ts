// The process as the system sees it: what signals ask of it, what nobody catches, and how much it takes from others.

import { readFileSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";
import { AppError } from "./errors.ts";

const ECHO_MS = 1000;
const LAST_WORDS_MS = 5000;
/** A third of the processor time of a thread with priority BELOW_NORMAL, where both want it. */
const FURTHER_BELOW = 15;
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Takes over what would end the process.
 * @param exit called where nothing else helps any more
 * @returns fires on a signal, with INTERRUPTED, and on an error that nobody caught, with that
 */
export function watchProcess(exit: (code: number) => void): AbortSignal {
	const controller = new AbortController();
	let signalledAt = Number.NEGATIVE_INFINITY;
	for (const [name, exitCode] of Object.entries(SIGNALS)) {
		if (name === "SIGHUP" && isHangupIgnored()) continue; // nohup vpo library backup
		process.on(name, () => {
			// The second one means it: whatever hangs, hangs no longer. One that comes along with the first is its echo:
			// systemd and terminals signal a whole group, and `schedule --run` passes on what it gets.
			if (controller.signal.aborted) {
				if (performance.now() - signalledAt > ECHO_MS) exit(exitCode);
				return;
			}
			signalledAt = performance.now();
			const message = `interrupted by ${name}; everything half-done was removed`;
			controller.abort(new AppError("INTERRUPTED", message, { exitCode }));
		});
	}
	// A bug that no `catch` sees still gets its short message, and its JSON.
	for (const event of ["uncaughtException", "unhandledRejection"]) {
		process.on(event, (error) => {
			controller.abort(error);
			setTimeout(() => exit(1), LAST_WORDS_MS).unref();
		});
	}
	return controller.signal;
}

/** Lets others go first: a NAS is busy with other things. Counts for this thread and those that it starts from now on. */
export function lowerPriority(): void {
	setNice(constants.priority.PRIORITY_BELOW_NORMAL);
}

/** For work that many threads share: the one thread that nobody can help goes before them. */
export function lowerPriorityFurther(): void {
	setNice(FURTHER_BELOW);
}

// Linux takes process 0 for the calling thread.
function setNice(nice: number): void {
	try {
		setPriority(0, Math.max(nice, getPriority(0)));
	} catch {
		// Where priorities can't be lowered we work all the same.
	}
}

// A handler of ours would end what nohup wants to live on.
function isHangupIgnored(): boolean {
	try {
		const status = readFileSync("/proc/self/status", "utf8");
		const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
		return (BigInt(`0x${mask}`) & 1n) === 1n;
	} catch {
		return false;
	}
}
