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
	let described: Promise<LibraryFacts> | null = null;
	const describe = () => {
		described ??= sqlite.describe(path, { lockTimeoutMs: 0, signal });
		return described;
	};
	// What keeps a file from being read or described is said in the end.
	const nothing = () => undefined;
	if (onNews) {
		await sqlite
			.schemaDigest(path)
			.then((schema) => onNews({ schema }), nothing);
	}
	let telling: Promise<unknown> | null = null;
	const tell = (found: CheckResult) => {
		const sound = async (facts: LibraryFacts) =>
			onNews?.({ sound: { ...found, facts } });
		telling = describe().then(sound, nothing);
	};
	const onSound = onNews && tell;
	const found = await sqlite.check(path, freeCores, signal, onSound);
	if (found.damage !== "") return { ...found, facts: null };
	await telling; // later it would be taken for news of another file
	return { ...found, facts: await describe() };
}
