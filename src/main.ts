// argv in, exit code out; the only file that ends the process.

import { constants, setPriority } from "node:os";
import { run } from "./cli/run.ts";
import { AppError } from "./errors.ts";

const controller = new AbortController();
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
for (const [name, exitCode] of Object.entries(signals)) {
	process.on(name, () => {
		// The second one means it: whatever hangs, hangs no longer.
		if (controller.signal.aborted) process.exit(exitCode);
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
