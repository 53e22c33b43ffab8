// One backup as people and programs read it: metadata, what is remembered of it, rows by table.

import type { ShownBackup } from "../../../core/inside/show.ts";
import {
	type Column,
	compressionRatio,
	formatAgo,
	formatBytes,
	formatCount,
	formatFields,
	formatSaving,
	formatTable,
	formatTime,
	printableLine,
} from "../../format.ts";
import type { Result } from "../../output.ts";

const COLUMNS: readonly Column[] = [
	{ title: "TABLE", align: "left" },
	{ title: "ROWS", align: "right" },
];

export function shownResult(shown: ShownBackup, now: Date): Result {
	const { archive, metadata, tableRows, remembered, doubt, warnings } = shown;
	const { own } = metadata;
	const { sizeBytes } = archive;
	const ratio = compressionRatio(sizeBytes, metadata.databaseSizeBytes);
	const rows = Object.entries(tableRows).filter(([, count]) => count > 0);
	const empty = Object.keys(tableRows).length - rows.length;
	const fields: [label: string, value: string | null][] = [
		["Path", archive.path],
		[
			"Created",
			`${formatTime(metadata.createdAt)}, ${formatAgo(metadata.createdAt, now)}`,
		],
		["Kind", own ? own.kind : "made by VPO itself"],
		["Note", own?.note ?? null],
		["Archive size", `${formatBytes(sizeBytes)} (${formatSaving(ratio)})`],
		["Database size", formatBytes(metadata.databaseSizeBytes)],
		[
			"Files in library",
			`${formatCount(metadata.fileCount)}, ${formatBytes(metadata.totalLibrarySizeBytes)} of video`,
		],
		["Schema version", String(metadata.schemaVersion)],
		["Made by", `${own ? "vpo" : "VPO"} ${metadata.vpoVersion}`],
		["Library id", own?.libraryId ?? null],
		["Database SHA-256", own?.databaseSha256 ?? null],
		["Journal mode", own?.sourceJournalMode ?? null],
		["Warning", own?.shrinkWarning ?? null],
		["Verified", formatVerified(shown, now)],
		["Pinned", remembered.pinned ? (remembered.note ?? "yes") : null],
		["Passed over", doubt?.reason ?? null],
	];
	const known = fields.flatMap(([label, value]) =>
		value === null ? [] : [[label, printableLine(value)] as const],
	);
	return {
		warnings,
		text: [
			formatFields(known),
			"",
			formatTable(
				COLUMNS,
				rows.map(([table, count]) => [
					printableLine(table),
					formatCount(count),
				]),
			),
			...(empty > 0 ? [`${formatCount(empty)} more tables are empty`] : []),
		].join("\n"),
		json: {
			success: true,
			filename: archive.name,
			path: archive.path,
			archive_size_bytes: sizeBytes,
			created_at: metadata.createdAt,
			kind: own?.kind ?? null,
			note: own?.note ?? null,
			vpo_version: metadata.vpoVersion,
			schema_version: metadata.schemaVersion,
			database_size_bytes: metadata.databaseSizeBytes,
			compression_ratio: ratio,
			file_count: metadata.fileCount,
			total_library_size_bytes: metadata.totalLibrarySizeBytes,
			library_id: own?.libraryId ?? null,
			database_sha256: own?.databaseSha256 ?? null,
			source_journal_mode: own?.sourceJournalMode ?? null,
			shrink_warning: own?.shrinkWarning ?? null,
			sealed: own?.isSealed ?? false,
			table_rows: tableRows,
			verified_at: remembered.verifiedAt,
			verified_error: remembered.verifiedError,
			pinned: remembered.pinned,
			pin_note: remembered.note,
			passed_over:
				doubt === null ? null : { kind: doubt.kind, reason: doubt.reason },
			warnings,
		},
	};
}

function formatVerified(
	{ metadata, remembered }: ShownBackup,
	now: Date,
): string {
	const { verifiedAt, verifiedError } = remembered;
	if (verifiedAt === null) {
		return metadata.own ? "as made, not since" : "never";
	}
	return verifiedError === null
		? `good, ${formatAgo(verifiedAt, now)}`
		: `BAD, ${formatAgo(verifiedAt, now)}: ${verifiedError}`;
}
