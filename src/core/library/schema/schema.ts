// What tables a database has, and what refers to what: read from the database itself, never from a list of ours.

import type { Database } from "bun:sqlite";
import { AppError } from "../../../ground/errors.ts";
import { quoted } from "../sqlite.ts";
import {
	type ForeignKey,
	keyOf,
	readForeignKeys,
	readIndexes,
} from "./references.ts";

export { type ForeignKey, keyOf } from "./references.ts";

/** An ordinary column; what is generated from others is left out. */
export interface Column {
	readonly name: string;
	readonly type: string;
	readonly isRequired: boolean;
}

/** An ordinary table. */
export interface Table {
	readonly name: string;
	/** Under which its database is attached. */
	readonly schema: string;
	readonly columns: readonly Column[];
	readonly primaryKey: readonly string[];
	/** The column that is the row's number (`INTEGER PRIMARY KEY`), or null. */
	readonly idColumn: string | null;
	/** By what a row is found: its number, or in a table without one its primary key; none where the number has no name. */
	readonly handle: readonly string[];
	readonly isNumbered: boolean;
	/** Columns that are unique together, the primary key included. */
	readonly uniqueTogether: readonly (readonly string[])[];
	/** Those of them of which no part can be NULL. */
	readonly uniqueKeys: readonly (readonly string[])[];
	readonly foreignKeys: readonly ForeignKey[];
}

export type Schema = ReadonlyMap<string, Table>;

/** More than any VPO has; a file that came from outside may have any number of them. */
const MOST_TABLES = 1000;

/** A table in a statement: `old."files"`. */
export function nameOf({ schema, name }: Table): string {
	return `${schema}.${quoted(name)}`;
}

/**
 * Reads the tables of an attached database: those that hold rows of their own, without SQLite's and without those that
 * belong to a virtual table.
 * @throws AppError DATABASE_ERROR: too many to look at
 */
export function readSchema(database: Database, schema: string): Schema {
	const names = database
		.query<{ name: string }, [number]>(
			`SELECT name FROM ${schema}.sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite^_%' ESCAPE '^' ORDER BY name LIMIT ?`,
		)
		.all(MOST_TABLES + 1)
		.map(({ name }) => name);
	if (names.length > MOST_TABLES) {
		throw new AppError(
			"DATABASE_ERROR",
			`it has more than ${MOST_TABLES} tables, which can't be compared`,
		);
	}
	const tables = names
		.filter((name) => !isShadow(database, schema, name))
		.map((name) => [keyOf(name), readTable(database, schema, name)] as const);
	return withParents(new Map(tables));
}

function isShadow(database: Database, schema: string, name: string): boolean {
	const row = database
		.query<{ type: string }, [string, string]>(
			"SELECT type FROM pragma_table_list(?1) WHERE schema = ?2",
		)
		.get(name, schema);
	return row?.type === "shadow";
}

interface ColumnRow {
	readonly name: string;
	readonly type: string;
	readonly notnull: number;
	readonly pk: number;
	readonly hidden: number;
}

function readTable(database: Database, schema: string, name: string): Table {
	const rows = database
		.query<ColumnRow, [string, string]>(
			'SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?1, ?2) ORDER BY cid',
		)
		.all(name, schema);
	const indexes = readIndexes(database, schema, name);
	const primaryKey = rows
		.filter(({ pk }) => pk > 0)
		.sort((a, b) => a.pk - b.pk)
		.map((row) => row.name);
	const number = numberOf(database, schema, name, rows);
	const isAlias =
		number !== null &&
		primaryKey.length === 1 &&
		!indexes.some(({ origin }) => origin === "pk");
	const idColumn = isAlias ? (primaryKey[0] ?? null) : null;
	const isNumbered = idColumn !== null || number !== null;
	const required = new Set(
		rows
			.filter(
				({ notnull, pk }) =>
					notnull === 1 || (pk > 0 && (isAlias || number === null)),
			)
			.map((row) => row.name),
	);
	const keys = [
		...(primaryKey.length > 0 ? [primaryKey] : []),
		...indexes.map(({ columns }) => columns),
	];
	return {
		name,
		schema,
		columns: rows
			.filter(({ hidden }) => hidden === 0)
			.map((row) => ({
				name: row.name,
				type: row.type,
				isRequired: required.has(row.name),
			})),
		primaryKey,
		idColumn,
		handle: isNumbered
			? [idColumn ?? number ?? ""].filter((part) => part !== "")
			: primaryKey,
		isNumbered,
		uniqueTogether: keys,
		uniqueKeys: keys.filter((key) => key.every((part) => required.has(part))),
		foreignKeys: readForeignKeys(database, schema, name),
	};
}

// "" where a row has a number that all its possible names hide; null where it has none (WITHOUT ROWID).
function numberOf(
	database: Database,
	schema: string,
	name: string,
	rows: readonly ColumnRow[],
): string | null {
	const taken = new Set(rows.map((row) => keyOf(row.name)));
	const free = ["rowid", "_rowid_", "oid"].find((word) => !taken.has(word));
	if (free === undefined) return "";
	try {
		const table = `${schema}.${quoted(name)}`;
		database.prepare(`SELECT t.${free} FROM ${table} AS t`).finalize();
		return free;
	} catch {
		return null;
	}
}

/** Whether a table has a column of this name, however it is spelled. */
export function hasColumn(table: Table | undefined, name: string): boolean {
	return (
		table?.columns.some((column) => keyOf(column.name) === keyOf(name)) ?? false
	);
}

// A key that names no columns refers to the parent's primary key; one that refers to nothing unique means nothing.
function withParents(tables: ReadonlyMap<string, Table>): Schema {
	const resolved = ({ columns, parentColumns, ...key }: ForeignKey) => {
		const parent = tables.get(key.parent);
		const named =
			parentColumns.length > 0 ? parentColumns : (parent?.primaryKey ?? []);
		const isWhole =
			named.length === columns.length &&
			parent?.uniqueTogether.some((key) => isSameKey(key, named));
		return isWhole ? [{ ...key, columns, parentColumns: named }] : [];
	};
	return new Map(
		[...tables].map(([key, table]) => [
			key,
			{ ...table, foreignKeys: table.foreignKeys.flatMap(resolved) },
		]),
	);
}

function isSameKey(a: readonly string[], b: readonly string[]): boolean {
	const keys = new Set(a.map(keyOf));
	return a.length === b.length && b.every((name) => keys.has(keyOf(name)));
}
