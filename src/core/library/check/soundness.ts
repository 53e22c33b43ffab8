// Whether a private database is sound. Where cores are free its parts are checked side by side, which amounts to
// integrity_check in full: the structure of all (quick_check), and each table with its indexes.

import { abortable } from "../../work/thread.ts";
import { type Sqlite, startSqlite } from "../sqlite-start.ts";
import type { CheckResult } from "./damage.ts";

/** More take more memory than they save time: the largest table is checked by one of them alone. */
const MOST_THREADS = 4;

/**
 * Checks a private file in full: every page, every index, every foreign key.
 * @param threads the second may be left busy if there is damage, and must be ended then
 * @param freeCores how many cores have nothing else to do; with one, the parts are not checked side by side
 * @throws AppError DATABASE_ERROR: so damaged that it can't even be asked
 */
export async function checkSoundness(
	threads: readonly [Sqlite, Sqlite],
	path: string,
	freeCores: number,
	signal?: AbortSignal,
): Promise<CheckResult> {
	const [sqlite, beside] = threads;
	const foreignKeys = beside.call("checkForeignKeys", path);
	foreignKeys.catch(() => undefined);
	const isSound =
		freeCores > 1 && (await arePartsSound(path, threads, freeCores, signal));
	const found = isSound
		? { damage: "", warnings: [] }
		: await abortable(sqlite.call("checkWhole", path), signal);
	// Asked for its keys, a damaged file may keep us busy for ever.
	if (found.damage !== "") return found;
	const warnings = await abortable(foreignKeys, signal);
	return { damage: "", warnings: [...found.warnings, ...warnings] };
}

// False if something is wrong, or can't be told in parts. What it is, the whole check says, always in the same words.
async function arePartsSound(
	path: string,
	two: readonly [Sqlite, Sqlite],
	freeCores: number,
	signal: AbortSignal | undefined,
): Promise<boolean> {
	const more = Array.from(
		{ length: Math.min(freeCores, MOST_THREADS) - two.length },
		startSqlite,
	);
	try {
		const [first] = two;
		const tables = await abortable(first.call("partsOf", path), signal);
		if (tables.length === 0) return false;
		const parts = [null, ...tables].values();
		const threads = [...two, ...more];
		const work = async (thread: Sqlite) => {
			for (const part of parts) {
				const damage = await (part === null
					? thread.call("checkStructure", path)
					: thread.call("checkTable", path, part, threads.length));
				if (damage !== "") throw new Error(damage);
			}
		};
		await abortable(Promise.all(threads.map(work)), signal);
		return true;
	} catch {
		signal?.throwIfAborted();
		return false;
	} finally {
		for (const thread of more) thread[Symbol.dispose]();
	}
}
