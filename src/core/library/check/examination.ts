// What a restore wants to know of a database that came from outside: is it sound, and what is in it.

import type { LibraryFacts, LockOptions } from "../library.ts";
import type { CheckResult } from "./damage.ts";

export interface Examination extends CheckResult {
	/** null if it is damaged. */
	readonly facts: LibraryFacts | null;
}

/**
 * What is known before all is: first what tells the file's schema from another one, where it can be read; then, perhaps,
 * that it is sound, with all that is worth a warning but for its foreign keys.
 */
export type News =
	| { readonly schema: string }
	| { readonly sound: Examination };

/** Who can ask SQLite. */
export interface Checks {
	schemaDigest(path: string): Promise<string>;
	check(
		path: string,
		freeCores: number,
		signal?: AbortSignal,
		onSound?: (found: CheckResult) => void,
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
	onNews?: (news: News) => unknown,
): Promise<Examination> {
	const describe = () => sqlite.describe(path, { lockTimeoutMs: 0, signal });
	// What keeps a file from being read or described is said in the end.
	await sqlite.schemaDigest(path).then(
		(schema) => onNews?.({ schema }),
		() => undefined,
	);
	const onSound = (found: CheckResult) =>
		describe().then(
			(facts) => onNews?.({ sound: { ...found, facts } }),
			() => undefined,
		);
	const found = await sqlite.check(
		path,
		freeCores,
		signal,
		onNews ? onSound : undefined,
	);
	if (found.damage !== "") return { ...found, facts: null };
	return { ...found, facts: await describe() };
}
