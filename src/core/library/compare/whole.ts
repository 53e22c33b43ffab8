// Rows of a table without any key: a row is what all its columns say, and of equal ones each counts.

import type { Database } from "bun:sqlite";
import type { Kinship, Shared } from "./kinship.ts";
import {
	column,
	type Notes,
	rowsOf,
	type SideName,
	translated,
} from "./sql.ts";
import { plain, type RowChange } from "./values.ts";

/** The rows that one side alone has, each as a table in parentheses; numbers that were given out anew are those of the new side. */
export function loneRows(
	notes: Notes,
	kinship: Kinship,
): { readonly added: string; readonly removed: string } {
	const select = (side: SideName, values: readonly string[]) => {
		const all = values.map((value) => `${value} COLLATE BINARY`).join();
		return `SELECT ${all}, row_number() OVER (PARTITION BY ${all}) FROM ${rowsOf(notes, kinship, side, "a")}`;
	};
	const shared = columnsOf(kinship);
	const own = shared.map(({ name }) => column("a", name));
	const named = shared.map((part, at) =>
		part.names === null
			? (own[at] ?? "")
			: `coalesce(${translated(notes, part)}, ${own[at]})`,
	);
	const [was, is] = [select("old", named), select("new", own)];
	return { added: `(${is} EXCEPT ${was})`, removed: `(${was} EXCEPT ${is})` };
}

/** Lists them, the first so many; null: all. */
export function listWhole(
	database: Database,
	notes: Notes,
	kinship: Kinship,
	limit: number | null,
): RowChange[] {
	const { added, removed } = loneRows(notes, kinship);
	const shared = columnsOf(kinship);
	const names = ["change", ...shared.map((_, at) => `c${at}`)].join();
	const sql = `WITH entries (${names}, n) AS (SELECT 'removed', * FROM ${removed} UNION ALL SELECT 'added', * FROM ${added}) SELECT ${names} FROM entries ORDER BY ${shared.map((_, at) => at + 2).join()}, 1 DESC LIMIT ?`;
	return database
		.query(sql)
		.safeIntegers(true)
		.values(limit ?? -1)
		.map(([change, ...values]) => ({
			change: change === "added" ? "added" : "removed",
			path: null,
			key: [],
			columns: shared.map(({ name }, at) => ({
				column: name,
				old: change === "added" ? null : plain(values[at]),
				new: change === "added" ? plain(values[at]) : null,
			})),
			belongings: [],
		}));
}

function columnsOf({ owner, key, telling, looking }: Kinship): Shared[] {
	return [...(owner?.columns ?? []), ...key, ...telling, ...looking];
}
