// What a restore wants to know of a database that came from outside: is it sound, and what is in it.

import type { LibraryFacts, LockOptions } from "../library.ts";
import type { CheckResult } from "./damage.ts";

export interface Examination extends CheckResult {
	/** null if it is damaged. */
	readonly facts: LibraryFacts | null;
}

/** Who can ask SQLite. */
export interface Checks {
	check(
		path: string,
		freeCores: number,
		signal?: AbortSignal,
	): Promise<CheckResult>;
	describe(path: string, options: LockOptions): Promise<LibraryFacts>;
}

/**
 * Examines a private file in full.
 * @throws AppError DATABASE_ERROR: so damaged that it can't even be asked, or no VPO library; the signal's reason
 */
export async function examineFile(
	sqlite: Checks,
	path: string,
	freeCores: number,
	signal?: AbortSignal,
): Promise<Examination> {
	const found = await sqlite.check(path, freeCores, signal);
	if (found.damage !== "") return { ...found, facts: null };
	const facts = await sqlite.describe(path, { lockTimeoutMs: 0, signal });
	return { ...found, facts };
}
