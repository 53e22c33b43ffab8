// What belongs to what, as foreign keys say it.

import { columnOf, FILES, isSame, isThere } from "../schema/names.ts";
import {
	type ForeignKey,
	keyOf,
	type Schema,
	type Table,
} from "../schema/schema.ts";

/** A table in both schemas. */
export interface Sides {
	readonly old: Table;
	readonly new: Table;
}

/** Whether the numbers of a table's rows mean nothing by themselves: a rescan gives out new ones. */
export function isNumberedAnew(sides: Sides, isOfFiles: boolean): boolean {
	const [before, after] = [sides.old.idColumn, sides.new.idColumn];
	return (
		isOfFiles && before !== null && after !== null && isSame(before, after)
	);
}

/** The tables that belong to files, nearest first, each with the foreign key through which it does; `files` itself has none. */
export function findOwners(
	old: Schema,
	fresh: Schema,
): Map<string, ForeignKey | null> {
	const owners = new Map<string, ForeignKey | null>([[FILES, null]]);
	for (let isGrowing = true; isGrowing; ) {
		const next = [...fresh.values()].flatMap((table) => {
			const name = keyOf(table.name);
			if (owners.has(name)) return [];
			const keys = table.foreignKeys.filter(
				(key) =>
					key.isOwning &&
					owners.has(key.parent) &&
					old.has(key.parent) &&
					isThere(old.get(name), key.columns),
			);
			const isRequired = ({ columns }: ForeignKey) =>
				columns.every((column) => columnOf(table, column)?.isRequired);
			const owner = keys.find(isRequired) ?? keys[0];
			return owner ? [[name, owner] as const] : [];
		});
		for (const [name, owner] of next) owners.set(name, owner);
		isGrowing = next.length > 0;
	}
	return owners;
}

/** The table whose row's number a column repeats, directly or through other tables' keys; null where it says something by itself. */
export function namedBy(
	table: string,
	column: string,
	schemas: { readonly old: Schema; readonly new: Schema },
	owners: ReadonlyMap<string, ForeignKey | null>,
	seen: readonly string[] = [],
): string | null {
	const here = `${table}.${keyOf(column)}`;
	if (seen.includes(here)) return null;
	for (const key of schemas.new.get(table)?.foreignKeys ?? []) {
		const at = key.columns.findIndex((name) => isSame(name, column));
		const parent = schemas.new.get(key.parent);
		const before = schemas.old.get(key.parent);
		const target = key.parentColumns[at];
		if (!parent || !before || target === undefined) continue;
		const sides = { old: before, new: parent };
		const isAnew = isNumberedAnew(sides, owners.has(key.parent));
		if (isAnew && isSame(parent.idColumn ?? "", target)) return key.parent;
		const further = namedBy(key.parent, target, schemas, owners, [
			...seen,
			here,
		]);
		if (further !== null) return further;
	}
	return null;
}
