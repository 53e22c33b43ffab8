// How many rows and files came, went and changed, once the pairs are found.

import type { Database } from "bun:sqlite";
import { nameOf, type Schema, type Table } from "../schema/schema.ts";
import { fileStates } from "./files.ts";
import type { Kinship } from "./kinship.ts";
import type { Counted } from "./pairs.ts";
import {
	CHANGED,
	column,
	LOOKED,
	type Notes,
	pairsOf,
	rowsOf,
	type SideName,
	translated,
} from "./sql.ts";

/** How many rows, or files, came, went and changed from the old side to the new one. */
export interface Counts {
	readonly added: number;
	readonly removed: number;
	readonly changed: number;
	/** Their times of looking changed, and nothing else. */
	readonly lookedAgain: number;
}

export interface TableDifference extends Counts {
	readonly table: string;
	/** null: that side has no such table. */
	readonly oldRows: number | null;
	readonly newRows: number | null;
}

export interface FileCounts extends Counts {
	readonly unchanged: number;
}

export function countPairs(
	database: Database,
	notes: Notes,
	{ table, new: fresh }: Kinship,
	{ old, new: now, pairs }: Counted,
): TableDifference {
	const [changed = 0, lookedAgain = 0] = numbers(
		database,
		`SELECT count(*) FILTER (WHERE s = ${CHANGED}), count(*) FILTER (WHERE s = ${LOOKED}) FROM ${pairsOf(notes, table)}`,
	);
	return {
		table: fresh.name,
		oldRows: old,
		newRows: now,
		added: now - pairs,
		removed: old - pairs,
		changed,
		lookedAgain,
	};
}

// Without a key a row is what all its columns say, and of equal ones each counts.
export function countWhole(
	database: Database,
	notes: Notes,
	kinship: Kinship,
): TableDifference {
	const columns = [...kinship.telling, ...kinship.looking];
	const select = (side: SideName, values: readonly string[]) =>
		`SELECT ${values.map((value) => `${value} COLLATE BINARY`).join()}, row_number() OVER (PARTITION BY ${values.map((value) => `${value} COLLATE BINARY`).join()}) FROM ${rowsOf(notes, kinship, side, "a")}`;
	const was = select(
		"old",
		columns.map((shared) =>
			shared.names === null
				? column("a", shared.name)
				: `coalesce(${translated(notes, shared)}, ${column("a", shared.name)})`,
		),
	);
	const is = select(
		"new",
		columns.map(({ name }) => column("a", name)),
	);
	const [oldRows = 0, newRows = 0, removed = 0, added = 0] = numbers(
		database,
		`SELECT (SELECT count(*) FROM ${rowsOf(notes, kinship, "old", "a")}), (SELECT count(*) FROM ${rowsOf(notes, kinship, "new", "a")}), (SELECT count(*) FROM (${was} EXCEPT ${is})), (SELECT count(*) FROM (${is} EXCEPT ${was}))`,
	);
	const table = kinship.new.name;
	return {
		table,
		oldRows,
		newRows,
		added,
		removed,
		changed: 0,
		lookedAgain: 0,
	};
}

export function countLone(
	database: Database,
	old: Schema,
	fresh: Schema,
): TableDifference[] {
	const count = (table: Table) =>
		numbers(database, `SELECT count(*) FROM ${nameOf(table)}`)[0] ?? 0;
	const nothing = { added: 0, removed: 0, changed: 0, lookedAgain: 0 };
	const gone = [...old].filter(([key]) => !fresh.has(key));
	const made = [...fresh].filter(([key]) => !old.has(key));
	return [
		...gone.map(([, table]) => {
			const removed = count(table);
			const rows = { oldRows: removed, newRows: null };
			return { ...nothing, table: table.name, ...rows, removed };
		}),
		...made.map(([, table]) => {
			const added = count(table);
			const rows = { oldRows: null, newRows: added };
			return { ...nothing, table: table.name, ...rows, added };
		}),
	];
}

export function countFiles(
	database: Database,
	notes: Notes,
	counted: Counted | undefined,
): FileCounts {
	const { old = 0, new: now = 0, pairs = 0 } = counted ?? {};
	const [changed = 0, lookedAgain = 0] = numbers(
		database,
		`SELECT count(*) FILTER (WHERE state = ${CHANGED}), count(*) FILTER (WHERE state = ${LOOKED}) FROM (${fileStates(notes)})`,
	);
	return {
		added: now - pairs,
		removed: old - pairs,
		changed,
		lookedAgain,
		unchanged: pairs - changed - lookedAgain,
	};
}

function numbers(database: Database, sql: string): number[] {
	return (database.query(sql).values()[0] ?? []).map(Number);
}
