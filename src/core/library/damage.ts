// What is wrong in a database, as SQLite finds it. Runs in a thread that may block.

import type { Database } from "bun:sqlite";
import { countRows, quoted, reading } from "./sqlite.ts";

/** The page cache that a check gets, in KiB. Measured: 8 MiB and more are equally fast, mmap is slower. */
const CACHE_KIB = 8 * 1024;

/** With more tables than any VPO has, checking them one by one would take longer than checking all. */
const MOST_PARTS = 100;

/**
 * Looks for damage: structure only, or every index too.
 * @returns what was found, "" if nothing
 */
export function findDamage(database: Database, isDeep: boolean): string {
	return ask(database, isDeep ? "integrity_check(10)" : "quick_check(10)");
}

/**
 * The tables of a private file, those that take longest to check first; none if there are too many.
 * Each one checked by `checkTable`, and the structure of all, amount to a deep `findDamage`.
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

/** Checks one table of a private file with its indexes; as `findDamage`. */
export function checkTable(path: string, table: string): string {
	return reading(path, (database) =>
		ask(database, `integrity_check(${quoted(table)})`),
	);
}

/** What foreign_key_check finds in a private file, in words. */
export function checkForeignKeys(path: string): string[] {
	return reading(path, (database) => {
		const row = database
			.query<{ violations: number }, []>(
				"SELECT count(*) AS violations FROM pragma_foreign_key_check",
			)
			.get();
		const rows = row?.violations ?? 0;
		if (rows === 0) return [];
		const refer = rows === 1 ? "1 row refers" : `${rows} rows refer`;
		return [`${refer} to rows that do not exist (foreign keys)`];
	});
}

function ask(database: Database, check: string): string {
	database.run(`PRAGMA cache_size = -${CACHE_KIB}`);
	return database
		.query<Record<string, string>, []>(`PRAGMA ${check}`)
		.all()
		.flatMap((row) => Object.values(row))
		.filter((text) => text !== "ok")
		.join("; ");
}
