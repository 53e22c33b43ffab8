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

/** A question before a restore stays on one screen. */
const MOST_LINES = 8;

/**
 * What a restore would change by content, in at most eight lines.
 * @param difference from the backup to the library that it would replace
 * @param diffCommand what tells it all
 */
export function formatPreview(
	{ files, tables }: Difference,
	diffCommand: string,
): string[] {
	const gone = [
		...(files.added > 0
			? [`${countFiles(files.added)} that the backup lacks would be lost`]
			: []),
		...(files.removed > 0 ? [`${formatCount(files.removed)} come back`] : []),
		...(files.changed > 0 ? [`${formatCount(files.changed)} differ`] : []),
	];
	const looked =
		files.lookedAgain > 0
			? [`${countFiles(files.lookedAgain)} were only looked at again since`]
			: [];
	const head =
		gone.length > 0 ? [gone.join(", ")] : ["no file would be another"];
	const rows = tables
		.filter(({ added, removed, changed }) => added + removed + changed > 0)
		.filter(({ table }) => table !== "files")
		.sort((a, b) => weight(b) - weight(a))
		.map(
			({ table, added, removed, changed }) =>
				`${printableLine(table)}: ${[
					`${formatCount(added)} lost`,
					`${formatCount(removed)} come back`,
					`${formatCount(changed)} differ`,
				]
					.filter((part) => !part.startsWith("0 "))
					.join(", ")}`,
		);
	const lines = [...head, ...looked, ...rows];
	if (lines.length < MOST_LINES) {
		return rows.length > 0 ? [...lines, `in full: ${diffCommand}`] : lines;
	}
	const shown = lines.slice(0, MOST_LINES - 1);
	const left = lines.length - shown.length;
	return [...shown, `and ${left} more tables; in full: ${diffCommand}`];
}

function weight({ added, removed, changed }: Counts): number {
	return added + removed + changed;
}

function countFiles(count: number): string {
	return `${formatCount(count)} ${count === 1 ? "file" : "files"}`;
}
