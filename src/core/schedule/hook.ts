// Runs a command of the user's when something has happened: bounded in time, and gone afterwards with all it started.

import { resolve } from "node:path";
import type { Environment } from "../../ground/settings.ts";

export interface HookOptions {
	readonly environment: Environment;
	readonly timeoutMs: number;
	readonly signal?: AbortSignal | undefined;
}

const STDERR = 2;
const STANDARD_PATH = "/usr/local/bin:/usr/bin:/bin";
/** A command that was told to end gets so long for it. */
const GRACE_MS = 1000;

/**
 * Runs a shell command with `stdin` as its input; both of its outputs go to our stderr.
 * @returns null if it succeeded, else what went wrong
 */
export async function runHook(
	command: string,
	stdin: string,
	{ environment, timeoutMs, signal }: HookOptions,
): Promise<string | null> {
	if (signal?.aborted) return "interrupted before it began";
	const PATH = environment.PATH || STANDARD_PATH;
	const shell = Bun.which("sh", { PATH });
	if (shell === null) {
		return "there is no shell (sh) here to run it, as in a minimal container";
	}
	const child = Bun.spawn([resolve(shell), "-c", command], {
		env: { ...environment },
		stdin: new Blob([stdin]),
		stdout: STDERR,
		stderr: "inherit",
		// A process group of its own, so that what the shell started ends with it.
		detached: true,
	});
	let stopReason: string | null = null;
	let killTimer: Timer | undefined;
	const stop = (reason: string) => {
		if (stopReason !== null) return;
		stopReason = reason;
		signalGroup(child.pid, "SIGTERM");
		killTimer = setTimeout(signalGroup, GRACE_MS, child.pid, "SIGKILL");
	};
	const onAbort = () => stop("interrupted");
	const seconds = timeoutMs / 1000;
	const onTimeout = () => stop(`ended, as it took longer than ${seconds} s`);
	signal?.addEventListener("abort", onAbort, { once: true });
	const timer = setTimeout(onTimeout, timeoutMs);
	try {
		const exitCode = await child.exited;
		if (stopReason !== null) {
			// What the shell started may have ignored the first signal.
			signalGroup(child.pid, "SIGKILL");
			return stopReason;
		}
		if (child.signalCode) return `ended by ${child.signalCode}`;
		return exitCode === 0 ? null : `exit code ${exitCode}`;
	} finally {
		clearTimeout(timer);
		clearTimeout(killTimer);
		signal?.removeEventListener("abort", onAbort);
	}
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
	try {
		process.kill(-pid, signal);
	} catch {
		// It has ended by itself.
	}
}
