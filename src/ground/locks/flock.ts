// flock(2) on an open file.

import { constants, openSync } from "node:fs";
import { fileLocker } from "../libc.ts";

/** What came of asking for a lock: "held": another process has it; "unknown": there are no locks here. */
export type Answer = "ours" | "held" | "unknown";

/** An open file on which a lock was asked for. It is given up when the descriptor is closed. */
export interface Asked {
	readonly descriptor: number;
	readonly answer: Answer;
}

/**
 * Asks for the lock of an existing file without waiting for its holder; the file system may keep this thread all the same.
 * @throws a system error: the file can't be opened for writing
 */
export async function askForLock(path: string): Promise<Asked> {
	const { O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants;
	const lock = await fileLocker();
	const descriptor = openSync(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
	return { descriptor, answer: lock(descriptor) };
}
