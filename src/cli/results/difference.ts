// What changed between two libraries, in few words: for the question before a restore, and at the head of a diff.

import type {
	Counts,
	Difference,
	TableDifference,
} from "../../core/library/compare/difference.ts";
import {
	type Column,
	formatCount,
	formatTable,
	printableLine,
} from "../format.ts";

/** The counts of a document. */
export function countsJson({ added, removed, changed, lookedAgain }: Counts) {
	return { added, removed, changed, looked_at_again: lookedAgain };
}

/** What changed, for a document: files with what belongs to them, and rows by table. */
export function differenceJson({ files, tables }: Difference) {
	return {
		files: { ...countsJson(files), unchanged: files.unchanged },
		tables: tables.map((table) => ({
			table: table.table,
			old_rows: table.oldRows,
			new_rows: table.newRows,
			...countsJson(table),
		})),
	};
}

/** "3 added, 12 removed, 1,204 only looked at again"; "none" where nothing changed. */
export function formatCounts(counts: Counts): string {
	const parts = [
		`${formatCount(counts.added)} added`,
		`${formatCount(counts.removed)} removed`,
		`${formatCount(counts.changed)} changed`,
		`${formatCount(counts.lookedAgain)} only looked at again`,
	].filter((part) => !part.startsWith("0 "));
	return parts.length > 0 ? parts.join(", ") : "none changed";
}

const COLUMNS: readonly Column[] = [
	{ title: "TABLE", align: "left" },
	{ title: "ADDED", align: "right" },
	{ title: "REMOVED", align: "right" },
	{ title: "CHANGED", align: "right" },
	{ title: "LOOKED AT AGAIN", align: "right" },
];

/** The tables in which something changed; null if there are none. */
export function formatTables(
	tables: readonly TableDifference[],
): string | null {
	const rows = tables
		.filter(isChanged)
		.map((table) => [
			printableLine(table.table),
			...[table.added, table.removed, table.changed, table.lookedAgain].map(
				formatCount,
			),
		]);
	return rows.length > 0 ? formatTable(COLUMNS, rows) : null;
}

function isChanged(counts: Counts): boolean {
	return (
		counts.added + counts.removed + counts.changed + counts.lookedAgain > 0
	);
}
