// The content of a locked library becomes that of another database, in one transaction of SQLite's own: whoever opens the
// library meanwhile waits, and a kill or a power cut leaves what was there. Runs in a thread that may block.

import type { Database } from "bun:sqlite";
import { dirname } from "node:path";
import { AppError } from "../../ground/errors.ts";
import { countRows, keepScratch, pragma, quoted } from "./sqlite.ts";
import { TURN } from "./turn.ts";

/** Measured: more is not faster. Beyond it, pages go to the WAL or the journal. */
const CACHE_KIB = 16 * 1024;

/** A statement that can only take all with it keeps no journal of its own, in which each page would be written once more. */
const INSERT = "INSERT OR ROLLBACK INTO";

/** An object of a schema, as sqlite_schema has it. */
interface SchemaObject {
	readonly type: "table" | "index" | "view" | "trigger";
	readonly name: string;
	readonly table: string;
	/** null for what SQLite makes by itself, such as the index of a PRIMARY KEY. */
	readonly sql: string | null;
}

/**
 * Replaces all that a database holds. The caller holds it locked, and no transaction is open.
 * @param candidatePath a private database of the same shape, proven sound, in a private folder
 * @param turn asked between the steps: whether it is still ours, and before the last one taken
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
	database.run("ATTACH ? AS candidate", [candidatePath]);
	// Else the journal would name a super-journal by its path, which is another one outside of a container: whoever opens
	// the library there after a kill or a power cut takes the journal for a stale one, and half a transaction for the library.
	database.run("PRAGMA candidate.synchronous = OFF");
	try {
		database.run("BEGIN EXCLUSIVE");
		for (const step of [empty, fill, requireSame]) {
			step(database, requireTurn);
			requireTurn();
		}
		const before = Atomics.compareExchange(turn, 0, TURN.free, TURN.commit);
		if (before === TURN.stop) throw interrupted();
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

// As VACUUM does it: with the indexes there already, and no row yet, rows and index entries are moved as they are.
function fill(database: Database, requireTurn: () => void): void {
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

function requireSame(database: Database, requireTurn: () => void): void {
	const inMain = schemaOf(database, "main");
	const wanted = schemaOf(database, "candidate");
	const isOrdinary = ({ name }: SchemaObject) => !isInternal(name);
	const text = (objects: readonly SchemaObject[]) =>
		JSON.stringify(
			objects
				.filter(isOrdinary)
				.map(({ type, name, table, sql }) =>
					[type, name, table, sql].join("\0"),
				)
				.sort(),
		);
	if (text(inMain) !== text(wanted)) throw unfit("its schema differs");
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

function schemaOf(
	database: Database,
	schema: "main" | "candidate",
): SchemaObject[] {
	return database
		.query<SchemaObject, []>(
			`SELECT type, name, tbl_name AS "table", sql FROM ${schema}.sqlite_schema ORDER BY rowid`,
		)
		.all();
}

function isInternal(name: string): boolean {
	return /^sqlite_/i.test(name);
}

/** What SQLite lets nobody drop, and what only other builds of SQLite can make. */
function isKept(name: string): boolean {
	return isInternal(name) && name !== "sqlite_stat1";
}

/** The statement that makes an object, as sqlite_schema keeps it, for the library instead of the candidate. */
function intoMain(sql: string): string {
	const found = /^CREATE (TABLE|(?:UNIQUE )?INDEX|VIEW|TRIGGER) /i.exec(sql);
	if (!found) throw unfit(`it can't make: ${sql.slice(0, 60)}`);
	return `${found[0]}main.${sql.slice(found[0].length)}`;
}

function interrupted(): AppError {
	return new AppError("INTERRUPTED", "interrupted");
}

function unfit(why: string): AppError {
	return new AppError(
		"DATABASE_ERROR",
		`the library can't take over the content of the backup: ${why}`,
		{ isDamage: true },
	);
}
