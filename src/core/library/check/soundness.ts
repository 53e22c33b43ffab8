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
 * @param onSound told as soon as only foreign keys are left, of which there are warnings at most; else those are asked
 * meanwhile
 * @throws AppError DATABASE_ERROR: so damaged that it can't even be asked
 */
export async function checkSoundness(
	threads: readonly [Sqlite, Sqlite],
	path: string,
	freeCores: number,
	signal?: AbortSignal,
	onSound?: (found: CheckResult) => void,
): Promise<CheckResult> {
	const [sqlite, beside] = threads;
	if (freeCores > 1) {
		const warnings = await checkParts(path, threads, freeCores, signal);
		if (warnings !== null) return { damage: "", warnings };
	}
	const askKeys = () => beside.call("checkForeignKeys", path);
	const asked = onSound ? null : askKeys();
	asked?.catch(() => undefined);
	// A part of a damaged file may have no end, and keep its thread.
	using fresh = freeCores > 1 ? startSqlite() : null;
	const whole = (fresh ?? sqlite).call("checkWhole", path);
	const found = await abortable(whole, signal);
	// Nor need its keys have one.
	if (found.damage !== "") return found;
	onSound?.(found);
	const warnings = await abortable(asked ?? askKeys(), signal);
	return { damage: "", warnings: [...found.warnings, ...warnings] };
}

// What is worth a warning; null if something is wrong, or can't be told in parts. What it is, the whole check says, always
// in the same words.
async function checkParts(
	path: string,
	two: readonly [Sqlite, Sqlite],
	freeCores: number,
	signal: AbortSignal | undefined,
): Promise<string[] | null> {
	const more = Array.from(
		{ length: Math.min(freeCores, MOST_THREADS) - two.length },
		startSqlite,
	);
	try {
		const [first] = two;
		const tables = await abortable(first.call("partsOf", path), signal);
		if (tables.length === 0) return null;
		const threads = [...two, ...more];
		const sound = async (damage: Promise<string>) => {
			const found = await damage;
			if (found !== "") throw new Error(found);
			return [];
		};
		const parts = [
			(thread: Sqlite) => sound(thread.call("checkStructure", path)),
			...tables.map(
				(table) => (thread: Sqlite) =>
					sound(thread.call("checkTable", path, table, threads.length)),
			),
			(thread: Sqlite) => thread.call("checkForeignKeys", path),
		].values();
		const warnings: string[] = [];
		const work = async (thread: Sqlite) => {
			for (const part of parts) warnings.push(...(await part(thread)));
		};
		await abortable(Promise.all(threads.map(work)), signal);
		return warnings;
	} catch {
		signal?.throwIfAborted();
		return null;
	} finally {
		for (const thread of more) thread[Symbol.dispose]();
	}
}
