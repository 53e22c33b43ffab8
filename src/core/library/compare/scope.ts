// Narrows a comparison to some files, and to what belongs to them or tells of them.

import type { Database } from "bun:sqlite";
import { FILES, PATH } from "../schema/names.ts";
import { withConnection } from "../sqlite.ts";
import { asking } from "../sqlite-error.ts";
import type { Kinship } from "./kinship.ts";
import {
	all,
	column,
	handleOf,
	isAt,
	type Notes,
	parts,
	type SideName,
	scopeOf,
	tableOf,
	tuple,
	typedParts,
} from "./sql.ts";

/** Writes down the rows of both sides that are to be looked at. */
export function narrow(database: Database, notes: Notes, under: string): void {
	for (const side of ["old", "new"] as const) {
		for (const kinship of notes.kinships) {
			const rows = `temp.${side}_scope_${notes.numberOf(kinship.table)}`;
			const typed = typedParts("h", kinship, side);
			database.run(`CREATE TABLE ${rows} (${typed.join()})`);
			database.run(
				`CREATE INDEX ${rows}_by_handle ON ${rows.slice("temp.".length)} (${parts("h", kinship, side).join()})`,
			);
			if (kinship.table === FILES) {
				const path = column("t", PATH);
				database.run(
					`INSERT INTO ${rows} SELECT ${select(kinship, side)} WHERE ${isUnder(path)}`,
					underArgs(under),
				);
			} else {
				database.run(
					`INSERT INTO ${rows} SELECT ${select(kinship, side)} WHERE ${isOfThem(notes, kinship, side)}`,
				);
			}
		}
	}
}

/** That a path is this one, or below it. Both are found by an index. */
export function isUnder(path: string): string {
	return `(${path} = ?1 OR (${path} >= ?2 AND ${path} < ?3))`;
}

/** Its arguments: "0" comes right behind "/". */
export function underArgs(under: string): [string, string, string] {
	return [under, `${under}/`, `${under}0`];
}

function select(kinship: Kinship, side: SideName): string {
	return `${handleOf(kinship, side, "t").join()} FROM ${tableOf(kinship, side, "t")}`;
}

function isOfThem(notes: Notes, kinship: Kinship, side: SideName): string {
	const { anchor } = kinship;
	const parent = notes.kinships.find(({ table }) => table === anchor?.parent);
	if (!anchor || !parent) return "0";
	const own = anchor.columns.map((name) => column("t", name));
	const named = anchor.parentColumns.map((name) => column("p", name));
	const scope = scopeOf(notes, parent.table, side);
	return `${tuple(own)} IN (SELECT ${named.join()} FROM ${scope} AS s CROSS JOIN ${tableOf(parent, side, "p")} ON ${all([isAt(parent, side, "p", "s.h")])})`;
}

/** What a library has at a path. */
export interface FilesUnder {
	readonly count: number;
	/** Whether the path itself is a file. */
	readonly isFile: boolean;
}

/** Counts the file of this path, or the files below this folder. */
export function countUnder(
	path: string,
	isImmutable: boolean,
	under: string,
): FilesUnder {
	return withConnection(path, isImmutable, (database) =>
		asking(path, () => {
			const [count = 0, own = 0] = (
				database
					.query(
						`SELECT count(*), total(t.path = ?1) FROM files AS t WHERE ${isUnder("t.path")}`,
					)
					.values(...underArgs(under))[0] ?? []
			).map(Number);
			return { count, isFile: own > 0 };
		}),
	);
}
