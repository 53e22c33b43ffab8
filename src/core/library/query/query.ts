// Asks a library with a statement of somebody's own, within bounds. A statement can't be interrupted where it runs: what
// exceeds them is left behind in its thread, which ends with the process.

import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../../../ground/errors.ts";
import { formatBytes } from "../../../ground/units.ts";
import { abortable } from "../../work/thread.ts";
import type { Value } from "../compare/values.ts";
import { startSqlite } from "../sqlite-start.ts";

/** A library, and how it is to be opened. */
export interface Asked {
	readonly path: string;
	/** Whether nobody writes it: then it is read without locks. */
	readonly isImmutable: boolean;
	/** A private folder, for what does not fit into memory. */
	readonly scratch: string;
}

/** What comes back. */
export interface Answer {
	readonly columns: readonly string[];
	/** The rows, some at a time. */
	readonly batches: AsyncIterable<readonly (readonly Value[])[]>;
}

/** What the whole program may take while a statement runs: several times what any sensible one needs. */
const MOST_BYTES = 512 * 1024 * 1024;

const LOOK_EVERY_MS = 10;

/**
 * Runs one statement that only reads, and hands its rows to `use` as they come.
 * @throws AppError USAGE: it is wrong, or may write; OPERATION_FAILED: it takes too long, or too much memory; what `use` throws
 */
export async function ask<T>(
	{ path, isImmutable, scratch }: Asked,
	sql: string,
	timeoutMs: number,
	signal: AbortSignal | undefined,
	use: (answer: Answer) => Promise<T>,
): Promise<T> {
	using thread = startSqlite();
	const done = new AbortController();
	const limit = new AbortController();
	const stop = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
	watch(timeoutMs, limit, done.signal);
	try {
		const columns = await abortable(
			thread.call("openCursor", path, isImmutable, scratch, sql),
			stop,
		);
		const batches = async function* () {
			for (let isEnd = false; !isEnd; ) {
				const some = await abortable(thread.call("nextRows"), stop);
				isEnd = some.isEnd;
				if (some.rows.length > 0) yield some.rows;
			}
		};
		return await use({ columns, batches: batches() });
	} finally {
		done.abort();
		// One that is still at work ends with the process.
		if (!stop.aborted) await thread.call("closeCursor");
	}
}

async function watch(
	timeoutMs: number,
	limit: AbortController,
	done: AbortSignal,
): Promise<void> {
	const endsAt = performance.now() + timeoutMs;
	for (; !done.aborted; await sleep(LOOK_EVERY_MS)) {
		if (performance.now() > endsAt) limit.abort(tooLong(timeoutMs));
		else if (process.memoryUsage.rss() > MOST_BYTES) limit.abort(tooLarge());
		else continue;
		return;
	}
}

function tooLong(timeoutMs: number): AppError {
	return new AppError(
		"OPERATION_FAILED",
		`the statement took longer than ${timeoutMs / 1000} s`,
		{ hint: "narrow it, or give it more time with --timeout SECONDS" },
	);
}

function tooLarge(): AppError {
	return new AppError(
		"OPERATION_FAILED",
		`the statement took more than ${formatBytes(MOST_BYTES)} of memory`,
		{ hint: "narrow it, or take its rows with --csv" },
	);
}
