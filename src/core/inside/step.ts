// What one more state of the library has at a path, and what changed there since the state before.

import type { Workshop } from "../archive/workshop.ts";
import type { Compared, RowChange } from "../library/compare/difference.ts";
import {
	compareLibraries,
	countFilesUnder,
} from "../library/compare/libraries.ts";
import type { Place } from "./lost.ts";
import { type View, whileProven } from "./view.ts";

/** What a person can say about one history. */
export interface LogOptions {
	/** As the library has it: of a file, or of a folder. */
	readonly path: string;
	/** How many files each entry names. */
	readonly limit: number | null;
	readonly lockTimeoutMs: number;
	readonly now: Date;
}

/** A backup, or the live library, in which something is another than in the one before. */
export interface LogEntry {
	/** null: the live library. */
	readonly backup: Place | null;
	/** Whether it is the first that was looked at: what it has was there before. */
	readonly isFirst: boolean;
	/** The files that it has there. */
	readonly present: number;
	readonly added: number;
	readonly removed: number;
	readonly changed: number;
	readonly changes: readonly RowChange[];
}

/** What a look at one more state found. */
export interface Step {
	/** Files at the path. */
	readonly present: number;
	/** With the state before; null: there is none. */
	readonly compared: Compared | null;
}

/**
 * Looks at one more state.
 * @param before the database of the state before; null: there is none
 * @param scratch a private folder
 * @throws as `compareLibraries`, and what the view's proof throws
 */
export async function takeStep(
	before: string | null,
	view: Pick<View, "path" | "proof" | "metadata">,
	scratch: string,
	{ path: under, limit, lockTimeoutMs }: LogOptions,
	{ sqlite, signal }: Workshop,
): Promise<Step> {
	const { path } = view;
	const live = view.metadata === null ? path : null;
	const options = { under, lockTimeoutMs, signal };
	const list = { table: null, limit: null, details: limit ?? undefined };
	const compared = await whileProven([view], async () =>
		before === null
			? null
			: await compareLibraries(
					sqlite,
					{ old: before, new: path, live },
					scratch,
					{ ...options, list },
				),
	);
	const present = await countFilesUnder(sqlite, path, live, options);
	return { present, compared };
}
