// A snapshot of the live library: copied as of one moment by one thread, while another one looks at the library itself.

import { rm } from "node:fs/promises";
import { exists } from "../../ground/paths.ts";
import { canWrite, damagedError, type LockOptions } from "./library.ts";
import { patientlyReading, whileLocked } from "./patience.ts";
import type { Sqlite } from "./sqlite-start.ts";

/**
 * Copies the library as of one moment into the new file `to`. Meanwhile the second thread looks at the library's own
 * structure: a copy gets new pages, in which damage of the old ones no longer shows.
 * @throws AppError DATABASE_ERROR: it is damaged; DATABASE_LOCKED after the timeout
 */
export async function takeSnapshot(
	[sqlite, beside]: readonly [Sqlite, Sqlite],
	path: string,
	to: string,
	options: LockOptions,
): Promise<void> {
	const work = async (isImmutable: boolean) => {
		if (await exists(to)) await rm(to); // an attempt that was in vain
		// The check begins no later than the copy: what it saw whole, the copy has from there or from a later commit.
		const checking = beside.call("findStructureDamage", path, isImmutable);
		const copying = sqlite.call("snapshot", path, to, isImmutable);
		await settle(path, checking, copying);
	};
	// Whoever may write here reads under SQLite's own locks, which nobody can slip past.
	if (await canWrite(path)) {
		await whileLocked(path, options, () => work(false));
	} else await patientlyReading(path, options, work);
}

// Waits for both, so that no attempt meets the one before. What the check found says more than a copy that failed of it.
async function settle(
	path: string,
	checking: Promise<string>,
	copying: Promise<void>,
): Promise<void> {
	const [checked, copied] = await Promise.allSettled([checking, copying]);
	if (checked.status === "fulfilled" && checked.value !== "") {
		throw damagedError(path, checked.value);
	}
	for (const { reason } of [copied, checked].filter(isRejected)) throw reason;
}

function isRejected(
	outcome: PromiseSettledResult<unknown>,
): outcome is PromiseRejectedResult {
	return outcome.status === "rejected";
}
