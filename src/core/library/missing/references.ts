// What a row of the backup refers to, and whether that is there once the missing rows are back.

import type { Kinship, Shared } from "../compare/kinship.ts";
import {
	all,
	any,
	column,
	isAt,
	type Notes,
	pairsOf,
	tableOf,
} from "../compare/sql.ts";
import { columnOf, includes, isSameSet } from "../schema/names.ts";
import type { ForeignKey } from "../schema/schema.ts";

/** Where the rows of a table are noted that come back: their old handle, and the number that they get (n0). */
export function missingOf(notes: Notes, table: string): string {
	return `temp.missing_${notes.numberOf(table)}`;
}

/** The foreign keys without which a row can't be: what it belongs to, and what can't be NULL. */
export function requiredKeys(kinship: Kinship): ForeignKey[] {
	return kinship.new.foreignKeys.filter((key) => isRequired(kinship, key));
}

/** The others: where they lead nowhere, they become NULL, as if what they refer to had been deleted. */
export function optionalKeys(kinship: Kinship): ForeignKey[] {
	return kinship.new.foreignKeys.filter((key) => !isRequired(kinship, key));
}

function isRequired({ owner, new: fresh }: Kinship, key: ForeignKey): boolean {
	const owning = owner?.columns.map(({ name }) => name) ?? [];
	return (
		(key.parent === owner?.table && isSameSet(key.columns, owning)) ||
		key.columns.every((name) => columnOf(fresh, name)?.isRequired)
	);
}

/** That what row `a` refers to by this key is there already, or comes back; or that it refers to nothing. */
export function isReachable(
	notes: Notes,
	kinship: Kinship,
	{ columns, parent: name, parentColumns }: ForeignKey,
): string {
	const isNothing = columns.map((own) => `${column("a", own)} IS NULL`);
	const parent = notes.kinships.find(({ table }) => table === name);
	const isIt = (alias: string) =>
		columns.map(
			(own, at) =>
				`${column(alias, parentColumns[at] ?? "")} = ${column("a", own)}`,
		);
	const terms: string[] = [];
	if (parent && parent.method !== "whole") {
		const isPaired = `EXISTS (SELECT 1 FROM ${pairsOf(notes, name)} AS q WHERE ${isAt(parent, "old", "p", "q.o")})`;
		const comesBack = `EXISTS (SELECT 1 FROM ${missingOf(notes, name)} AS w WHERE ${isAt(parent, "old", "p", "w.o")})`;
		terms.push(
			`EXISTS (SELECT 1 FROM ${tableOf(parent, "old", "p")} WHERE ${all(isIt("p"))} AND (${isPaired} OR ${comesBack}))`,
		);
	}
	// A value that says something by itself is the same on both sides.
	const isOwner = kinship.owner?.table === name;
	const isPlain = columns.every((own) => namesOf(kinship, own) === null);
	if (!isOwner && isPlain && parent) {
		terms.push(
			`EXISTS (SELECT 1 FROM ${tableOf(parent, "new", "b")} WHERE ${all(isIt("b"))})`,
		);
	}
	return any([...isNothing, ...terms]);
}

/** The table whose row's number a column repeats; null: none that is given out anew. */
export function namesOf(kinship: Kinship, name: string): string | null {
	return (
		sharedOf(kinship).find((part) => includes([part.name], name))?.names ?? null
	);
}

/** All columns that both sides have, but for a number that is given out anew. */
export function sharedOf(kinship: Kinship): Shared[] {
	const { owner, key, telling, looking } = kinship;
	return [...(owner?.columns ?? []), ...key, ...telling, ...looking];
}
