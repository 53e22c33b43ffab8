// Columns and tables by their names, which SQLite compares without regard to the case of ASCII letters.

import { type Column, hasColumn, keyOf, type Table } from "./schema.ts";

/** The one table that is known by its name, and the column by which its rows are known. */
export const FILES = "files";
export const PATH = "path";

/** Whether a table is there and has all these columns. */
export function isThere(
	table: Table | undefined,
	columns: readonly string[],
): boolean {
	return columns.every((column) => hasColumn(table, column));
}

/** The column of this name, however it is spelled. */
export function columnOf(
	table: Table | undefined,
	name: string,
): Column | undefined {
	return table?.columns.find((column) => isSame(column.name, name));
}

/** Whether two names are the same to SQLite. */
export function isSame(a: string, b: string): boolean {
	return keyOf(a) === keyOf(b);
}

/** Whether a name is among others. */
export function includes(names: readonly string[], name: string): boolean {
	return names.some((other) => isSame(other, name));
}

/** Whether these are the same names, in any order. */
export function isSameSet(a: readonly string[], b: readonly string[]): boolean {
	return a.length === b.length && a.every((name) => includes(b, name));
}
