// How many rows and files came, went and changed, once the pairs are found.

import type { Database } from "bun:sqlite";
import { nameOf, type Schema, type Table } from "../schema/schema.ts";
import { fileStates } from "./files.ts";
import type { Kinship } from "./kinship.ts";
import type { Counted } from "./pairs.ts";
import {
	CHANGED,
	LOOKED,
	type Notes,
	pairsOf,
	rowsOf,
	type SideName,
} from "./sql.ts";
import { loneRows } from "./whole.ts";

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

export function countWhole(
	database: Database,
	notes: Notes,
	kinship: Kinship,
): TableDifference {
	const { added, removed } = loneRows(notes, kinship);
	const count = (from: string) => `(SELECT count(*) FROM ${from})`;
	const all = (side: SideName) => count(rowsOf(notes, kinship, side, "a"));
	const counts = [all("old"), all("new"), ...[added, removed].map(count)];
	const [oldRows = 0, newRows = 0, ...rest] = numbers(
		database,
		`SELECT ${counts.join()}`,
	);
	return {
		table: kinship.new.name,
		oldRows,
		newRows,
		added: rest[0] ?? 0,
		removed: rest[1] ?? 0,
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
