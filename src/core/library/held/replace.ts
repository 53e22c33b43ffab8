// The content of a locked library becomes that of another database, in one transaction of SQLite's own: whoever opens the
// library meanwhile waits, and a kill or a power cut leaves what was there. Runs in a thread that may block.

import type { Database } from "bun:sqlite";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "../../../ground/errors.ts";
import { countRows, keepScratch, quoted } from "../sqlite.ts";
import { fill } from "./fill.ts";
import { isKept, schemaOf, textOf, unfit } from "./objects.ts";
import { TURN, takeLastStep } from "./turn.ts";

/** Rows and index entries come in their order: measured, more is no faster. Beyond it, pages go to the WAL or the journal. */
const CACHE_KIB = 4 * 1024;

/**
 * Replaces all that a database holds. The caller holds it locked, and no transaction is open.
 * @param candidatePath a private database of the same shape, in a private folder; nobody writes it
 * @param turn asked between the steps: whether it is still ours, and before the last one taken: only a candidate that is
 * proven may be committed
 * @throws AppError INTERRUPTED: it was not; DATABASE_ERROR: the result is not what the candidate is, as it may be where the library was damaged;
 *   and SQLite's own errors; the library is unchanged then
 */
export function replaceContent(
	database: Database,
	candidatePath: string,
	turn: Int32Array,
): void {
	const requireTurn = () => {
		if (Atomics.load(turn, 0) === TURN.stop) throw interrupted();
	};
	database.run("PRAGMA foreign_keys = OFF");
	database.run(`PRAGMA cache_size = -${CACHE_KIB}`);
	database.run("PRAGMA wal_autocheckpoint = 0"); // what is committed is folded in once, afterwards
	keepScratch(database, dirname(candidatePath));
	// Of two databases that could be written, the journal would name a super-journal by its path, which is another one outside
	// of a container: whoever opens the library there after a kill or a power cut takes the journal for a stale one, and half a
	// transaction for the library. Immutable, it is not locked either, so that it can be checked meanwhile.
	const url = `${pathToFileURL(candidatePath).href}?immutable=1`;
	database.run("ATTACH ? AS candidate", [url]);
	try {
		database.run("BEGIN EXCLUSIVE");
		for (const step of [empty, fill, requireSame]) {
			step(database, requireTurn);
			requireTurn();
		}
		if (!takeLastStep(turn)) throw interrupted();
		database.run("COMMIT");
	} finally {
		if (database.inTransaction) database.run("ROLLBACK");
		database.run("DETACH candidate");
	}
}

function empty(database: Database, requireTurn: () => void): void {
	const objects = schemaOf(database, "main");
	for (const type of ["trigger", "view", "table"] as const) {
		for (const { name } of objects.filter((object) => object.type === type)) {
			if (type === "table" && isKept(name)) continue;
			database.run(`DROP ${type} main.${quoted(name)}`);
			requireTurn();
		}
	}
}

function requireSame(database: Database, requireTurn: () => void): void {
	const inMain = schemaOf(database, "main");
	const wanted = schemaOf(database, "candidate");
	if (textOf(inMain) !== textOf(wanted)) throw unfit("its schema differs");
	for (const { type, name } of inMain) {
		if (type !== "table" || !wanted.some((object) => object.name === name)) {
			continue;
		}
		const [rows, due] = ["main", "candidate"].map((schema) =>
			countRows(database, name, schema),
		);
		if (rows !== due) throw unfit(`${name} has ${rows} rows instead of ${due}`);
		requireTurn();
	}
	const damage = database
		.query<Record<string, string>, []>("PRAGMA main.quick_check(3)")
		.all()
		.flatMap((row) => Object.values(row))
		.filter((line) => line !== "ok");
	if (damage.length > 0) throw unfit(damage.join("; "));
}

function interrupted(): AppError {
	return new AppError("INTERRUPTED", "interrupted");
}
