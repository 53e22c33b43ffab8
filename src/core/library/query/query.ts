// Asks a library with a statement of somebody's own, within bounds. A statement can't be interrupted where it runs: what
// exceeds them is left behind in its thread, which ends with the process.

import { AppError } from "../../../ground/errors.ts";
import { abortable } from "../../work/thread.ts";
import type { Value } from "../compare/values.ts";
import { type Sqlite, startSqlite } from "../sqlite-start.ts";
import { watchBounds } from "./bounds.ts";

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

/**
 * Runs one statement that only reads, and hands its rows to `use` as they come.
 * @throws AppError USAGE: it is wrong, or may write; OPERATION_FAILED: it takes too much time, memory or room; what `use` throws
 */
export async function ask<T>(
	asked: Asked,
	sql: string,
	timeoutMs: number,
	signal: AbortSignal | undefined,
	use: (answer: Answer) => Promise<T>,
): Promise<T> {
	using thread = startSqlite();
	using bounds = watchBounds(timeoutMs, asked.scratch);
	const signals = [bounds.signal, ...(signal ? [signal] : [])];
	const stop = AbortSignal.any(signals);
	try {
		return await use(await begin(thread, asked, sql, stop));
	} finally {
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
