// The list of backups as a person reads it: a table no wider than 80 columns, remarks below its lines, a total, a chart.

import { isatty } from "node:tty";
import type { Backup } from "../../core/location/catalog.ts";
import type { Summary } from "../../core/location/memory/looks.ts";
import { PRE_RESTORE, shortName } from "../../core/location/names.ts";
import { shortened, withoutPath } from "../../ground/errors.ts";
import type { Paint } from "../colour.ts";
import {
	type Column,
	formatAge,
	formatAgo,
	formatBytes,
	formatCount,
	formatSize,
	formatTable,
	formatTime,
	printableLine,
	zoneName,
} from "../format.ts";
import { formatChart } from "./chart.ts";

const STDOUT = 1;
/** A note of ours at its longest; what others wrote into an archive may be longer. */
const MOST_REMARK_LENGTH = 1100;

/** "2026-02-05 14:30" */
const TIME_CHARACTERS = 16;

/** The kind that goes without saying. */
const MANUAL = "manual";
/** Two points would only show that one is higher. */
const FEWEST_POINTS = 3;

// One backup is one line. The name comes last: a long one then spoils no column.
const COLUMNS: readonly Column[] = [
	{ title: "CREATED", align: "left" },
	{ title: "AGE", align: "left" },
	{ title: "ARCHIVE", align: "right" },
	{ title: "FILES", align: "right" },
	{ title: "LIBRARY", align: "right" },
	{ title: "VERIFIED", align: "left" },
	{ title: "NAME", align: "left" },
];

/** What is bad in a list. */
export const LIST_PAINT: Paint = [
	[/(^ +!(?= )|(?<= {2})BAD(?= {2}))/gm, "red"],
];

/** What is shown of a list. */
export interface Shown {
	/** Newest first. */
	readonly backups: readonly Backup[];
	/** How many there are, shown or not. */
	readonly totalCount: number;
	/** What all of them take. */
	readonly totalBytes: number;
}

/**
 * The whole text of a list that is not empty. Only a terminal gets a chart, and where the list is longer than that, the
 * newest last: it is what stays to be seen.
 */
export function formatList(
	directory: string,
	{ backups, totalCount, totalBytes }: Shown,
	now: Date,
): string {
	const schema = backups.find(({ metadata }) => metadata)?.metadata
		?.schemaVersion;
	const damaged = backups.filter(
		({ doubt }) => doubt?.kind === "damaged",
	).length;
	// The zone is named once: above the times, if it is short.
	const created = `CREATED (${zoneName()})`;
	const isNamedAbove = created.length <= TIME_CHARACTERS;
	const [first, ...others] = COLUMNS;
	const columns = isNamedAbove
		? [{ ...first, title: created, align: "left" as const }, ...others]
		: COLUMNS;
	const hiddenCount = totalCount - backups.length;
	const total = [
		`${formatCount(totalCount)} ${totalCount === 1 ? "backup" : "backups"}`,
		...(hiddenCount > 0
			? [`${formatCount(hiddenCount)} of them not shown`]
			: []),
		formatBytes(totalBytes),
		...(schema === undefined ? [] : [`schema ${schema}`]),
		...(damaged > 0 ? [`${damaged} damaged or unreadable`] : []),
	];
	const zone = isNamedAbove ? "" : `; times of ${zoneName()}`;
	const line = `${total.join(", ")} in ${printableLine(directory)}${zone}`;
	const table = (shown: readonly Backup[]) =>
		formatTable(
			columns,
			shown.map((backup) => toRow(backup, now)),
			shown.map((backup) => toRemarks(backup, schema, now)),
		);
	const isTerminal = isatty(STDOUT);
	const chart = isTerminal ? chartOf(backups) : null;
	const text = [table(backups), line, ...(chart === null ? [] : ["", chart])];
	const isTooLong = countLines(text) >= (process.stdout.rows ?? Infinity);
	if (!isTerminal || !isTooLong) return text.join("\n");
	const oldestFirst = [table(backups.toReversed()), line];
	return [...(chart === null ? [] : [chart, ""]), ...oldestFirst].join("\n");
}

function countLines(parts: readonly string[]): number {
	return parts.join("\n").split("\n").length;
}

function toRow(backup: Backup, now: Date): string[] {
	const { filename, createdAt, archiveSizeBytes, metadata } = backup;
	return [
		createdAt === null ? "?" : formatTime(createdAt),
		createdAt === null ? "?" : shortAge(createdAt, now),
		formatSize(archiveSizeBytes),
		metadata ? formatCount(metadata.fileCount) : "?",
		formatSize(metadata?.databaseSizeBytes ?? null),
		formatVerified(backup, now),
		printableLine(shortName(filename)),
	];
}

// At most five characters: a list of a large library then fits 80 columns, and the time is beside it anyway.
function shortAge(iso: string, now: Date): string {
	const age = formatAge(iso, now);
	return age === "now" || age.endsWith(" min") ? "<1 h" : age;
}

function formatVerified(
	{ metadata, remembered: { verifiedAt, verifiedError } }: Backup,
	now: Date,
): string {
	if (!metadata) return "?";
	// Our own were read back in full when they were made.
	if (verifiedAt === null) return metadata.own ? "as made" : "never";
	const age = shortAge(verifiedAt, now);
	return verifiedError === null ? age : "BAD";
}

// What a person should know of this one, below its line.
function toRemarks(
	{ path, metadata, error, doubt, remembered }: Backup,
	usualSchema: number | undefined,
	now: Date,
): string[] {
	const { verifiedError, verifiedAt, pinned } = remembered;
	const own = metadata?.own;
	const schema = metadata?.schemaVersion;
	const remarks: string[] = [];
	if (error !== null) remarks.push(`! ${withoutPath(error, path)}`);
	else if (verifiedError !== null && verifiedAt !== null) {
		const what = withoutPath(verifiedError, path);
		remarks.push(`! found bad ${formatAgo(verifiedAt, now)}: ${what}`);
	}
	if (own?.shrinkWarning) remarks.push(`! ${own.shrinkWarning}`);
	if (pinned) {
		remarks.push(remembered.note ? `pinned: ${remembered.note}` : "pinned");
	}
	if (own?.note) remarks.push(`note: ${own.note}`);
	if (doubt?.kind === "other library") remarks.push(doubt.reason);
	if (doubt?.kind === "in the future") {
		remarks.push("! dated ahead of the clock, so counted for nothing");
	}
	if (remembered.confirmedAt !== null) {
		remarks.push(`unchanged until ${formatTime(remembered.confirmedAt)}`);
	}
	if (own?.kind === PRE_RESTORE) remarks.push("what a restore replaced");
	else if (own && own.kind !== MANUAL) remarks.push(`kind: ${own.kind}`);
	if (schema !== undefined && schema !== usualSchema) {
		remarks.push(`schema ${schema}`);
	}
	return remarks.map((remark) =>
		printableLine(shortened(remark, MOST_REMARK_LENGTH)),
	);
}

function chartOf(backups: readonly Backup[]): string | null {
	const good = backups.flatMap(({ metadata, doubt }) =>
		metadata && (doubt === null || doubt.kind === "shrunk") ? [metadata] : [],
	);
	if (good.length < FEWEST_POINTS) return null;
	const points = (of: (metadata: Summary) => number) =>
		good.map((metadata) => ({
			at: metadata.createdAt,
			value: of(metadata),
		}));
	return formatChart([
		{
			title: "Files",
			points: points(({ fileCount }) => fileCount),
			format: formatCount,
		},
		{
			title: "Library",
			points: points(({ databaseSizeBytes }) => databaseSizeBytes),
			format: formatBytes,
		},
	]);
}

/** What all archives take. */
export function totalBytes(backups: readonly Backup[]): number {
	return backups.reduce(
		(sum, { archiveSizeBytes }) => sum + (archiveSizeBytes ?? 0),
		0,
	);
}
