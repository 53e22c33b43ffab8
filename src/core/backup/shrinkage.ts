// The shrink alarm: a library that has lost most of its content since the last good backup is backed up, but not quietly.

import { shortened } from "../../ground/errors.ts";
import type { Metadata } from "../archive/metadata.ts";
import type { Survey } from "../library/library.ts";

/** A library with fewer files than this part of what it had before is suspicious. */
const SMALLEST_PART = 0.5;

/** The names come from an archive, and what is said of them goes into the next one. */
const MOST_NAMES = 5;

const MOST_NAME_LENGTH = 60;

/** What a library is compared with. */
export interface Before {
	/** The newest good backup; null for none. */
	readonly newest: Metadata | null;
	/** The one with the most files of the last weeks, to notice what goes missing slowly; null for none. */
	readonly largest: Metadata | null;
}

/**
 * Compares a library with good backups of it.
 * @returns what has gone missing, or null: more than half of the files, or all rows of a table that had some
 */
export function findShrinkage(
	{ fileCount, tableRows }: Survey,
	{ newest, largest }: Before,
): string | null {
	const larger = [newest, largest].find(
		(before) => before && fileCount < before.fileCount * SMALLEST_PART,
	);
	const emptied = Object.entries(newest?.own?.tableRows ?? {})
		.filter(([name, rows]) => rows > 0 && (tableRows[name] ?? 0) === 0)
		.map(([name]) => name);
	const losses = [
		...(larger
			? [
					`${fileCount} files, ${larger.fileCount} in the backup of ${larger.createdAt}`,
				]
			: []),
		...(emptied.length > 0 ? [`no rows left in ${few(emptied)}`] : []),
	];
	return losses.length === 0
		? null
		: `the library has shrunk: ${losses.join("; ")}`;
}

function few(names: readonly string[]): string {
	const shown = names
		.slice(0, MOST_NAMES)
		.map((name) => shortened(name, MOST_NAME_LENGTH));
	const more = names.length - shown.length;
	return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}
