// The program under trace.py, which counts its system calls that change files, and kills it, fails it or holds it at one.

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { python } from "./peer.ts";
import {
	binary,
	type Home,
	type Outcome,
	type RunOptions,
	run,
} from "./program.ts";

const SCRIPT = join(import.meta.dir, "trace.py");

/** "count", "kill", "hold", or an errno: "ENOSPC", and "ENOSPC+" from that call on. */
export type Action = "count" | "kill" | "hold" | `E${string}`;

export interface Fault {
	readonly action: Action;
	/** Counted from 1; or "rename:library.db", the first call of this name on a path with this end. */
	readonly at?: number | string;
}

export interface TraceOptions extends RunOptions, Fault {
	readonly also?: readonly Fault[];
	/** Only calls on files in here count; the home if left out. */
	readonly folder?: string;
}

export interface Traced extends Outcome {
	/** Each call that changes files: its name and its paths. */
	readonly calls: readonly string[];
}

/** Runs the binary under trace; its exit code is 137 if it was killed. */
export async function trace(
	home: Home,
	args: readonly string[],
	options: TraceOptions,
	log = newLog(home),
): Promise<Traced> {
	const outcome = await run(tracer(home, options, log), home, args, options);
	if (!existsSync(log)) throw new Error(`trace.py: ${outcome.stderr}`);
	const calls = readFileSync(log, "utf8").trimEnd().split("\n");
	rmSync(log);
	return { ...outcome, calls };
}

/** Runs the binary and has `meanwhile` run while it waits at the beginning of one call. */
export async function holding(
	home: Home,
	args: readonly string[],
	at: number | string,
	meanwhile: (pid: number) => Promise<void> | void,
	options: Partial<TraceOptions> = {},
): Promise<Traced> {
	const log = newLog(home);
	const running = trace(home, args, { ...options, action: "hold", at }, log);
	let isOver = false;
	const end = () => {
		isOver = true;
	};
	running.then(end, end);
	while (!existsSync(`${log}.held`)) {
		if (isOver)
			throw new Error(`it never came to ${at}: ${(await running).stderr}`);
		await Bun.sleep(2);
	}
	try {
		await meanwhile(Number(readFileSync(`${log}.held`, "utf8")));
	} finally {
		writeFileSync(`${log}.go`, "");
	}
	const traced = await running;
	for (const end of [".held", ".go"]) rmSync(log + end);
	return traced;
}

function tracer(
	home: Home,
	{ folder, also = [], ...first }: TraceOptions,
	log: string,
) {
	const files = [folder ?? home.path, log];
	const faults = [first, ...also].flatMap(({ action, at = 0 }) => [
		action,
		String(at),
	]);
	return {
		name: "traced",
		// -I -S: it needs nothing that is installed, and begins in half the time.
		command: [
			...[python(), "-I", "-S", SCRIPT, ...files, ...faults, "--"],
			...binary.command,
		],
	};
}

function newLog(home: Home): string {
	return home.at(`calls-${crypto.randomUUID()}.log`);
}
