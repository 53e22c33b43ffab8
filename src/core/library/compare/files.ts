// Which files changed: by what their own row says, or by anything that belongs to them.

import type { Database } from "bun:sqlite";
import { FILES } from "../schema/names.ts";
import type { Kinship } from "./kinship.ts";
import type { Counted } from "./pairs.ts";
import {
	all,
	CHANGED,
	column,
	handleOf,
	indexNew,
	isAlone,
	isAt,
	type Notes,
	pairsOf,
	type SideName,
	scanOf,
	tableOf,
} from "./sql.ts";

/** Writes down for each file that both sides have, by its old handle, what happened to what belongs to it. */
export function findTouched(
	database: Database,
	notes: Notes,
	counted: ReadonlyMap<string, Counted>,
): void {
	database.run("CREATE TABLE temp.touched (file, t, kind, rows)");
	const files = kinshipOf(notes, FILES);
	for (const kinship of notes.kinships) {
		const counts = counted.get(kinship.table);
		if (!kinship.owner || !files || !counts) continue;
		const number = notes.numberOf(kinship.table);
		const note = (from: string, file: string, kind: string) =>
			database.run(
				`INSERT INTO temp.touched SELECT ${file}, ${number}, ${kind}, count(*) FROM ${from} GROUP BY 1, 3`,
			);
		const up = (side: SideName) => ancestry(notes, kinship, side, "t0");
		const old = up("old");
		const paired = `${pairsOf(notes, kinship.table)} AS q CROSS JOIN ${tableOf(kinship, "old", "t0")} ON ${isAt(kinship, "old", "t0", "q.o")} ${old.joins} WHERE q.s > 0`;
		note(
			paired,
			handleOf(files, "old", old.alias)[0] ?? "",
			`CASE WHEN q.s = ${CHANGED} THEN 'changed' ELSE 'lookedAgain' END`,
		);
		if (counts.old > counts.pairs) {
			note(
				`${scanOf(notes, kinship, "old", "t0")} ${old.joins} CROSS JOIN ${pairsOf(notes, FILES)} AS f ON ${isAt(files, "old", old.alias, "f.o")} WHERE ${isAlone(notes, kinship, "old", "t0")}`,
				"f.o0",
				"'removed'",
			);
		}
		if (counts.new > counts.pairs) {
			indexNew(database, notes, kinship);
			indexNew(database, notes, files);
			const fresh = up("new");
			note(
				`${scanOf(notes, kinship, "new", "t0")} ${fresh.joins} CROSS JOIN ${pairsOf(notes, FILES)} AS f ON ${isAt(files, "new", fresh.alias, "f.n")} WHERE ${isAlone(notes, kinship, "new", "t0")}`,
				"f.o0",
				"'added'",
			);
		}
	}
	database.run("CREATE INDEX temp.touched_by_file ON touched (file)");
}

/** A query for the old handle and the state of each file that both sides have and that is not quite the same. */
export function fileStates(notes: Notes): string {
	return `SELECT file, max(state) AS state FROM (SELECT o0 AS file, s AS state FROM ${pairsOf(notes, FILES)} WHERE s > 0 UNION ALL SELECT file, CASE WHEN kind = 'lookedAgain' THEN 1 ELSE 2 END FROM temp.touched) GROUP BY file`;
}

/** Joins from a row up to its file, and under which name that is then. */
export function ancestry(
	notes: Notes,
	kinship: Kinship,
	side: SideName,
	row: string,
	join: "CROSS" | "LEFT" = "CROSS",
): { joins: string; alias: string } {
	let joins = "";
	let alias = row;
	let at: Kinship | undefined = kinship;
	for (let level = 1; at?.owner; level++) {
		const { owner }: Kinship = at;
		const parent = kinshipOf(notes, owner.table);
		if (!parent) break;
		const next = `t${level}`;
		const isParent = owner.columns.map(
			({ name }, index) =>
				`${column(next, owner.parentColumns[index] ?? "")} = ${column(alias, name)}`,
		);
		joins += ` ${join} JOIN ${tableOf(parent, side, next)} ON ${all(isParent)}`;
		alias = next;
		at = parent;
	}
	return { joins, alias };
}

function kinshipOf(notes: Notes, name: string): Kinship | undefined {
	return notes.kinships.find(({ table }) => table === name);
}
