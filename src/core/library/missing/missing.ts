// Brings back what a library has lost, from a backup, and keeps all that it has: one transaction, checked before it counts.

import type { Database } from "bun:sqlite";
import { AppError } from "../../../ground/errors.ts";
import { keepTemporary, type Side, withBoth } from "../compare/both.ts";
import { countWhole } from "../compare/counts.ts";
import type { Paired } from "../compare/difference.ts";
import { pairAttached } from "../compare/difference.ts";
import { takeLastStep } from "../held/turn.ts";
import { FILES } from "../schema/names.ts";
import { quoted } from "../sqlite.ts";
import { chooseMissing } from "./choose.ts";
import { insertMissing, numberMissing } from "./insert.ts";
import { missingOf } from "./references.ts";

/** Rows of one table. */
export interface TableRows {
	readonly table: string;
	/** They come back. */
	readonly rows: number;
	/** The library lacks them too, but has others in their place, or what they belong to has changed since. */
	readonly leftOut: number;
}

/** What a library has lost against a backup. */
export interface Missing {
	readonly files: number;
	/** Those of which rows come back or are left out. */
	readonly tables: readonly TableRows[];
}

/** Of each side, for the look-ups in its indexes. */
const CACHE_KIB = 16 * 1024;

/** What the check of a changed library may tell at most. */
const MOST_PROBLEMS = 3;

/**
 * Says what would come back.
 * @param scratch a private folder
 * @param under only the file of this path, or the files below this folder, and what belongs to them
 * @throws AppError DATABASE_ERROR: they can't be compared
 */
export function planMissing(
	scratch: string,
	sides: { readonly old: Side; readonly new: Side },
	under: string | null,
): Missing {
	return withBoth(scratch, sides, (database) => {
		const paired = pairAttached(database, { old: "old", new: "new" }, under);
		chooseMissing(database, paired.notes);
		return countMissing(database, paired);
	});
}

/**
 * Brings the missing rows back. The caller holds the library locked, and no transaction is open.
 * @param candidatePath a private database of the same schema, proven sound
 * @param turn asked before the last step, and taken
 * @throws AppError DATABASE_ERROR: the library would not be sound; INTERRUPTED; the library is unchanged then
 */
export function bringBack(
	database: Database,
	candidatePath: string,
	scratch: string,
	under: string | null,
	turn: Int32Array,
): Missing {
	database.run("PRAGMA foreign_keys = OFF");
	database.run("PRAGMA wal_autocheckpoint = 0"); // what is committed is folded in once, afterwards
	keepTemporary(database, scratch);
	database.run("ATTACH ? AS old", [candidatePath]);
	// No super-journal: its path is right in one container only (see replace.ts).
	database.run("PRAGMA old.synchronous = OFF");
	try {
		for (const side of ["main", "old"]) {
			database.run(`PRAGMA ${side}.cache_size = -${CACHE_KIB}`);
		}
		database.run("BEGIN EXCLUSIVE");
		const paired = pairAttached(database, { old: "old", new: "main" }, under);
		const { notes } = paired;
		chooseMissing(database, notes);
		const missing = countMissing(database, paired);
		const tables = missing.tables.map(({ table }) => table);
		const before = countViolations(database, tables);
		numberMissing(database, notes, paired.schemas.new);
		insertMissing(database, notes);
		requireSound(database, tables, before);
		if (!takeLastStep(turn)) throw new AppError("INTERRUPTED", "interrupted");
		database.run("COMMIT");
		return missing;
	} finally {
		if (database.inTransaction) database.run("ROLLBACK");
		database.run("DETACH old");
	}
}

function countMissing(database: Database, paired: Paired): Missing {
	const { notes, counted } = paired;
	const tables = notes.kinships.map((kinship) => {
		const count = counted.get(kinship.table);
		const lost = count
			? count.old - count.pairs
			: countWhole(database, notes, kinship).removed;
		const rows = Number(
			database
				.query(`SELECT count(*) FROM ${missingOf(notes, kinship.table)}`)
				.values()[0]?.[0],
		);
		return {
			key: kinship.table,
			table: kinship.new.name,
			rows,
			leftOut: lost - rows,
		};
	});
	return {
		files: tables.find(({ key }) => key === FILES)?.rows ?? 0,
		tables: tables
			.filter(({ rows, leftOut }) => rows + leftOut > 0)
			.map(({ key: _, ...table }) => table)
			.sort((a, b) => (a.table < b.table ? -1 : 1)),
	};
}

// A key that can't be asked, because what it refers to is not unique, is none.
function countViolations(
	database: Database,
	tables: readonly string[],
): Map<string, number | null> {
	const count = (table: string) => {
		try {
			return Number(
				database
					.query("SELECT count(*) FROM pragma_foreign_key_check(?, 'main')")
					.values(table)[0]?.[0],
			);
		} catch {
			return null;
		}
	};
	return new Map(tables.map((table) => [table, count(table)]));
}

function requireSound(
	database: Database,
	tables: readonly string[],
	before: ReadonlyMap<string, number | null>,
): void {
	const damage = database
		.query<Record<string, string>, []>(
			`PRAGMA main.integrity_check(${MOST_PROBLEMS})`,
		)
		.all()
		.flatMap((row) => Object.values(row))
		.filter((line) => line !== "ok");
	if (damage.length > 0) throw unsound(damage.join("; "));
	for (const [table, violations] of countViolations(database, tables)) {
		if ((violations ?? 0) <= (before.get(table) ?? 0)) continue;
		throw unsound(`rows of ${quoted(table)} would refer to none`);
	}
}

function unsound(why: string): AppError {
	return new AppError(
		"DATABASE_ERROR",
		`the library can't take the missing rows back: ${why}`,
		{
			hint: "restore it as a whole, or see what is wrong: PRAGMA integrity_check",
		},
	);
}
