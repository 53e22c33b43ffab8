// queryLibrary: one statement that only reads, to the library in a backup or to the live one.

import type { Settings } from "../../ground/settings.ts";
import type { Workshop } from "../archive/workshop.ts";
import { closedState, writtenState } from "../library/library.ts";
import { type Answer, ask } from "../library/query/query.ts";
import { readingStatement } from "../library/query/statement.ts";
import { makeLookout, openView } from "./view.ts";

export type { Answer } from "../library/query/query.ts";

/** What a person can say about one question. */
export interface QueryOptions {
	/** A reference to a backup, or "live". */
	readonly reference: string;
	readonly sql: string;
	/** Of the statement, once the backup is unpacked. */
	readonly timeoutMs: number;
	readonly lockTimeoutMs: number;
	readonly now: Date;
}

/**
 * Asks, and hands the rows to `use` as they come. Nothing is changed by it.
 * @throws AppError as `openView`; USAGE: the statement is wrong, or may write; OPERATION_FAILED: it exceeds its bounds
 */
export async function queryLibrary<T>(
	settings: Settings,
	options: QueryOptions,
	workshop: Workshop,
	use: (answer: Answer) => Promise<T>,
): Promise<{
	readonly result: T;
	/** The archive or the library that was asked. */
	readonly source: string;
	readonly warnings: readonly string[];
}> {
	const { reference, sql, timeoutMs, lockTimeoutMs, now } = options;
	readingStatement(sql); // before a backup is unpacked for nothing
	await using scratch = await makeLookout(settings);
	const viewOptions = { settings, scratch, lockTimeoutMs, now };
	await using view = await openView(reference, viewOptions, workshop);
	const { path, source, metadata } = view;
	const proven = await view.proof; // rows leave as they come
	const closed = metadata === null ? await closedState(path) : null;
	const asked = {
		path,
		isImmutable: metadata !== null || closed !== null,
		isAsItWas: async () =>
			closed === null || (await writtenState(path)) === closed,
		scratch: scratch.path,
	};
	const result = await ask(asked, sql, timeoutMs, workshop.signal, use);
	return { result, source, warnings: proven?.warnings ?? [] };
}
