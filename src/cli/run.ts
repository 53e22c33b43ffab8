// From argv to an exit code: runs one call of the program, and reports whatever goes wrong.

import { settleZone } from "../core/schedule/zone.ts";
import { type End, leaving } from "../ground/process.ts";
import { removeHeld } from "../ground/scratch.ts";
import type { Environment } from "../ground/settings.ts";
import { before } from "./arguments/words.ts";
import { dispatch } from "./dispatch.ts";
import { Output } from "./output.ts";
import { describeCommands } from "./root.ts";

/** How long to wait for a file system that may hang, once the work has been given up. */
const TIDYING_MS = 2000;
const LAST_MS = 500;

/**
 * Runs one call of the program. Never throws.
 * @param argv without the program's own name
 * @param environment the process's own: TZ is set in it where its zone is written in a way that only the C library reads
 * @returns the exit code
 */
export async function run(
	argv: readonly string[],
	environment: Environment & { TZ?: string | undefined },
	{ signal, deadline }: End,
): Promise<number> {
	// Who writes --json=yes reads JSON as well, in which we say that it takes no value.
	const isJson = before(argv, "--").some((word) => /^--json(=|$)/.test(word));
	const output = new Output(isJson, environment, signal);
	try {
		signal.throwIfAborted();
		const now = new Date();
		const zoneWarning = settleZone(environment, now);
		if (zoneWarning !== null) await output.warn([zoneWarning]);
		const work = dispatch(argv, {
			environment,
			output,
			signal,
			now,
			warnings: [],
			describeCommands,
		});
		return await Promise.race([work, rejected(deadline)]);
	} catch (error) {
		if (!signal.aborted) return await output.failure(error);
		// What a signal breaks off fails in many ways; the signal is the reason.
		const left = await removeHeld(deadline.aborted ? LAST_MS : TIDYING_MS);
		const { reason } = deadline.aborted ? deadline : signal;
		return await output.failure(leaving(reason, left));
	}
}

/** Rejects with the signal's reason, when it comes. */
function rejected(signal: AbortSignal): Promise<never> {
	const { promise, reject } = Promise.withResolvers<never>();
	signal.addEventListener("abort", () => reject(signal.reason), { once: true });
	return promise;
}
