// Puts the missing rows into the library: with their numbers where these are free, and with references to the rows that
// stand for those of the backup there.

import type { Database } from "bun:sqlite";
import { isRenumbered, type Kinship, type Shared } from "../compare/kinship.ts";
import {
	any,
	column,
	isAt,
	type Notes,
	pairsOf,
	parts,
	tableOf,
} from "../compare/sql.ts";
import { columnOf, includes } from "../schema/names.ts";
import { nameOf, type Schema } from "../schema/schema.ts";
import { quoted } from "../sqlite.ts";
import {
	isReachable,
	missingOf,
	optionalKeys,
	sharedOf,
} from "./references.ts";

/** Gives each missing row its number, where numbers mean nothing by themselves. */
export function numberMissing(
	database: Database,
	notes: Notes,
	schema: Schema,
): void {
	for (const kinship of notes.kinships) {
		if (!isRenumbered(kinship) || kinship.method === "whole") continue;
		const missing = missingOf(notes, kinship.table);
		const { name, idColumn } = kinship.new;
		const owned = kinship.owner?.columns.find((part) =>
			includes([part.name], idColumn ?? ""),
		);
		if (owned) {
			database.run(
				`UPDATE ${missing} AS m SET n0 = (SELECT ${valueFor(notes, kinship, owned)} FROM ${tableOf(kinship, "old", "a")} WHERE ${isAt(kinship, "old", "a", "m.o")})`,
			);
			continue;
		}
		database.run(`UPDATE ${missing} SET n0 = o0`);
		const id = column("b", idColumn ?? "");
		const named = namersOf(kinship, schema);
		const isTaken = any([
			`EXISTS (SELECT 1 FROM ${tableOf(kinship, "new", "b")} WHERE ${id} = m.o0)`,
			...named.map((numbers) => `m.o0 IN (${numbers})`),
		]);
		const isFree =
			database
				.query(`SELECT 1 FROM ${missing} AS m WHERE ${isTaken} LIMIT 1`)
				.get() === null;
		if (isFree) continue;
		const given = [
			...(["new", "old"] as const).map(
				(side) => `SELECT ${id} FROM ${tableOf(kinship, side, "b")}`,
			),
			...named,
			`SELECT ${highestGiven(database, kinship.new.schema, name)}`,
		].map(highestOf);
		// Where only their order tells them apart, it must stay.
		const gets = kinship.method === "ranked" ? "1" : isTaken;
		database.run(
			`UPDATE ${missing} SET n0 = r.n FROM (SELECT m.o0 AS o, row_number() OVER (ORDER BY m.o0) + max(${given.join()}) AS n FROM ${missing} AS m WHERE ${gets}) AS r WHERE o0 = r.o`,
		);
	}
}

/** The highest number among values that may be anything. */
function highestOf(numbers: string): string {
	return `(SELECT coalesce(max(value), 0) FROM (SELECT NULL AS value WHERE 0 UNION ALL ${numbers}) WHERE typeof(value) = 'integer')`;
}

// A row that lost its own parent must not get another one.
function namersOf({ table, new: fresh }: Kinship, schema: Schema): string[] {
	return [...schema.values()].flatMap((other) =>
		other.foreignKeys.flatMap(({ parent, columns, parentColumns }) => {
			const at = parentColumns.findIndex((name) =>
				includes([name], fresh.idColumn ?? ""),
			);
			const own = columns[at];
			return parent === table && own !== undefined
				? [`SELECT ${column("c", own)} FROM ${nameOf(other)} AS c`]
				: [];
		}),
	);
}

// What AUTOINCREMENT remembers: numbers of rows that are gone are not given out again.
function highestGiven(
	database: Database,
	schema: string,
	table: string,
): number {
	const isThere = database
		.query(
			`SELECT 1 FROM ${schema}.sqlite_schema WHERE name = 'sqlite_sequence'`,
		)
		.get();
	if (isThere === null) return 0;
	const row = database
		.query<{ seq: unknown }, [string]>(
			`SELECT seq FROM ${schema}.sqlite_sequence WHERE name = ?`,
		)
		.get(table);
	return Number(row?.seq ?? 0) || 0;
}

/** Inserts the missing rows of all tables. Foreign keys are not enforced meanwhile. */
export function insertMissing(database: Database, notes: Notes): void {
	for (const kinship of notes.kinships) {
		if (kinship.method === "whole") continue;
		const missing = missingOf(notes, kinship.table);
		const { new: fresh } = kinship;
		const shared = sharedOf(kinship);
		const isNumber =
			isRenumbered(kinship) &&
			!shared.some(({ name }) => includes([name], fresh.idColumn ?? ""));
		const columns = [
			...(isNumber ? [quoted(fresh.idColumn ?? "")] : []),
			...shared.map(({ name }) => quoted(name)),
		];
		const values = [
			...(isNumber ? ["m.n0"] : []),
			...shared.map((part) => valueFor(notes, kinship, part)),
		];
		const order = parts("m.o", kinship, "old").join();
		database.run(
			`INSERT INTO ${fresh.schema}.${quoted(fresh.name)} (${columns.join()}) SELECT ${values.join()} FROM ${missing} AS m CROSS JOIN ${tableOf(kinship, "old", "a")} ON ${isAt(kinship, "old", "a", "m.o")} ORDER BY ${order}`,
		);
	}
}

function valueFor(
	notes: Notes,
	kinship: Kinship,
	{ name, names }: Shared,
): string {
	const own = column("a", name);
	const value =
		names === null
			? own
			: `coalesce((SELECT n0 FROM ${pairsOf(notes, names)} WHERE o0 = ${own}), (SELECT n0 FROM ${missingOf(notes, names)} WHERE o0 = ${own}))`;
	const key = optionalKeys(kinship).find(({ columns }) =>
		includes(columns, name),
	);
	const canBeNull = !columnOf(kinship.new, name)?.isRequired;
	return key && canBeNull
		? `CASE WHEN ${isReachable(notes, kinship, key)} THEN ${value} END`
		: value;
}
