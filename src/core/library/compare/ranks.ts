// When rows are the same row: they agree in owner and key, or where there is no key, in their place among those of one owner.

import type { Database } from "bun:sqlite";
import type { Kinship, Shared } from "./kinship.ts";
import {
	agrees,
	all,
	column,
	handleOf,
	indexNew,
	isAlone,
	isAt,
	isLate,
	type Notes,
	pairsOf,
	rowsOf,
	type SideName,
	scanOf,
	stateOf,
	tableOf,
	translated,
	tuple,
} from "./sql.ts";

/** How many rows there are of a table, and how many of them were found on the other side too. */
export interface Counted {
	readonly old: number;
	readonly new: number;
	readonly pairs: number;
}

/** That rows `a` and `b` belong to the same, and have the same key. */
export function isSame(
	database: Database,
	notes: Notes,
	kinship: Kinship,
): string {
	const { owner, key } = kinship;
	return all([
		...(owner ? [agrees(notes, owner.columns)] : []),
		...isOwnerStill(database, notes, kinship),
		...(key.length > 0 ? [agrees(notes, key)] : []),
	]);
}

/** How `a` and `b` differ, as far as the pairs that are found by then tell. */
export function stateEarly(notes: Notes, kinship: Kinship): string {
	const { telling, looking } = kinship;
	const isEarly = (shared: Shared) => !isLate(notes, kinship, shared);
	return stateOf(notes, telling.filter(isEarly), looking.filter(isEarly));
}

// Where an owner is named by a value that lasts, the one of this value may belong to another file on the other side.
function isOwnerStill(
	database: Database,
	notes: Notes,
	{ table, owner }: Kinship,
): string[] {
	const parent = notes.kinships.find((other) => other.table === owner?.table);
	if (!owner || !parent || parent.method === "whole") return [];
	if (owner.columns.every(({ names }) => names === owner.table)) return [];
	const moved = `moved_${notes.numberOf(table)}`;
	const values = owner.parentColumns.map(
		(name, at) => `${column("p", name)} AS k${at}`,
	);
	const keys = values.map((_, at) => `k${at}`);
	database.run(
		`CREATE TABLE IF NOT EXISTS temp.${moved} AS SELECT ${values.join()} FROM ${scanOf(notes, parent, "old", "p")} WHERE ${isAlone(notes, parent, "old", "p")}`,
	);
	database.run(
		`CREATE INDEX IF NOT EXISTS temp.${moved}_by_key ON ${moved} (${keys.join()})`,
	);
	const isAny = database.query(`SELECT 1 FROM temp.${moved}`).get() !== null;
	const isIt = owner.columns.map(
		({ name }, at) => `k${at} = ${column("a", name)}`,
	);
	return isAny
		? [`NOT EXISTS (SELECT 1 FROM temp.${moved} WHERE ${all(isIt)})`]
		: [];
}

/**
 * Pairs the first of an owner's rows with the first, and so on. Where all of them kept their numbers, reading both
 * tables side by side has done that already.
 * @param counts as far as that has come
 */
export function pairByRank(
	database: Database,
	notes: Notes,
	kinship: Kinship,
	counts: Counted,
): void {
	const shared = [...(kinship.owner?.columns ?? []), ...kinship.key];
	if (shared.length === 0) return;
	const number = notes.numberOf(kinship.table);
	const pairs = pairsOf(notes, kinship.table);
	const keys = shared.map((_, at) => `k${at}`);
	// Whose a row is, in the new side's words.
	const whose = {
		old: shared.map((part) => translated(notes, part)),
		new: shared.map(({ name }) => column("b", name)),
	};
	const named = (side: SideName) =>
		whose[side].map((value, at) => `${value} AS k${at}`).join();
	const unsettled = (side: SideName, alias: string) => {
		const [there, other] = side === "old" ? ["new", "b"] : ["old", "a"];
		const theirs = `SELECT ${whose[there as SideName].join()} FROM ${rowsOf(notes, kinship, there as SideName, other)}`;
		return `SELECT ${named(side)} FROM ${scanOf(notes, kinship, side, alias)} WHERE ${isAlone(notes, kinship, side, alias)} AND ${tuple(whose[side])} IN (${theirs})`;
	};
	const lone = [
		...(counts.old > counts.pairs ? [unsettled("old", "a")] : []),
		...(counts.new > counts.pairs ? [unsettled("new", "b")] : []),
	];
	if (lone.length === 0) return;
	if (counts.new > counts.pairs) indexNew(database, notes, kinship);
	database.run(
		`CREATE TABLE temp.unsettled_${number} AS ${lone.join(" UNION ")}`,
	);
	const isAny = database.query(`SELECT 1 FROM temp.unsettled_${number}`).get();
	if (isAny === null) return;
	database.run(
		`CREATE INDEX temp.unsettled_${number}_by_key ON unsettled_${number} (${keys.join()})`,
	);
	const isUnsettled = (side: SideName) =>
		`EXISTS (SELECT 1 FROM temp.unsettled_${number} AS u WHERE ${all(whose[side].map((value, at) => `u.k${at} = ${value}`))})`;
	database.run(
		`DELETE FROM ${pairs} AS q WHERE EXISTS (SELECT 1 FROM ${tableOf(kinship, "old", "a")} WHERE ${all([isAt(kinship, "old", "a", "q.o"), isUnsettled("old")])})`,
	);
	const ranked = (side: SideName, alias: string, isOurs: string[]) => {
		const own = shared.map(({ name }) => column(alias, name));
		const [handle = ""] = handleOf(kinship, side, alias);
		return `SELECT ${handle} AS h0, ${named(side)}, row_number() OVER (PARTITION BY ${own.join()} ORDER BY ${handle}) AS r FROM ${rowsOf(notes, kinship, side, alias)} WHERE ${all([...isOurs, isUnsettled(side)])}`;
	};
	database.run(
		`CREATE TABLE temp.ranks_${number} AS ${ranked("new", "b", [])}`,
	);
	database.run(
		`CREATE INDEX temp.ranks_${number}_by_place ON ranks_${number} (${[...keys, "r"].join()})`,
	);
	const mine = ranked("old", "a", isOwnerStill(database, notes, kinship));
	const isPlace = all([...keys, "r"].map((key) => `n.${key} = o.${key}`));
	const found = [
		...handleOf(kinship, "old", "a"),
		...handleOf(kinship, "new", "b"),
		stateEarly(notes, kinship),
	];
	database.run(
		`INSERT INTO ${pairs} SELECT ${found.join()} FROM (${mine}) AS o CROSS JOIN temp.ranks_${number} AS n ON ${isPlace} CROSS JOIN ${tableOf(kinship, "old", "a")} ON ${isAt(kinship, "old", "a", "o.h")} CROSS JOIN ${tableOf(kinship, "new", "b")} ON ${isAt(kinship, "new", "b", "n.h")}`,
	);
}
