// A library that only we may read and write, for as long as we hold it: kept, replaced, or folded into its one file.

import { setTimeout as sleep } from "node:timers/promises";
import { abortable, type Thread } from "../../work/thread.ts";
import {
	isLocked,
	lockedError,
	requireLibraryFile,
	requireUnused,
} from "../library.ts";
import type { Missing } from "../missing/missing.ts";
import type { SqliteOperations } from "../sqlite.worker.ts";
import { giveTurn, takeBack } from "./turn.ts";

/** How long an interrupted replacement may take to end by itself; whoever opens the library next would end it else. */
const LAST_STEP_MS = 3000;

/** A library that only we may read and write. */
export interface LibraryLock extends AsyncDisposable {
	snapshot(to: string, signal?: AbortSignal): Promise<void>;
	/**
	 * Replaces all that the library holds by what the candidate does, in one transaction.
	 * @param isReady settles when nothing but the commit is left to be done: the candidate is proven by then
	 * @returns whether all of it is in the one file; if not, it is committed in the WAL beside it
	 * @throws AppError, and what `isReady` does; the library is unchanged then, or becomes so when somebody opens it next
	 */
	replace(
		candidatePath: string,
		isReady: Promise<unknown>,
		signal?: AbortSignal,
	): Promise<boolean>;
	/**
	 * Brings back what the library has lost against the candidate, in one transaction.
	 * @param scratch a private folder
	 * @param under only the file of this path, or the files below this folder, and what belongs to them
	 * @throws as `replace`
	 */
	bringBack(
		candidatePath: string,
		scratch: string,
		under: string | null,
		signal?: AbortSignal,
	): Promise<{ readonly missing: Missing; readonly isFolded: boolean }>;
	/** Ends its WAL: everything is in the one file then. */
	fold(): Promise<void>;
	unfold(): Promise<void>;
}

/**
 * Locks a library, or the file that is to become one, until the lock is disposed of.
 * @throws AppError DATABASE_LOCKED: somebody has it open, named where the system tells; DATABASE_ERROR: it can't be locked because it is damaged
 */
export async function lockLibrary(
	thread: Thread<SqliteOperations>,
	path: string,
): Promise<LibraryLock> {
	await requireUnused(path);
	await requireLibraryFile(path); // into an empty one SQLite would begin to write
	const lock = await thread.call("lock", path).catch(async (error) => {
		throw isLocked(error) ? await lockedError(path) : error;
	});
	let running = 0;
	const run = async <T>(work: Promise<T>): Promise<T> => {
		running++;
		return work.finally(() => running--);
	};
	return {
		snapshot: (to, signal) =>
			abortable(run(thread.call("snapshotLocked", lock, to)), signal),
		replace: (candidatePath, isReady, signal) =>
			transact(isReady, signal, (turn) =>
				run(thread.call("replace", lock, candidatePath, turn)),
			),
		bringBack: (candidatePath, scratch, under, signal) =>
			transact(Promise.resolve(), signal, (turn) =>
				run(
					thread.call("bringBack", lock, candidatePath, scratch, under, turn),
				),
			),
		fold: () => thread.call("fold", lock),
		unfold: () => thread.call("unfold", lock),
		async [Symbol.asyncDispose]() {
			// A thread that is still busy goes soon, and its lock with it.
			if (running === 0) await thread.call("unlock", lock);
		},
	};
}

// Work that is interrupted before it commits changes nothing; after that it is done.
async function transact<T>(
	isReady: Promise<unknown>,
	signal: AbortSignal | undefined,
	start: (turn: Int32Array) => Promise<T>,
): Promise<T> {
	signal?.throwIfAborted();
	const turn = new Int32Array(new SharedArrayBuffer(4));
	const ready = isReady.then(
		() => giveTurn(turn, true),
		(error) => {
			giveTurn(turn, false);
			throw error;
		},
	);
	const work = start(turn);
	// What is wrong with the candidate is said by who proves it, whatever it does to the work.
	const both = Promise.all([
		work.catch(async (error) => {
			await ready;
			throw error;
		}),
		ready,
	]);
	try {
		const [done] = await abortable(both, signal);
		return done;
	} catch (error) {
		// What is being committed is done; what is not ends at its next step.
		if (takeBack(turn)) return await work;
		await Promise.race([work.catch(() => undefined), sleep(LAST_STEP_MS)]);
		throw error;
	}
}
