// Fills an emptied database as VACUUM does: with the indexes there already, and no row yet, rows and index entries are moved
// as they are.

import type { Database } from "bun:sqlite";
import { pragma, quoted } from "../sqlite.ts";
import {
	intoMain,
	isInternal,
	isKept,
	type SchemaObject,
	schemaOf,
} from "./objects.ts";

/** A statement that can only take all with it keeps no journal of its own, in which each page would be written once more. */
const INSERT = "INSERT OR ROLLBACK INTO";

/**
 * Fills the emptied database `main` with all that `candidate` holds.
 * @param requireTurn throws if somebody wants to stop; asked after each table
 * @throws AppError DATABASE_ERROR: it can't be made here; and SQLite's own errors
 */
export function fill(database: Database, requireTurn: () => void): void {
	const objects = schemaOf(database, "candidate");
	const make = (type: SchemaObject["type"]) => {
		for (const { name, sql } of objects.filter((o) => o.type === type)) {
			if (sql === null || isInternal(name)) continue;
			database.run(intoMain(sql));
		}
	};
	make("table");
	make("index");
	const tables = objects.filter(({ type }) => type === "table");
	for (const { name } of tables.filter(({ name }) => !isInternal(name))) {
		copyRows(database, name);
		requireTurn();
	}
	// Filling a table that counts its rows writes in there too, so that it comes last.
	for (const { name } of tables.filter(({ name }) => isInternal(name))) {
		if (makeInternal(database, name)) copyInternal(database, name);
	}
	emptyOthers(database, tables);
	make("view");
	make("trigger");
	for (const name of ["user_version", "application_id"]) {
		const value = pragma(database, `candidate.${name}`);
		database.run(`PRAGMA main.${name} = ${value}`);
	}
}

function copyRows(database: Database, name: string): void {
	const table = quoted(name);
	const [rowid, columns] = unnamedRowid(database, name);
	// SQLite numbers the rows of a table without a key and an index anew if it isn't told their numbers.
	database.run(
		rowid === null
			? `${INSERT} main.${table} SELECT * FROM candidate.${table}`
			: `${INSERT} main.${table} (${rowid}, ${columns}) SELECT ${rowid}, ${columns} FROM candidate.${table}`,
	);
}

/** For a table whose rows have numbers that no column shows and no index keeps: a name for the number, and its columns. */
function unnamedRowid(
	database: Database,
	name: string,
): [rowid: string | null, columns: string] {
	const none: [null, string] = [null, ""];
	const indexes = database
		.query("SELECT 1 FROM pragma_index_list(?, 'candidate')")
		.all(name);
	const isWithoutRowid = database
		.query<{ wr: number }, [string]>(
			"SELECT wr FROM pragma_table_list(?) WHERE schema = 'candidate'",
		)
		.get(name)?.wr;
	if (indexes.length > 0 || isWithoutRowid) return none;
	const columns = database
		.query<
			{ name: string; type: string; pk: number; hidden: number },
			[string]
		>("SELECT name, type, pk, hidden FROM pragma_table_xinfo(?, 'candidate')")
		.all(name);
	// An INTEGER PRIMARY KEY is the rowid itself; any other key would have an index.
	if (columns.some(({ pk }) => pk > 0)) return none;
	const taken = columns.map((column) => column.name.toLowerCase());
	const rowid = ["rowid", "_rowid_", "oid"].find(
		(word) => !taken.includes(word),
	);
	if (rowid === undefined) return none;
	const stored = columns.filter(({ hidden }) => hidden === 0);
	return [rowid, stored.map((column) => quoted(column.name)).join(", ")];
}

// sqlite_sequence comes with the first table that needs it, sqlite_stat1 with ANALYZE; others can't be made, and hold
// statistics that the next ANALYZE makes anew.
function makeInternal(database: Database, name: string): boolean {
	const isThere = () =>
		schemaOf(database, "main").some((object) => object.name === name);
	if (!isThere()) database.run("ANALYZE main.sqlite_schema");
	return isThere();
}

function copyInternal(database: Database, name: string): void {
	const table = quoted(name);
	database.run(`DELETE FROM main.${table}`);
	database.run(`INSERT INTO main.${table} SELECT * FROM candidate.${table}`);
}

// What was there once and can't be dropped: counters of tables that are gone.
function emptyOthers(
	database: Database,
	tables: readonly SchemaObject[],
): void {
	for (const { type, name } of schemaOf(database, "main")) {
		if (type !== "table" || !isInternal(name)) continue;
		if (tables.some((table) => table.name === name)) continue;
		database.run(
			isKept(name)
				? `DELETE FROM main.${quoted(name)}`
				: `DROP TABLE main.${quoted(name)}`,
		);
	}
}
