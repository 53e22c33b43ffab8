// Which rows of a backup the library has lost: files, with each what belongs to it, and rows of other tables. What would
// take the place of a row that is there stays away, and so does what belongs to a row that has changed since.

import type { Database } from "bun:sqlite";
import { isRenumbered, type Kinship } from "../compare/kinship.ts";
import {
	all,
	any,
	CHANGED,
	column,
	isAlone,
	isAt,
	type Notes,
	pairsOf,
	parts,
	scanOf,
	tableOf,
	translated,
	tuple,
	typedParts,
} from "../compare/sql.ts";
import { includes } from "../schema/names.ts";
import {
	isReachable,
	missingOf,
	requiredKeys,
	sharedOf,
} from "./references.ts";

/** Notes the rows of all tables that are to come back. */
export function chooseMissing(database: Database, notes: Notes): void {
	for (const kinship of notes.kinships) {
		const typed = typedParts("o", kinship, "old");
		const names = parts("o", kinship, "old");
		const key = names.length > 0 ? `, PRIMARY KEY (${names.join()})` : "";
		database.run(
			`CREATE TABLE ${missingOf(notes, kinship.table)} (${[...typed, "n0 INTEGER"].join()}${key})`,
		);
		if (kinship.method === "whole") continue;
		const handle = kinship.old.handle.map((part) => column("a", part));
		database.run(
			`INSERT INTO ${missingOf(notes, kinship.table)} (${names.join()}) SELECT ${handle.join()} FROM ${scanOf(notes, kinship, "old", "a")} WHERE ${all(
				[
					isAlone(notes, kinship, "old", "a"),
					isWanted(notes, kinship),
					`NOT ${isTaken(notes, kinship)}`,
				],
			)}`,
		);
	}
	// One that stays away may take others with it, which refer to it.
	for (let isSettled = false; !isSettled; ) {
		isSettled = true;
		for (const kinship of notes.kinships) {
			for (const key of requiredKeys(kinship)) {
				if (kinship.method === "whole") continue;
				const { changes } = database.run(
					`DELETE FROM ${missingOf(notes, kinship.table)} AS m WHERE EXISTS (SELECT 1 FROM ${tableOf(kinship, "old", "a")} WHERE ${all([isAt(kinship, "old", "a", "m.o"), `NOT ${isReachable(notes, kinship, key)}`])})`,
				);
				isSettled &&= changes === 0;
			}
		}
	}
}

// What belongs to a row that is there comes back if that has not changed since, or if it is a record of its own.
function isWanted(notes: Notes, kinship: Kinship): string {
	const { owner, method } = kinship;
	const parent = notes.kinships.find(({ table }) => table === owner?.table);
	if (!owner || !parent) return "1";
	const isNobodys = any(
		owner.columns.map(({ name }) => `${column("a", name)} IS NULL`),
	);
	if (parent.method === "whole") return isNobodys;
	const isIts = owner.columns.map(
		({ name }, at) =>
			`${column("p", owner.parentColumns[at] ?? "")} = ${column("a", name)}`,
	);
	const comesBack = `EXISTS (SELECT 1 FROM ${missingOf(notes, parent.table)} AS m WHERE ${isAt(parent, "old", "p", "m.o")})`;
	const isSteady = `EXISTS (SELECT 1 FROM ${pairsOf(notes, parent.table)} AS q WHERE ${all([isAt(parent, "old", "p", "q.o"), isRecord(kinship) ? "1" : `q.s < ${CHANGED}`])})`;
	const isOne = `EXISTS (SELECT 1 FROM ${tableOf(parent, "old", "p")} WHERE ${all(isIts)} AND (${comesBack} OR ${isSteady}))`;
	// Of rows that only their order tells apart, some would get mixed up with those that are there.
	const theirs = owner.columns.map(({ name }) => column("b", name));
	const whose = owner.columns.map((shared) => translated(notes, shared));
	const hasSome = `${tuple(whose)} IN (SELECT ${theirs.join()} FROM ${tableOf(kinship, "new", "b")})`;
	const isAllowed =
		method === "ranked" ? all([isOne, `(${hasSome}) IS NOT 1`]) : isOne;
	return any([isNobodys, isAllowed]);
}

/** Whether its rows have keys that last, and are not known by what they belong to. */
function isRecord({ owner, new: fresh }: Kinship): boolean {
	const owning = owner?.columns.map(({ name }) => name) ?? [];
	return (
		fresh.idColumn === null &&
		fresh.primaryKey.length > 0 &&
		!fresh.primaryKey.some((name) => includes(owning, name))
	);
}

// Whether what is unique in row `a` is there already.
function isTaken(notes: Notes, kinship: Kinship): string {
	const { new: fresh } = kinship;
	const shared = sharedOf(kinship);
	const terms = fresh.uniqueTogether.flatMap((unique) => {
		const isMeaningless =
			isRenumbered(kinship) && includes(unique, fresh.idColumn ?? "");
		const columns = unique.map((name) =>
			shared.find((other) => includes([other.name], name)),
		);
		if (isMeaningless || columns.some((found) => !found)) return [];
		const isSame = columns.flatMap((found) =>
			found ? [`${column("b", found.name)} = ${translated(notes, found)}`] : [],
		);
		return [
			`EXISTS (SELECT 1 FROM ${tableOf(kinship, "new", "b")} WHERE ${all(isSame)})`,
		];
	});
	return any(terms);
}
