// What is wrong in a database, as SQLite finds it. Runs in a thread that may block.

import type { Database } from "bun:sqlite";
import { type AppError, shortened } from "../../../ground/errors.ts";
import { countRows, quoted, reading, readingAsWriter } from "../sqlite.ts";
import { isUnanswerable } from "../sqlite-error.ts";

/** What the check of a private file found out. */
export interface CheckResult {
	/** What integrity_check found, "" if nothing. */
	readonly damage: string;
	/** What is wrong with what it says, though it is sound; and what could not be asked. */
	readonly warnings: readonly string[];
}

/**
 * The page caches that a check gets, all its threads together, in KiB. The look-ups in an index come in the order of its
 * table: measured at 1 GB, 24 MiB take an eighth less time than 8, and 64 no less than that. mmap would count as memory.
 */
const CACHES_KIB = 24 * 1024;

/** For a library that others use, whose pages are looked at in their order. */
const STRUCTURE_CACHE_KIB = 8 * 1024;

/** With more tables than any VPO has, checking them one by one would take longer than checking all. */
const MOST_PARTS = 100;

/** What the author of a schema can make us say at once. */
const MOST_FINDING_LENGTH = 200;

/**
 * Looks for damage: structure only, or every index too. CHECK constraints are asked only where the connection is no
 * read-only one.
 * @returns what was found, "" if nothing
 */
export function findDamage(database: Database, isDeep: boolean): string {
	const found = isDeep
		? ask(database, "integrity_check(10)", CACHES_KIB)
		: ask(database, "quick_check(10)", STRUCTURE_CACHE_KIB);
	return found === "" ? findImpostor(database) : found;
}

/** As `findDamage` of the structure, but ends at what is found first. */
export function findStructureDamage(database: Database): string {
	const found = ask(database, "quick_check(1)", STRUCTURE_CACHE_KIB);
	return found === "" ? findImpostor(database) : found;
}

/**
 * A virtual table that says it has a page, as only a table of rows has: SQLite's own checks pass it, no VACUUM does, and
 * whoever goes by the page takes what its module makes up for rows. SQLite writes no other words than these.
 */
function findImpostor(database: Database): string {
	const found = database
		.query<{ name: string }, []>(
			"SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND sql NOT LIKE 'CREATE TABLE %' LIMIT 1",
		)
		.get();
	if (!found) return "";
	const name = shortened(found.name, MOST_FINDING_LENGTH);
	return `${name} has a page, and is no table of rows`;
}

/**
 * Checks a database in full: every page, every index, every constraint.
 * @throws AppError DATABASE_ERROR: so damaged that it can't be asked, or it needs what this program lacks
 */
export function checkWhole(path: string): CheckResult {
	const check = (database: Database) => findDamage(database, true);
	try {
		return { damage: readingAsWriter(path, check), warnings: [] };
	} catch (error) {
		if (!isUnanswerable((error as AppError).cause)) throw error;
		// A constraint that can't be asked hides no data.
		const damage = reading(path, check);
		const { message } = (error as { cause: Error }).cause;
		return { damage, warnings: [unasked("CHECK constraints", [message])] };
	}
}

/** Checks the structure of a private file; constraints and indexes are left to `checkTable`. */
export function checkStructure(path: string): string {
	return reading(path, (database) => findDamage(database, false));
}

/**
 * The tables of a private file, those that take longest to check first; none if there are too many.
 * Each one checked by `checkTable`, and the structure of all, amount to `checkWhole`.
 */
export function partsOf(path: string): string[] {
	return reading(path, (database) => {
		const tables = database
			.query<{ name: string; isVirtual: number; indexes: number }, []>(
				"SELECT name, rootpage = 0 AS isVirtual, (SELECT count(*) FROM pragma_index_list(name)) AS indexes FROM sqlite_schema WHERE type = 'table'",
			)
			.all();
		if (tables.length > MOST_PARTS) return [];
		return tables
			.map(({ name, isVirtual, indexes }) => ({
				name,
				work: isVirtual ? 0 : (1 + indexes) * countRows(database, name),
			}))
			.sort((a, b) => b.work - a.work)
			.map(({ name }) => name);
	});
}

/**
 * Checks one table of a private file with its indexes and constraints; as `findDamage`.
 * @param threads how many check tables at the same time
 */
export function checkTable(
	path: string,
	table: string,
	threads: number,
): string {
	const cacheKib = Math.floor(CACHES_KIB / threads);
	return readingAsWriter(path, (database) =>
		ask(database, `integrity_check(${quoted(table)})`, cacheKib),
	);
}

/** What foreign_key_check finds in a private file, in words; and what it can't be asked, as where a parent has no unique key. */
export function checkForeignKeys(path: string): string[] {
	return reading(path, (database) => {
		let rows = 0;
		const reasons: string[] = [];
		for (const table of tablesWithKeys(database)) {
			try {
				rows += countViolations(database, table);
			} catch (error) {
				if (!isUnanswerable(error)) throw error;
				reasons.push((error as Error).message);
			}
		}
		const refer = rows === 1 ? "1 row refers" : `${rows} rows refer`;
		return [
			...(rows === 0
				? []
				: [`${refer} to rows that do not exist (foreign keys)`]),
			...(reasons.length === 0 ? [] : [unasked("foreign keys", reasons)]),
		];
	});
}

function tablesWithKeys(database: Database): string[] {
	return database
		.query<{ name: string }, []>(
			"SELECT name FROM sqlite_schema AS tables WHERE type = 'table' AND rootpage > 0 AND EXISTS (SELECT 1 FROM pragma_foreign_key_list(tables.name))",
		)
		.all()
		.map(({ name }) => name);
}

function countViolations(database: Database, table: string): number {
	const row = database
		.query<{ violations: number }, [string]>(
			"SELECT count(*) AS violations FROM pragma_foreign_key_check(?)",
		)
		.get(table);
	return row?.violations ?? 0;
}

function unasked(what: string, reasons: readonly string[]): string {
	const [first = "", ...others] = reasons;
	const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
	return `${what} could not be asked: ${shortened(first, MOST_FINDING_LENGTH)}${more}`;
}

function ask(database: Database, check: string, cacheKib: number): string {
	database.run(`PRAGMA cache_size = -${cacheKib}`);
	try {
		return database
			.query<Record<string, string>, []>(`PRAGMA ${check}`)
			.all()
			.flatMap((row) => Object.values(row))
			.filter((text) => text !== "ok")
			.map((text) => shortened(text, MOST_FINDING_LENGTH))
			.join("; ");
	} catch (error) {
		throw (isUnanswerable(error) && whatIsLacking(database)) || error;
	}
}

/** A check that ends with "SQL logic error" comes from a virtual table; a search in it says which tokenizer it has not got. */
function whatIsLacking(database: Database): unknown {
	const tables = database
		.query<{ name: string }, [number]>(
			"SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage = 0 LIMIT ?",
		)
		.all(MOST_PARTS);
	for (const { name } of tables) {
		const table = quoted(name);
		try {
			database.query(`SELECT 1 FROM ${table} WHERE ${table} MATCH 'a'`).get();
		} catch (error) {
			if (/tokenizer/.test((error as Error).message)) return error;
		}
	}
	return null;
}
