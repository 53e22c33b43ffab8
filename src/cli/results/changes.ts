// What a restore would change and has changed, by content: from the backup to the library, seen from the one who restores.

import type {
	Counts,
	Difference,
} from "../../core/library/compare/difference.ts";
import { formatCount, printableLine } from "../format.ts";

/** The counts of a document: what the library has and the backup lacks would be lost. */
function lossJson({ added, removed, changed, lookedAgain }: Counts): object {
	return {
		lost: added,
		come_back: removed,
		differ: changed,
		looked_at_again: lookedAgain,
	};
}

/** What a restore changes, for a document. */
export function changesJson({ files, tables }: Difference): object {
	return {
		files: { ...lossJson(files), unchanged: files.unchanged },
		tables: tables.map((table) => ({
			table: table.table,
			...lossJson(table),
		})),
	};
}

/** A question before a restore stays on one screen. */
const MOST_LINES = 8;

/**
 * What a restore would change by content, in at most eight lines.
 * @param diffCommand what tells it all; null: nothing does
 */
export function formatPreview(
	{ files, tables }: Difference,
	diffCommand: string | null,
): string[] {
	const rows = tables
		.filter((table) => table.table !== "files" && weight(table) > 0)
		.sort((a, b) => weight(b) - weight(a))
		.map((table) => `${printableLine(table.table)}: ${formatLoss(table)}`);
	const lines = [formatFiles(files), ...formatLooked(files), ...rows];
	const isAll = weight(files) + rows.length === 0;
	const last = isAll || diffCommand === null ? [] : [`in full: ${diffCommand}`];
	const room = MOST_LINES - last.length;
	if (lines.length <= room) return [...lines, ...last];
	const shown = lines.slice(0, room - 1);
	const more = `${formatCount(lines.length - shown.length)} more tables`;
	return [...shown, more, ...last];
}

/** The same in one line, when it is done. */
export function formatDone({ files }: Difference): string {
	const parts = [
		`${formatCount(files.added)} lost`,
		`${formatCount(files.removed)} came back`,
		`${formatCount(files.changed)} replaced`,
	].filter(isSome);
	return parts.length > 0
		? `files: ${parts.join(", ")}`
		: "the files are as before";
}

// "32 files scanned since then would be lost, 4 come back, 12 differ"
function formatFiles({ added, removed, changed }: Counts): string {
	const [first, ...others] = [
		[added, "scanned since then would be lost"],
		[removed, "come back"],
		[changed, "differ"],
	].filter(([count]) => count !== 0) as [number, string][];
	if (!first) return "no file differs";
	return [
		`${countFiles(first[0])} ${first[1]}`,
		...others.map(([count, what]) => `${formatCount(count)} ${what}`),
	].join(", ");
}

function formatLooked({ lookedAgain }: Counts): string[] {
	return lookedAgain > 0
		? [`${countFiles(lookedAgain)} only looked at again since then`]
		: [];
}

function formatLoss({ added, removed, changed }: Counts): string {
	return [
		`${formatCount(added)} would be lost`,
		`${formatCount(removed)} come back`,
		`${formatCount(changed)} differ`,
	]
		.filter(isSome)
		.join(", ");
}

function countFiles(count: number): string {
	return `${formatCount(count)} ${count === 1 ? "file" : "files"}`;
}

function isSome(text: string): boolean {
	return !text.startsWith("0 ");
}

function weight({ added, removed, changed }: Counts): number {
	return added + removed + changed;
}
