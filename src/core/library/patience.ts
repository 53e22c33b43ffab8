// Waiting, with a limit, for a library that others have locked.

import { setTimeout as sleep } from "node:timers/promises";
import { abortable } from "../work/thread.ts";
import {
	closedState,
	isLocked,
	type LockOptions,
	lockedError,
	WAIT_LONGER,
} from "./library.ts";

const RETRY_MS = 50;

/**
 * Reads a library that nobody has open without locks and without a -shm, and reads it again if somebody opened it meanwhile.
 * @throws as `whileLocked`
 */
export function patientlyReading<T>(
	path: string,
	options: LockOptions,
	work: (isImmutable: boolean) => Promise<T>,
): Promise<T> {
	return whileLocked(path, options, async () => {
		const before = await closedState(path);
		const [outcome] = await Promise.allSettled([work(before !== null)]);
		if (before !== null && (await closedState(path)) !== before) {
			throw await lockedError(path);
		}
		if (outcome.status === "rejected") throw outcome.reason;
		return outcome.value;
	});
}

/**
 * Does the work again until nobody has the library locked, or the time is over.
 * @throws AppError DATABASE_LOCKED; and what the work throws
 */
export async function whileLocked<T>(
	path: string,
	{ lockTimeoutMs, signal }: LockOptions,
	work: () => Promise<T>,
): Promise<T> {
	const giveUpAt = performance.now() + lockTimeoutMs;
	for (;;) {
		try {
			return await abortable(work(), signal);
		} catch (error) {
			if (!isLocked(error)) throw error;
			if (performance.now() >= giveUpAt) {
				throw await lockedError(path, WAIT_LONGER);
			}
		}
		await sleep(RETRY_MS, undefined, signal ? { signal } : {}).catch(() =>
			signal?.throwIfAborted(),
		);
	}
}
