// Asks a library with a statement of somebody's own, within bounds. A statement can't be interrupted where it runs: what
// exceeds them is left behind in its thread, which ends with the process.

import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../../../ground/errors.ts";
import { formatBytes } from "../../../ground/units.ts";
import { abortable } from "../../work/thread.ts";
import type { Value } from "../compare/values.ts";
import { type Sqlite, startSqlite } from "../sqlite-start.ts";

/** A library, and how it is to be opened. */
export interface Asked {
	readonly path: string;
	/** Whether nobody writes it: then it is read without locks, and without making a -wal and a -shm that would stay. */
	readonly isImmutable: boolean;
	/** Whether nobody has written it since. */
	readonly isAsItWas: () => Promise<boolean>;
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
	asked: Asked,
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
		return await use(await begin(thread, asked, sql, stop));
	} finally {
		done.abort();
		// One that is still at work ends with the process.
		if (!stop.aborted) await thread.call("closeCursor");
	}
}

/** Where somebody writes the library before the first rows are there, it is read once more, with locks. */
async function begin(
	thread: Sqlite,
	{ path, isImmutable, isAsItWas, scratch }: Asked,
	sql: string,
	stop: AbortSignal,
): Promise<Answer> {
	const open = async (isUnlocked: boolean) => {
		await abortable(thread.call("closeCursor"), stop);
		const columns = await abortable(
			thread.call("openCursor", path, isUnlocked, scratch, sql),
			stop,
		);
		return { columns, some: await abortable(thread.call("nextRows"), stop) };
	};
	const [first] = await Promise.allSettled([open(isImmutable)]);
	stop.throwIfAborted();
	const isRight = !isImmutable || (await isAsItWas());
	if (isRight && first.status === "rejected") throw first.reason;
	const { columns, some } =
		isRight && first.status === "fulfilled" ? first.value : await open(false);
	const batches = async function* () {
		for (let next = some; ; ) {
			if (next.rows.length > 0) yield next.rows;
			if (next.isEnd) return;
			const [read] = await Promise.allSettled([
				abortable(thread.call("nextRows"), stop),
			]);
			stop.throwIfAborted();
			if (isRight && isImmutable && !(await isAsItWas())) throw changed(path);
			if (read.status === "rejected") throw read.reason;
			next = read.value;
		}
	};
	return { columns, batches: batches() };
}

function changed(path: string): AppError {
	return new AppError(
		"DATABASE_LOCKED",
		`the library was written while it was asked: ${path}`,
		{ hint: "the rows so far are not all: ask again" },
	);
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
