// Calls that may never return, and for which Bun has no asynchronous form or too few threads: each has a thread of its
// own, which is left to itself when its time is up.

import { requireDescriptors } from "../process.ts";
import type { Calls, Reply } from "./apart.worker.ts";

/** What a thread opens for itself. */
const DESCRIPTORS = 12;

/**
 * Makes one call in a thread of its own.
 * @returns its result, or null if it does not return in time
 * @throws what the call throws, as a system error
 */
export async function apart<K extends keyof Calls>(
	call: K,
	argument: Parameters<Calls[K]>[0],
	mostWaitMs: number,
): Promise<Awaited<ReturnType<Calls[K]>> | null> {
	requireDescriptors(DESCRIPTORS);
	const worker = new Worker(new URL("./apart.worker.ts", import.meta.url), {
		smol: true,
	});
	const replied = Promise.withResolvers<Reply<
		Awaited<ReturnType<Calls[K]>>
	> | null>();
	worker.onmessage = ({ data }) => replied.resolve(data);
	worker.onerror = ({ message }) => replied.reject(new Error(message));
	const timer = setTimeout(() => replied.resolve(null), mostWaitMs);
	worker.postMessage([call, argument]);
	try {
		const reply = await replied.promise;
		worker.unref();
		// Ending a thread that is deep in such a call would wait for it.
		if (reply === null) return null;
		worker.terminate();
		if ("result" in reply) return reply.result;
		throw Object.assign(new Error(reply.message), { code: reply.code });
	} finally {
		clearTimeout(timer);
	}
}
