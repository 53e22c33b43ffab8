// Finds the rows that are the same row on both sides. Rows that kept their number are found by reading both tables side
// by side, the rest through indexes.

import type { Database } from "bun:sqlite";
import { FILES } from "../schema/names.ts";
import { isRenumbered, type Kinship, type Shared } from "./kinship.ts";
import { type Counted, isSame, pairByRank, stateEarly } from "./ranks.ts";

export type { Counted } from "./ranks.ts";

import {
	all,
	any,
	CHANGED,
	column,
	differs,
	handleOf,
	indexNew,
	isAlone,
	isAt,
	isLate,
	type Notes,
	pairsOf,
	parts,
	rowsOf,
	type SideName,
	scopeOf,
	tableOf,
	typedParts,
} from "./sql.ts";

/** Finds the pairs of all tables; those without any key have none. */
export function findPairs(
	database: Database,
	notes: Notes,
): ReadonlyMap<string, Counted> {
	const counted = new Map<string, Counted>();
	for (const kinship of notes.kinships) {
		if (kinship.method === "whole") continue;
		counted.set(kinship.table, pairRows(database, notes, kinship));
	}
	for (const kinship of notes.kinships) {
		if (kinship.method !== "whole") markLate(database, notes, kinship);
	}
	return counted;
}

function pairRows(database: Database, notes: Notes, kinship: Kinship): Counted {
	const count = (from: string) =>
		Number(database.query(`SELECT count(*) FROM ${from}`).values()[0]?.[0]);
	const pairs = pairsOf(notes, kinship.table);
	const rows = (side: SideName) => count(rowsOf(notes, kinship, side, "a"));
	const counts = { old: rows("old"), new: rows("new") };
	const isIncomplete = () => count(pairs) < Math.min(counts.old, counts.new);
	const pairWhere = (isFound: string, isPair: string) => {
		const handles = [
			...handleOf(kinship, "old", "a"),
			...handleOf(kinship, "new", "b"),
		];
		database.run(
			`INSERT INTO ${pairs} SELECT ${[...handles, stateEarly(notes, kinship)].join()} FROM ${rowsOf(notes, kinship, "old", "a")} CROSS JOIN ${tableOf(kinship, "new", "b")} ON ${isFound} WHERE ${all([isPair, ...isLookedAt(notes, kinship)])}`,
		);
	};
	const isUnpaired = isAlone(notes, kinship, "old", "a");
	makeTable(database, pairs, kinship);
	if (isNumbered(kinship)) {
		pairWhere(isSameNumber(kinship), isSame(database, notes, kinship));
	}
	if (kinship.method === "ranked") {
		const found = { ...counts, pairs: count(pairs) };
		pairByRank(database, notes, kinship, found);
	} else if (isIncomplete()) {
		pairWhere(isSame(database, notes, kinship), isUnpaired);
	}
	if (isIncomplete() && kinship.owner && !notes.isScoped) {
		// What belongs to no file, or to a row that is not there, is told apart as all other rows are.
		indexNew(database, notes, kinship);
		pairWhere(
			isSameByItself(kinship),
			all([
				isUnpaired,
				isAlone(notes, kinship, "new", "b"),
				any([
					all([isNobodys(kinship, "a"), isNobodys(kinship, "b")]),
					isOrphanOnBothSides(notes, kinship),
				]),
			]),
		);
	}
	return { ...counts, pairs: count(pairs) };
}

// What belongs to a file of one side belongs to the same file on the other. What only tells of it may not.
function isLookedAt(notes: Notes, kinship: Kinship): string[] {
	if (!notes.isScoped || kinship.owner || kinship.table === FILES) return [];
	const scope = scopeOf(notes, kinship.table, "new");
	return [
		`EXISTS (SELECT 1 FROM ${scope} AS s WHERE ${isAt(kinship, "new", "b", "s.h")})`,
	];
}

function makeTable(database: Database, pairs: string, kinship: Kinship): void {
	const o = parts("o", kinship, "old");
	const typed = [
		...typedParts("o", kinship, "old"),
		...typedParts("n", kinship, "new"),
	];
	const without = kinship.old.isNumbered ? "" : " WITHOUT ROWID";
	database.run(
		`CREATE TABLE ${pairs} (${typed.join()}, s, PRIMARY KEY (${o.join()}))${without}`,
	);
}

function isNumbered({ old, new: fresh }: Kinship): boolean {
	return old.isNumbered && fresh.isNumbered;
}

function isSameNumber(kinship: Kinship): string {
	const [a] = handleOf(kinship, "old", "a");
	const [b] = handleOf(kinship, "new", "b");
	return `${b} = ${a}`;
}

function isSameByItself(kinship: Kinship): string {
	const { primaryKey } = kinship.new;
	const isByNumber = isRenumbered(kinship) || primaryKey.length === 0;
	if (isNumbered(kinship) && isByNumber) return isSameNumber(kinship);
	return all(
		primaryKey.map((name) => `${column("b", name)} = ${column("a", name)}`),
	);
}

function isNobodys({ owner }: Kinship, alias: string): string {
	const columns = owner?.columns ?? [];
	return any(columns.map(({ name }) => `${column(alias, name)} IS NULL`));
}

function isOrphanOnBothSides(notes: Notes, { owner }: Kinship): string {
	const parent = notes.kinships.find(({ table }) => table === owner?.table);
	if (!owner || !parent) return "0";
	const isOrphan = (side: SideName, alias: string) => {
		const isParent = owner.columns.map(
			({ name }, at) =>
				`${column("p", owner.parentColumns[at] ?? "")} = ${column(alias, name)}`,
		);
		return `NOT EXISTS (SELECT 1 FROM ${tableOf(parent, side, "p")} WHERE ${all(isParent)})`;
	};
	const isSameOwner = owner.columns.map(
		({ name }) => `${column("b", name)} = ${column("a", name)}`,
	);
	return all([...isSameOwner, isOrphan("old", "a"), isOrphan("new", "b")]);
}

// What rows say that refer to tables of which the pairs were not found yet.
function markLate(database: Database, notes: Notes, kinship: Kinship): void {
	const late = kinship.telling.filter((shared: Shared) =>
		isLate(notes, kinship, shared),
	);
	if (late.length === 0) return;
	const isOther = all([
		isAt(kinship, "old", "a", "q.o"),
		isAt(kinship, "new", "b", "q.n"),
		differs(notes, late),
	]);
	database.run(
		`UPDATE ${pairsOf(notes, kinship.table)} AS q SET s = ${CHANGED} WHERE s < ${CHANGED} AND EXISTS (SELECT 1 FROM ${tableOf(kinship, "old", "a")} CROSS JOIN ${tableOf(kinship, "new", "b")} WHERE ${isOther})`,
	);
}
