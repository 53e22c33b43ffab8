// By what the rows of two databases are the same rows: files by their path, what belongs to a file by that file and its
// own order there, all else by primary key. Which table belongs to files, the databases' foreign keys say.

import { AppError } from "../../../ground/errors.ts";
import {
	columnOf,
	FILES,
	includes,
	isSame,
	isThere,
	PATH,
} from "../schema/names.ts";
import {
	type ForeignKey,
	hasColumn,
	keyOf,
	type Schema,
	type Table,
} from "../schema/schema.ts";
import { chooseKey, type Method } from "./key.ts";
import { findOwners, isNumberedAnew, namedBy } from "./owners.ts";

/** A column that both sides have. */
export interface Shared {
	readonly name: string;
	/** The table whose rows it names by a number that means nothing by itself; null: its value is what it says. */
	readonly names: string | null;
	/** Whether the two sides declare another type for it. */
	readonly isRetyped: boolean;
}

/** How the rows of a table that both sides have are told apart. */
export interface Kinship {
	/** Its key in both schemas. */
	readonly table: string;
	readonly old: Table;
	readonly new: Table;
	/** The parent that its rows belong to, and through it to a file. */
	readonly owner: {
		readonly table: string;
		readonly columns: readonly Shared[];
		readonly parentColumns: readonly string[];
	} | null;
	/** Through which it belongs to a file, or at least tells of one; null for files themselves, and where neither is so. */
	readonly anchor: ForeignKey | null;
	/** What is the same in the same row, beside its owner. */
	readonly key: readonly Shared[];
	readonly method: Method;
	/** What makes a row a changed one. */
	readonly telling: readonly Shared[];
	/** What changes by looking at it again. */
	readonly looking: readonly Shared[];
}

/** Times at which somebody looked, or wrote the same again. */
const LOOKED_AT =
	/^(created|updated|inserted|recorded|(re)?scanned|checked|seen|accessed|analy[sz]ed|refreshed|indexed|probed|synced|last_\w+)(_at|_on|_time|_date)?$/;
/** In a file's row: who looked. */
const LOOKED_BY = /^(last_)?(scan_)?(job|scan)_id$/;

/**
 * Tells how to find each table's rows of one side in the other, in an order in which each comes after what it names.
 * @param hasNulls whether a column, which may hold NULL, does so on either side
 * @throws AppError DATABASE_ERROR: there is no table of files with paths
 */
export function findKinships(
	old: Schema,
	fresh: Schema,
	hasNulls: (table: string, column: string) => boolean,
): Kinship[] {
	if (![old, fresh].every((side) => hasColumn(side.get(FILES), PATH))) {
		throw new AppError(
			"DATABASE_ERROR",
			"its files have no path, so that they can't be compared",
		);
	}
	const owners = findOwners(old, fresh);
	const names = [...owners.keys(), ...fresh.keys()];
	const shared = [...new Set(names)].filter((name) => old.has(name));
	const kinships = shared.map((table) =>
		describe(table, { old, new: fresh }, owners, hasNulls),
	);
	return inOrder(kinships);
}

/** Whether the numbers of its rows mean nothing by themselves: a rescan gives out new ones. */
export function isRenumbered({ table, owner, ...sides }: Kinship): boolean {
	return isNumberedAnew(sides, table === FILES || owner !== null);
}

function describe(
	table: string,
	schemas: { readonly old: Schema; readonly new: Schema },
	owners: ReadonlyMap<string, ForeignKey | null>,
	hasNulls: (table: string, column: string) => boolean,
): Kinship {
	const sides = {
		old: schemas.old.get(table) as Table,
		new: schemas.new.get(table) as Table,
	};
	const shared = (name: string): Shared => ({
		name,
		names: namedBy(table, name, schemas, owners),
		isRetyped:
			columnOf(sides.old, name)?.type.toUpperCase() !==
			columnOf(sides.new, name)?.type.toUpperCase(),
	});
	const foreignKey = owners.get(table) ?? null;
	const owning = foreignKey?.columns ?? [];
	const isOfFiles = owners.has(table);
	const isUsable = (key: readonly string[]) =>
		key.every(
			(column) => hasColumn(sides.old, column) && !hasNulls(table, column),
		);
	const { key, method } = chooseKey(
		table === FILES ? [PATH] : null,
		sides,
		owning,
		isOfFiles,
		isUsable,
	);
	const isMeaningless = isNumberedAnew(sides, isOfFiles);
	const compared = sides.new.columns
		.map(({ name }) => name)
		.filter(
			(name) =>
				hasColumn(sides.old, name) &&
				!includes(owning, name) &&
				!includes(key, name) &&
				!(isMeaningless && isSame(name, sides.new.idColumn ?? "")),
		);
	const isLooking = (name: string) =>
		LOOKED_AT.test(keyOf(name)) ||
		(table === FILES && LOOKED_BY.test(keyOf(name)));
	return {
		table,
		...sides,
		owner: foreignKey && {
			table: foreignKey.parent,
			columns: owning.map(shared),
			parentColumns: foreignKey.parentColumns,
		},
		anchor:
			foreignKey ??
			sides.new.foreignKeys.find(
				({ parent, columns }) =>
					!isOfFiles && owners.has(parent) && isThere(sides.old, columns),
			) ??
			null,
		key: key.map(shared),
		method,
		telling: compared.filter((name) => !isLooking(name)).map(shared),
		looking: compared.filter(isLooking).map(shared),
	};
}

// A key that names rows of a table which comes later can't be looked up: then the order counts.
function inOrder(kinships: readonly Kinship[]): Kinship[] {
	const done: Kinship[] = [];
	const left = [...kinships];
	const isDone = (name: string) => done.some(({ table }) => table === name);
	while (left.length > 0) {
		const isReady = ({ owner, key }: Kinship) =>
			(!owner || isDone(owner.table)) &&
			[...(owner?.columns ?? []), ...key].every(
				({ names }) => names === null || isDone(names),
			);
		const at = Math.max(0, left.findIndex(isReady));
		const next = left.splice(at, 1)[0] as Kinship;
		done.push(isReady(next) ? next : withoutNames(next, isDone));
	}
	return done;
}

function withoutNames(
	kinship: Kinship,
	isDone: (name: string) => boolean,
): Kinship {
	const canNot = ({ names }: Shared) => names !== null && !isDone(names);
	const later = kinship.key.filter(canNot);
	return {
		...kinship,
		key: kinship.key.filter((part) => !canNot(part)),
		method: "ranked",
		telling: [...kinship.telling, ...later],
	};
}
