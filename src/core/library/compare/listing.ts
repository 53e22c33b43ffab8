// Which files and rows changed, and what in them: as much of it as somebody wants to see.

import type { Database } from "bun:sqlite";
import { AppError } from "../../../ground/errors.ts";
import { FILES, PATH } from "../schema/names.ts";
import { keyOf } from "../schema/schema.ts";
import { ancestry, fileStates } from "./files.ts";
import type { Kinship } from "./kinship.ts";
import {
	CHANGED,
	column,
	handleOf,
	indexNew,
	isAlone,
	isAt,
	type Notes,
	pairsOf,
	parts,
	rowsOf,
	type SideName,
	tableOf,
} from "./sql.ts";
import {
	type BelongingChange,
	type Change,
	type Handle,
	type Raw,
	type RowChange,
	RowReader,
} from "./values.ts";
import { listWhole } from "./whole.ts";

/** What to list. */
export interface ListOptions {
	/** A table of which the rows are wanted; null: the files, with what belongs to them. */
	readonly table: string | null;
	/** The first so many; null: all. */
	readonly limit: number | null;
	/** Of the first so many what differs in them is told too; left out: of all. */
	readonly details?: number | undefined;
}

/**
 * Lists what changed, by path.
 * @throws AppError NOT_FOUND: not both sides have such a table
 */
export function listChanges(
	database: Database,
	notes: Notes,
	{ table, limit, details = limit ?? Infinity }: ListOptions,
): RowChange[] {
	const kinship = notes.kinships.find(
		(other) => other.table === keyOf(table ?? FILES),
	);
	if (!kinship) {
		throw new AppError(
			"NOT_FOUND",
			`the rows of the table ${table} can't be listed: ${notes.isScoped ? "it is not in both, or tells of no files" : "it is not in both"}`,
			{ hint: "the tables are in the summary: leave --table out" },
		);
	}
	if (kinship.method === "whole") {
		return listWhole(database, notes, kinship, limit);
	}
	const isFiles = table === null;
	const reader = new RowReader(database, kinship);
	return entriesOf(database, notes, kinship, {
		isFiles,
		limit,
	}).map(({ change, path, old, fresh }, at) =>
		at >= details
			? { change, path, key: [], columns: [], belongings: [] }
			: {
					change,
					path,
					key: isFiles
						? []
						: fresh
							? reader.key("new", fresh)
							: reader.key("old", old ?? []),
					columns:
						old && fresh
							? reader.both(old, fresh, change === "changed")
							: isFiles
								? []
								: old
									? reader.one("old", old)
									: reader.one("new", fresh ?? []),
					belongings:
						isFiles && old && fresh ? belongingsOf(database, notes, old) : [],
				},
	);
}

interface Entry {
	readonly change: Change;
	readonly path: string | null;
	readonly old: Handle | null;
	readonly fresh: Handle | null;
}

function entriesOf(
	database: Database,
	notes: Notes,
	kinship: Kinship,
	{ isFiles, limit }: { isFiles: boolean; limit: number | null },
): Entry[] {
	indexNew(database, notes, kinship);
	const [o, n] = [parts("o", kinship, "old"), parts("n", kinship, "new")];
	const pathOf = (side: SideName, alias: string) => {
		const { joins, alias: file } = ancestry(
			notes,
			kinship,
			side,
			alias,
			"LEFT",
		);
		const isOne = file !== alias || kinship.table === FILES;
		return { joins, path: isOne ? column(file, PATH) : "NULL" };
	};
	const lone = (side: SideName, change: Change) => {
		const { joins, path } = pathOf(side, "a");
		const own = handleOf(kinship, side, "a");
		const [old, fresh] =
			side === "old" ? [own, n.map(() => "NULL")] : [o.map(() => "NULL"), own];
		return `SELECT '${change}' AS change, ${path} AS path, ${[...old, ...fresh].join()} FROM ${rowsOf(notes, kinship, side, "a")} ${joins} WHERE ${isAlone(notes, kinship, side, "a")}`;
	};
	const { joins, path } = pathOf("new", "b");
	const states = isFiles
		? `(${fileStates(notes)}) AS f CROSS JOIN ${pairsOf(notes, FILES)} AS q ON q.o0 = f.file`
		: `${pairsOf(notes, kinship.table)} AS q`;
	const state = isFiles ? "f.state" : "q.s";
	const pairs = `SELECT 'changed', ${path}, ${[...o, ...n].map((name) => `q.${name}`).join()} FROM ${states} CROSS JOIN ${tableOf(kinship, "new", "b")} ON ${isAt(kinship, "new", "b", "q.n")} ${joins} WHERE ${state} = ${CHANGED}`;
	const all = [lone("old", "removed"), lone("new", "added"), pairs];
	const names = ["change", "path", ...o, ...n];
	const sql = `WITH entries (${names.join()}) AS (${all.join(" UNION ALL ")}) SELECT * FROM entries ORDER BY path, change, ${[...o, ...n].join()} LIMIT ?`;
	const rows = database
		.query(sql)
		.safeIntegers(true)
		.values(limit ?? -1);
	return rows.map(([change, path, ...handles]) => {
		const old = handles.slice(0, o.length);
		const fresh = handles.slice(o.length);
		return {
			change: change as Change,
			path: path === null ? null : String(path),
			old: change === "added" ? null : old,
			fresh: change === "removed" ? null : fresh,
		};
	});
}

function belongingsOf(
	database: Database,
	notes: Notes,
	[file = null]: Handle,
): BelongingChange[] {
	return database
		.query<{ t: number; kind: Change; rows: number }, [Raw]>(
			"SELECT t, kind, sum(rows) AS rows FROM temp.touched WHERE file = ? GROUP BY t, kind ORDER BY t, kind",
		)
		.all(file)
		.map(({ t, kind, rows }) => ({
			table:
				notes.kinships.find(({ table }) => notes.numberOf(table) === t)?.new
					.name ?? "",
			change: kind,
			rows,
		}));
}
