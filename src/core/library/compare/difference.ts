// What changed from one database to another: counted by table, and by file with all that belongs to it.

import type { Database } from "bun:sqlite";
import { FILES } from "../schema/names.ts";
import { readSchema } from "../schema/schema.ts";
import { quoted } from "../sqlite.ts";
import { type Side, withBoth } from "./both.ts";
import {
	countFiles,
	countLone,
	countPairs,
	countWhole,
	type FileCounts,
	type TableDifference,
} from "./counts.ts";
import { findTouched } from "./files.ts";
import { findKinships, type Kinship } from "./kinship.ts";
import { type ListOptions, listChanges, type RowChange } from "./listing.ts";
import { findPairs } from "./pairs.ts";
import { narrow } from "./scope.ts";
import { column, type Notes, type SideName } from "./sql.ts";

export type { Counts, FileCounts, TableDifference } from "./counts.ts";
export type { ListOptions, RowChange } from "./listing.ts";

export interface Difference {
	/** A file has changed if anything that belongs to it has. */
	readonly files: FileCounts;
	/** By name; all of them, unchanged ones too. */
	readonly tables: readonly TableDifference[];
}

/** Two databases, attached and compared. */
export interface Comparison {
	readonly notes: Notes;
	readonly difference: Difference;
}

/** What somebody wants to know of two databases. */
export interface CompareOptions {
	/** A path of the library: only that file, or the files below that folder, and what belongs to them. */
	readonly under?: string | null | undefined;
	/** What to list; left out: only the counts are wanted. */
	readonly list?: ListOptions | undefined;
}

/** Two databases as far as somebody wanted to know. */
export interface Compared extends Difference {
	readonly changes: readonly RowChange[];
}

/**
 * Compares two databases.
 * @param scratch a private folder
 * @throws as `compareAttached`, `listChanges`
 */
export function compare(
	scratch: string,
	sides: { readonly old: Side; readonly new: Side },
	{ under = null, list }: CompareOptions,
): Compared {
	return withBoth(scratch, sides, (database) => {
		const { notes, difference } = compareAttached(database, under);
		const changes = list ? listChanges(database, notes, list) : [];
		return { ...difference, changes };
	});
}

/**
 * Compares the databases attached as `old` and `new`, with `main` as scratch.
 * @param under compare only the file of this path, or the files below this folder, and what belongs to them
 * @throws AppError DATABASE_ERROR: they can't be compared
 */
export function compareAttached(
	database: Database,
	under: string | null,
): Comparison {
	const old = readSchema(database, "old");
	const fresh = readSchema(database, "new");
	const kinships = findKinships(old, fresh, (table, name) =>
		[old, fresh].some((tables, at) => {
			const side = at === 0 ? "old" : "new";
			const known = tables.get(table);
			return known !== undefined && hasNulls(database, side, known.name, name);
		}),
	);
	const numbers = new Map(kinships.map(({ table }, at) => [table, at]));
	const isOfFiles = ({ table, anchor }: Kinship) =>
		table === FILES || anchor !== null;
	const notes: Notes = {
		kinships: under === null ? kinships : kinships.filter(isOfFiles),
		isScoped: under !== null,
		numberOf: (table) => numbers.get(table) ?? -1,
	};
	if (under !== null) narrow(database, notes, under);
	const counted = findPairs(database, notes);
	findTouched(database, notes, counted);
	const tables = [
		...notes.kinships.map((kinship) => {
			const counts = counted.get(kinship.table);
			return counts
				? countPairs(database, notes, kinship, counts)
				: countWhole(database, notes, kinship);
		}),
		...(under === null ? countLone(database, old, fresh) : []),
	];
	return {
		notes,
		difference: {
			files: countFiles(database, notes, counted.get(FILES)),
			tables: tables.sort((a, b) => (a.table < b.table ? -1 : 1)),
		},
	};
}

function hasNulls(
	database: Database,
	side: SideName,
	table: string,
	name: string,
): boolean {
	const found = database
		.query(
			`SELECT 1 FROM ${side}.${quoted(table)} AS t WHERE ${column("t", name)} IS NULL LIMIT 1`,
		)
		.get();
	return found !== null;
}
