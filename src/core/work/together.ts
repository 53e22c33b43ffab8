// Things done side by side that fail as one: the first failure stops the others, and nothing goes on behind our back.

import { AppError } from "../../ground/errors.ts";

/**
 * Runs all tasks at the same time and waits until each has ended.
 * @throws what failed first; the others' signal has fired then, and they have ended too. Where nobody interrupted us, an
 * interruption is what the other failure did, even if it shows before that.
 */
export async function together<A, B>(
	signal: AbortSignal | undefined,
	first: (signal: AbortSignal) => Promise<A>,
	second: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
	const stop = new AbortController();
	const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
	const failures: unknown[] = [];
	const run = async <T>(task: (signal: AbortSignal) => Promise<T>) => {
		try {
			return await task(either);
		} catch (error) {
			failures.push(error);
			stop.abort(error);
			throw error;
		}
	};
	const [one, two] = await Promise.allSettled([run(first), run(second)]);
	if (one.status === "fulfilled" && two.status === "fulfilled") {
		return [one.value, two.value];
	}
	const isCause = signal?.aborted ? () => true : isNoInterruption;
	throw failures.find(isCause) ?? failures[0];
}

function isNoInterruption(error: unknown): boolean {
	return !(error instanceof AppError && error.code === "INTERRUPTED");
}
