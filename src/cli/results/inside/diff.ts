// A diff as people and programs read it: what was compared, the counts, and then what changed, by path.

import type { Compare, LibraryDiff } from "../../../core/inside/diff.ts";
import type { RowChange } from "../../../core/library/compare/difference.ts";
import {
	formatCount,
	formatFields,
	formatTime,
	printableLine,
} from "../../format.ts";
import type { Result } from "../../output.ts";
import { differenceJson, formatCounts, formatTables } from "../difference.ts";

/** @param table of which the rows are listed; null: the files */
export function diffResult(
	diff: LibraryDiff,
	table: string | null,
	under: string | null,
): Result {
	const { old, new: fresh, files, tables, changes, warnings } = diff;
	const listed = tables.find(
		(other) => other.table.toLowerCase() === table?.toLowerCase(),
	);
	const counts = table === null ? files : listed;
	const total = counts
		? counts.added + counts.removed + counts.changed
		: changes.length;
	const left = total - changes.length;
	const overview = formatTables(tables);
	return {
		warnings,
		text: [
			formatFields([
				["From", describe(old)],
				["To", describe(fresh)],
				...(under === null ? [] : [["Under", printableLine(under)] as const]),
				["Files", formatCounts(files)],
			]),
			...(overview === null ? [] : ["", overview]),
			...(changes.length > 0 ? ["", ...changes.flatMap(formatChange)] : []),
			...(left > 0
				? [`… and ${formatCount(left)} more: --limit ${total}`]
				: []),
		].join("\n"),
		json: {
			success: true,
			old: compareJson(old),
			new: compareJson(fresh),
			under,
			...differenceJson(diff),
			changed_table: table === null ? "files" : (listed?.table ?? table),
			changes: changes.map(changeJson),
			changes_total: total,
			warnings,
		},
	};
}

function describe({ source, metadata }: Compare): string {
	const path = printableLine(source);
	return metadata === null
		? `${path} (the library as it is)`
		: `${path} (${formatTime(metadata.createdAt)})`;
}

function compareJson({ source, metadata }: Compare): object {
	return {
		path: source,
		live: metadata === null,
		created_at: metadata?.createdAt ?? null,
	};
}

const SIGNS = { added: "+", removed: "-", changed: "~", lookedAgain: "." };

/** One that is longer is cut: it is in the document. */
const MOST_VALUE_LENGTH = 40;
const MOST_COLUMNS = 6;

/** A line for the file or row, and one for what in it. */
export function formatChange(change: RowChange): string[] {
	const key = change.key.map(
		({ column, value }) => `${printableLine(column)}=${short(value)}`,
	);
	const name = [change.path === null ? "" : printableLine(change.path), ...key];
	const columns =
		change.change === "changed"
			? change.columns.map(
					({ column, old, new: now }) =>
						`${printableLine(column)} ${short(old)} → ${short(now)}`,
				)
			: change.columns
					.filter(({ old, new: now }) => (old ?? now) !== null)
					.filter(({ column }) => !change.key.some((k) => k.column === column))
					.map(
						({ column, old, new: now }) =>
							`${printableLine(column)}=${short(old ?? now)}`,
					);
	const more = columns.length - MOST_COLUMNS;
	const belongings = change.belongings.map(
		({ table, change: kind, rows }) =>
			`${printableLine(table)}: ${formatCount(rows)} ${WORDS[kind]}`,
	);
	const details = [
		...columns.slice(0, MOST_COLUMNS),
		...(more > 0 ? [`${more} more columns`] : []),
		...belongings,
	];
	const known = name.filter((part) => part !== "").join("  ");
	// A row without a key is all that it says.
	const head = known === "" ? details.join(", ") : known;
	return [
		`${SIGNS[change.change]} ${head}`,
		...(details.length > 0 && known !== ""
			? [`    ${details.join(", ")}`]
			: []),
	];
}

const WORDS = {
	added: "added",
	removed: "removed",
	changed: "changed",
	lookedAgain: "looked at again",
};

function short(value: string | number | null): string {
	if (value === null) return "nothing";
	const text = printableLine(String(value));
	return text.length > MOST_VALUE_LENGTH
		? `${text.slice(0, MOST_VALUE_LENGTH)}…`
		: text;
}

/** A change, for a document. */
export function changeJson(change: RowChange): object {
	const { path, key, columns, belongings } = change;
	return {
		change: change.change === "lookedAgain" ? "looked_at_again" : change.change,
		path,
		...(key.length > 0 && {
			key: Object.fromEntries(key.map(({ column, value }) => [column, value])),
		}),
		columns,
		belongings: belongings.map(({ table, change: kind, rows }) => ({
			table,
			change: kind === "lookedAgain" ? "looked_at_again" : kind,
			rows,
		})),
	};
}
