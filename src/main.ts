// argv in, exit code out; the only file that ends the process.

import { readFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { run } from "./cli/run.ts";
import { AppError } from "./errors.ts";

const controller = new AbortController();
const ECHO_MS = 1000;
let signalledAt = Number.NEGATIVE_INFINITY;
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
for (const [name, exitCode] of Object.entries(signals)) {
	if (name === "SIGHUP" && isHangupIgnored()) continue; // nohup vpo library backup
	process.on(name, () => {
		// The second one means it: whatever hangs, hangs no longer. One that comes along with the first is its echo:
		// systemd and terminals signal a whole group, and `schedule --run` passes on what it gets.
		if (controller.signal.aborted) {
			if (performance.now() - signalledAt > ECHO_MS) process.exit(exitCode);
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
		setTimeout(() => process.exit(1), 5000).unref();
	});
}

try {
	setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
	// A NAS is busy with other things, but where priorities can't be lowered we work all the same.
}

process.exit(await run(process.argv.slice(2), process.env, controller.signal));

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
