// The process as the system sees it: what signals ask of it, what nobody catches, and how much it takes from others.

import { closeSync, openSync, readFileSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";
import { AppError, fileError } from "./errors.ts";

const ECHO_MS = 1000;
const LAST_WORDS_MS = 5000;
/** For taking back what is half-done and telling others of it; containers and services are killed after 10 s. */
const LAST_WORK_MS = 7000;
/** For work to take back what is half-done, after a signal. */
const GRACE_MS = 2500;
/** A third of the processor time of a thread with priority BELOW_NORMAL, where both want it. */
const FURTHER_BELOW = 15;
const FILE_THREADS = "16";
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** What ends a run from outside. */
export interface End {
	/** Fires on a signal, with INTERRUPTED, and on an error that nobody caught, with that: the run takes everything back and ends. */
	readonly signal: AbortSignal;
	/** Fires later, with the same reason, where the run doesn't come to its end: on a second signal, or when its time is up. Nothing is waited for any more. */
	readonly deadline: AbortSignal;
}

const run = new AbortController();

/** Whether a signal has come: everything ends soon. */
export function isEnding(): boolean {
	return run.signal.aborted;
}

/** Takes over what would end the process. */
export function watchProcess(): End {
	const last = new AbortController();
	let signalledAt = Number.NEGATIVE_INFINITY;
	for (const [name, exitCode] of Object.entries(SIGNALS)) {
		if (name === "SIGHUP" && isHangupIgnored()) continue; // nohup vpo library backup
		process.on(name, () => {
			const abandon = () => last.abort(abandoned(name, exitCode));
			if (run.signal.aborted) {
				// The second one means it: whatever hangs, hangs no longer. One that comes along with the first is its echo:
				// systemd and terminals signal a whole group, and `schedule --run` passes on what it gets.
				if (performance.now() - signalledAt > ECHO_MS) abandon();
				return;
			}
			signalledAt = performance.now();
			const message = `interrupted by ${name}; everything half-done was removed`;
			run.abort(new AppError("INTERRUPTED", message, { exitCode }));
			// timeout(1) and service managers send no second one before they kill.
			setTimeout(abandon, LAST_WORK_MS);
		});
	}
	// A bug that no `catch` sees still gets its short message, and its JSON.
	for (const event of ["uncaughtException", "unhandledRejection"]) {
		process.on(event, (error) => {
			run.abort(error);
			setTimeout(() => last.abort(error), LAST_WORDS_MS);
		});
	}
	return { signal: run.signal, deadline: last.signal };
}

function abandoned(signal: string, exitCode: number): AppError {
	return new AppError(
		"INTERRUPTED",
		`interrupted by ${signal} before all half-done was removed`,
		{ exitCode, hint: "the next run removes what this one left" },
	);
}

/**
 * Waits for work that ends by itself soon after the signal. A call of a file system that hangs never does: then nobody
 * waits for it any more.
 * @throws what the work throws; the signal's reason, when its time is up
 */
export async function withGrace<T>(
	work: Promise<T>,
	signal: AbortSignal,
): Promise<T> {
	const { promise: late, reject } = Promise.withResolvers<never>();
	let timer: Timer | undefined;
	const start = () => {
		timer = setTimeout(() => reject(signal.reason), GRACE_MS);
	};
	signal.addEventListener("abort", start, { once: true });
	if (signal.aborted) start();
	try {
		return await Promise.race([work, late]);
	} finally {
		clearTimeout(timer);
		signal.removeEventListener("abort", start);
	}
}

/** What an interruption is reported as where this is left of it. */
export function leaving(reason: unknown, paths: readonly string[]): unknown {
	if (!(reason instanceof AppError) || paths.length === 0) return reason;
	const { code, exitCode, message } = reason;
	const [what] = message.split(";");
	const left = paths.join(", ");
	return new AppError(code, `${what}; this could not be removed: ${left}`, {
		exitCode,
		hint: "the next run removes it",
	});
}

/**
 * Makes sure that so many files can be opened: what Bun can't open for a thread of its own ends the process without a word.
 * @throws AppError OPERATION_FAILED
 */
export function requireDescriptors(count: number): void {
	const opened: number[] = [];
	try {
		while (opened.length < count) opened.push(openSync("/", "r"));
	} catch (cause) {
		throw fileError(
			"cannot start a thread",
			cause,
			"allow more: ulimit -n 256",
		);
	} finally {
		for (const descriptor of opened) closeSync(descriptor);
	}
}

/** Lets others go first: a NAS is busy with other things. Counts for this thread and those that it starts from now on. */
export function lowerPriority(): void {
	setNice(constants.priority.PRIORITY_BELOW_NORMAL);
}

/** For work that many threads share: the one thread that nobody can help goes before them. */
export function lowerPriorityFurther(): void {
	setNice(FURTHER_BELOW);
}

/**
 * Lets so many threads wait for files: Bun has one for each core, and on a share they wait all the time. Counts where no
 * file was asked for yet; without the C library all goes on as before.
 */
export async function waitForManyFiles(): Promise<void> {
	const { setEngineVariable } = await import("./libc.ts"); // not for --version
	await setEngineVariable("UV_THREADPOOL_SIZE", FILE_THREADS).catch(
		() => undefined,
	);
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
