// The SQL by which rows of two attached databases are compared. What was found is in temporary tables: for each table `pairs_N`, the handles (o0…, n0…) of the rows that are the same row, and how they differ (s).

import type { Database } from "bun:sqlite";
import { nameOf } from "../schema/schema.ts";
import { quoted } from "../sqlite.ts";
import type { Kinship, Shared } from "./kinship.ts";

export type SideName = "old" | "new";

/** How the two rows of a pair differ: not at all, by having been looked at, or by what they say. */
export const SAME = 0;
export const LOOKED = 1;
export const CHANGED = 2;

/** Where each table's findings are, and whether only a part of the rows is looked at. */
export interface Notes {
	readonly kinships: readonly Kinship[];
	readonly isScoped: boolean;
	numberOf(table: string): number;
}

/** `a."name"` */
export function column(alias: string, name: string): string {
	return `${alias}.${quoted(name)}`;
}

/** All rows of one side, as `alias`. */
export function tableOf(
	kinship: Kinship,
	side: SideName,
	alias: string,
): string {
	return `${nameOf(kinship[side])} AS ${alias}`;
}

/** The rows of one side that are looked at, as `alias`. */
export function rowsOf(
	notes: Notes,
	kinship: Kinship,
	side: SideName,
	alias: string,
): string {
	const table = tableOf(kinship, side, alias);
	if (!notes.isScoped) return table;
	const scope = scopeOf(notes, kinship.table, side);
	return `${scope} AS in_${alias} CROSS JOIN ${table} ON ${isAt(kinship, side, alias, `in_${alias}.h`)}`;
}

/** As `rowsOf`, in the order of their numbers, in which they are looked up elsewhere faster than a smaller index saves. */
export function scanOf(
	notes: Notes,
	kinship: Kinship,
	side: SideName,
	alias: string,
): string {
	const isInOrder = !notes.isScoped && kinship[side].isNumbered;
	const rows = rowsOf(notes, kinship, side, alias);
	return isInOrder ? `${rows} NOT INDEXED` : rows;
}

export function scopeOf(notes: Notes, table: string, side: SideName): string {
	return `temp.${side}_scope_${notes.numberOf(table)}`;
}

export function pairsOf(notes: Notes, table: string): string {
	return `temp.pairs_${notes.numberOf(table)}`;
}

/** The handle of a row, part by part. */
export function handleOf(
	kinship: Kinship,
	side: SideName,
	alias: string,
): string[] {
	return kinship[side].handle.map((part) => column(alias, part));
}

/** "o0, o1" */
export function parts(prefix: string, kinship: Kinship, side: SideName) {
	return kinship[side].handle.map((_, index) => `${prefix}${index}`);
}

/** "o0 INTEGER, o1 TEXT": SQLite uses an index only where the types are compared alike. */
export function typedParts(
	prefix: string,
	kinship: Kinship,
	side: SideName,
): string[] {
	const { columns, handle, isNumbered } = kinship[side];
	return handle.map((name, at) => {
		const { type = "" } = columns.find((other) => other.name === name) ?? {};
		return `${prefix}${at} ${isNumbered ? "INTEGER" : affinityOf(type)}`;
	});
}

// https://www.sqlite.org/datatype3.html#determination_of_column_affinity
function affinityOf(type: string): string {
	if (/int/i.test(type)) return "INTEGER";
	if (/char|clob|text/i.test(type)) return "TEXT";
	if (/blob/i.test(type) || type === "") return "BLOB";
	return /real|floa|doub/i.test(type) ? "REAL" : "NUMERIC";
}

/** That a row is the one whose handle stands in columns of this prefix. */
export function isAt(
	kinship: Kinship,
	side: SideName,
	alias: string,
	prefix: string,
): string {
	const names = parts(prefix, kinship, side);
	return all(
		handleOf(kinship, side, alias).map((part, at) => `${part} = ${names[at]}`),
	);
}

/** That a row of one side has no pair. */
export function isAlone(
	notes: Notes,
	kinship: Kinship,
	side: SideName,
	alias: string,
): string {
	const prefix = side === "old" ? "q.o" : "q.n";
	return `NOT EXISTS (SELECT 1 FROM ${pairsOf(notes, kinship.table)} AS q WHERE ${isAt(kinship, side, alias, prefix)})`;
}

/** What stands on the new side for what old row `a` says in a column. */
export function translated(notes: Notes, { name, names }: Shared): string {
	const value = column("a", name);
	return names === null
		? value
		: `(SELECT n0 FROM ${pairsOf(notes, names)} WHERE o0 = ${value})`;
}

/** That rows `a` and `b` say the same in these columns. The new side's column comes first: its index is used. */
export function agrees(notes: Notes, columns: readonly Shared[]): string {
	return all(
		columns.map(
			(shared) => `${column("b", shared.name)} = ${translated(notes, shared)}`,
		),
	);
}

/** That rows `a` and `b` say something else in one of these columns, byte by byte whatever their collation. */
export function differs(notes: Notes, columns: readonly Shared[]): string {
	const plain = columns.filter(({ names }) => names === null);
	const values = (alias: string) =>
		plain.map(({ name, isRetyped }) => {
			const value = column(alias, name);
			return `${isRetyped ? `(+${value})` : value} COLLATE BINARY`;
		});
	const [a, b] = [values("a"), values("b")];
	return any([
		...(plain.length > 0 ? [`(${a.join()}) IS NOT (${b.join()})`] : []),
		...columns
			.filter(({ names }) => names !== null)
			.map((shared) => pointsElsewhere(notes, shared)),
	]);
}

// Numbers that lead nowhere on both sides are taken at their word.
function pointsElsewhere(notes: Notes, shared: Shared): string {
	const [a, b] = [column("a", shared.name), column("b", shared.name)];
	const pairs = pairsOf(notes, shared.names ?? "");
	const parent = notes.kinships.find(({ table }) => table === shared.names);
	const isThere = (side: SideName, value: string) =>
		parent
			? `EXISTS (SELECT 1 FROM ${tableOf(parent, side, "p")} WHERE ${column("p", parent[side].idColumn ?? "")} = ${value})`
			: "0";
	return `CASE WHEN EXISTS (SELECT 1 FROM ${pairs} WHERE o0 = ${a}) THEN ${translated(notes, shared)} IS NOT ${b} ELSE ${a} IS NOT ${b} OR ${isThere("old", a)} OR ${isThere("new", b)} END`;
}

/** How rows `a` and `b` differ, as far as these columns tell. */
export function stateOf(
	notes: Notes,
	telling: readonly Shared[],
	looking: readonly Shared[],
): string {
	return `CASE WHEN ${differs(notes, telling)} THEN ${CHANGED} WHEN ${differs(notes, looking)} THEN ${LOOKED} ELSE ${SAME} END`;
}

/** One value, or several in parentheses. */
export function tuple(values: readonly string[]): string {
	return values.length === 1 ? (values[0] ?? "") : `(${values.join()})`;
}

export function all(terms: readonly string[]): string {
	return terms.length === 0 ? "1" : terms.join(" AND ");
}

export function any(terms: readonly string[]): string {
	return terms.length === 0 ? "0" : `(${terms.join(" OR ")})`;
}

/** Makes pairs findable by their new row. */
export function indexNew(
	database: Database,
	notes: Notes,
	kinship: Kinship,
): void {
	const pairs = `pairs_${notes.numberOf(kinship.table)}`;
	database.run(
		`CREATE INDEX IF NOT EXISTS temp.${pairs}_by_new ON ${pairs} (${parts("n", kinship, "new").join()})`,
	);
}

/** Whether a column names rows of a table of which the pairs are found later, its own among them. */
export function isLate(
	notes: Notes,
	{ table }: Kinship,
	{ names }: Shared,
): boolean {
	return names !== null && notes.numberOf(names) >= notes.numberOf(table);
}
