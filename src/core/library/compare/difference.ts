// What changed from one database to another: counted by table, and by file with all that belongs to it.

import type { Database } from "bun:sqlite";
import { FILES } from "../schema/names.ts";
import {
	nameOf,
	readSchema,
	type Schema,
	type Table,
} from "../schema/schema.ts";
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
import { type ListOptions, listChanges } from "./listing.ts";
import { type Counted, findPairs } from "./pairs.ts";
import { narrow } from "./scope.ts";
import { column, type Notes } from "./sql.ts";
import type { RowChange } from "./values.ts";

export type { Counts, FileCounts, TableDifference } from "./counts.ts";
export type { ListOptions } from "./listing.ts";
export type { RowChange } from "./values.ts";

export interface Difference {
	/** A file has changed if anything that belongs to it has. */
	readonly files: FileCounts;
	/** By name; all of them, unchanged ones too. */
	readonly tables: readonly TableDifference[];
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
 * @throws as `pairAttached`, `listChanges`
 */
export function compare(
	scratch: string,
	sides: { readonly old: Side; readonly new: Side },
	{ under = null, list }: CompareOptions,
): Compared {
	return withBoth(scratch, sides, (database) => {
		const paired = pairAttached(database, { old: "old", new: "new" }, under);
		const difference = countAll(database, paired);
		const changes = list ? listChanges(database, paired.notes, list) : [];
		return { ...difference, changes };
	});
}

/** Two attached databases of which it is known which rows are the same. */
export interface Paired {
	readonly notes: Notes;
	readonly schemas: { readonly old: Schema; readonly new: Schema };
	readonly counted: ReadonlyMap<string, Counted>;
}

/**
 * Finds the same rows in two attached databases. What it finds is in temporary tables.
 * @param names under which they are attached
 * @param under only the file of this path, or the files below this folder, and what belongs to them
 * @throws AppError DATABASE_ERROR: they can't be compared
 */
export function pairAttached(
	database: Database,
	names: { readonly old: string; readonly new: string },
	under: string | null,
): Paired {
	const old = readSchema(database, names.old);
	const fresh = readSchema(database, names.new);
	const kinships = findKinships(old, fresh, (table, name) =>
		[old, fresh].some((schema) => hasNulls(database, schema.get(table), name)),
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
	return { notes, schemas: { old, new: fresh }, counted };
}

function countAll(database: Database, paired: Paired): Difference {
	const { notes, schemas, counted } = paired;
	findTouched(database, notes, counted);
	const tables = [
		...notes.kinships.map((kinship) => {
			const counts = counted.get(kinship.table);
			return counts
				? countPairs(database, notes, kinship, counts)
				: countWhole(database, notes, kinship);
		}),
		...(notes.isScoped ? [] : countLone(database, schemas.old, schemas.new)),
	];
	return {
		files: countFiles(database, notes, counted.get(FILES)),
		tables: tables.sort((a, b) => (a.table < b.table ? -1 : 1)),
	};
}

function hasNulls(
	database: Database,
	table: Table | undefined,
	name: string,
): boolean {
	if (!table) return false;
	const found = database
		.query(
			`SELECT 1 FROM ${nameOf(table)} AS t WHERE ${column("t", name)} IS NULL LIMIT 1`,
		)
		.get();
	return found !== null;
}
