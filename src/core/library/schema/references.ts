// What the indexes and foreign keys of a table say, as its database tells it.

import type { Database } from "bun:sqlite";

/** Under which a name is found, however it is spelled: SQLite folds ASCII letters. */
export function keyOf(name: string): string {
	return name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Names as the parent spells them are found through `keyOf`. */
export interface ForeignKey {
	readonly columns: readonly string[];
	readonly parent: string;
	readonly parentColumns: readonly string[];
	/** Whether a row goes with its parent. One that outlives it only refers to it. */
	readonly isOwning: boolean;
}

/** A unique index. */
export interface UniqueIndex {
	readonly origin: string;
	readonly columns: readonly string[];
}

// Whole ones only, of columns: neither partial indexes nor such on expressions.
export function readIndexes(
	database: Database,
	schema: string,
	name: string,
): UniqueIndex[] {
	const indexes = database
		.query<{ name: string; origin: string }, [string, string]>(
			'SELECT name, origin FROM pragma_index_list(?1, ?2) WHERE "unique" AND NOT partial ORDER BY seq',
		)
		.all(name, schema);
	const columnsOf = database.query<{ name: string | null }, [string, string]>(
		"SELECT name FROM pragma_index_info(?1, ?2) ORDER BY seqno",
	);
	return indexes.flatMap(({ name: index, origin }) => {
		const columns = columnsOf.all(index, schema).map((row) => row.name);
		return columns.every((column) => column !== null)
			? [{ origin, columns }]
			: [];
	});
}

interface ForeignKeyRow {
	readonly id: number;
	readonly table: string;
	readonly from: string;
	readonly to: string | null;
	readonly on_delete: string;
}

export function readForeignKeys(
	database: Database,
	schema: string,
	name: string,
): ForeignKey[] {
	const rows = database
		.query<ForeignKeyRow, [string, string]>(
			'SELECT id, "table", "from", "to", on_delete FROM pragma_foreign_key_list(?1, ?2) ORDER BY id DESC, seq',
		)
		.all(name, schema);
	return [...Map.groupBy(rows, ({ id }) => id).values()].map((parts) => ({
		columns: parts.map(({ from }) => from),
		parent: keyOf(parts[0]?.table ?? ""),
		parentColumns: parts.flatMap(({ to }) => to ?? []),
		isOwning: !(parts[0]?.on_delete ?? "").startsWith("SET "),
	}));
}
