// Prepared inserts for the tables of a library.
import type { Database } from "bun:sqlite";

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

/** Returns a function that inserts one row; its keys are the named columns, no more and no fewer. */
export function inserter<Column extends string>(
	library: Database,
	table: string,
	columns: readonly Column[],
): (row: Readonly<Record<Column, Value>>) => void {
	const marks = columns.map(() => "?").join(", ");
	const statement = library.query<unknown, Value[]>(
		`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${marks})`,
	);
	return (row) => {
		statement.run(...columns.map((column) => row[column]));
	};
}

/** The first id that no row of `table` has used. */
export function firstFreeId(
	library: Database,
	table: "files" | "tracks",
): number {
	return (
		1 + Number(library.query(`SELECT max(id) FROM ${table}`).values()[0]?.[0])
	);
}
