// backup_metadata.json: its type, its schema, and a parser that trusts nothing in it.
// VPO's seven keys with VPO's types, and ours; readers ignore what they don't know and reject wrong types.

import * as v from "valibot";
import { AppError } from "../../ground/errors.ts";

/** Longest metadata that is read or written, in bytes. */
export const MAX_METADATA_BYTES = 64 * 1024;

/** A schema may have any number of tables, and a look at an archive reads a few KB; VPO's 40 take one. */
const MOST_TABLE_ROWS_BYTES = 16 * 1024;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** The years that ISO 8601 writes with four digits. */
const EARLIEST = Date.parse("0000-01-01T00:00:00Z");
const LATEST = Date.parse("9999-12-31T23:59:59Z");
const timestamp = v.pipe(
	v.string(),
	v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/),
	v.check((text) => Date.parse(text) >= EARLIEST, "not a date"),
	v.check((text) => Date.parse(text) <= LATEST, "not a date"),
);

const VpoMetadata = v.object({
	vpo_version: v.string(),
	schema_version: count,
	created_at: timestamp,
	database_size_bytes: count,
	file_count: count,
	total_library_size_bytes: count,
	compression: v.string(),
});

const OwnMetadata = v.object({
	...VpoMetadata.entries,
	format_version: v.literal(1),
	database_sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
	source_journal_mode: v.string(),
	note: v.nullable(v.string()),
	kind: v.string(),
	table_rows: v.optional(v.record(v.string(), count), {}),
	shrink_warning: v.optional(v.nullable(v.string()), null),
	library_id: v.optional(v.nullable(v.string()), null),
	sealed: v.optional(v.unknown(), null),
});

/** What an archive says of itself. Text in it is untrusted: it may hold control characters. */
export interface Metadata {
	readonly vpoVersion: string;
	readonly schemaVersion: number;
	/** ISO 8601, UTC, whole seconds. */
	readonly createdAt: string;
	readonly databaseSizeBytes: number;
	readonly fileCount: number;
	/** Sum of the sizes of the library's video files. */
	readonly totalLibrarySizeBytes: number;
	/** What only our own archives record; null in VPO's. */
	readonly own: OwnPart | null;
}

export interface OwnPart {
	readonly databaseSha256: string;
	readonly sourceJournalMode: string;
	readonly note: string | null;
	/** "manual", "pre-restore", … */
	readonly kind: string;
	/** Rows by table, to notice the next time what has gone missing. */
	readonly tableRows: Readonly<Record<string, number>>;
	/** Which library it is of; null: from before libraries had ids, or where none could be remembered. */
	readonly libraryId: string | null;
	/** What the library had lost against the backup before; null if nothing to speak of. */
	readonly shrinkWarning: string | null;
	/** Whether its archive ends with a seal, as all do but those of early versions. */
	readonly isSealed: boolean;
}

/** The bytes of a backup_metadata.json. */
export function encodeMetadata(metadata: Metadata & { own: OwnPart }): string {
	const json: v.InferOutput<typeof OwnMetadata> = {
		vpo_version: metadata.vpoVersion,
		schema_version: metadata.schemaVersion,
		created_at: metadata.createdAt,
		database_size_bytes: metadata.databaseSizeBytes,
		file_count: metadata.fileCount,
		total_library_size_bytes: metadata.totalLibrarySizeBytes,
		compression: "gzip",
		format_version: 1,
		database_sha256: metadata.own.databaseSha256,
		source_journal_mode: metadata.own.sourceJournalMode,
		note: metadata.own.note,
		kind: metadata.own.kind,
		table_rows: largest(metadata.own.tableRows),
		library_id: metadata.own.libraryId,
		shrink_warning: metadata.own.shrinkWarning,
		// Whoever carries this text over into an archive of another time claims no seal for that.
		sealed: metadata.own.isSealed ? metadata.createdAt : null,
	};
	return `${JSON.stringify(json, null, 2)}\n`;
}

/** As much of it as the metadata has room for: the tables with the most rows, in the order in which they came. */
function largest(
	tableRows: Readonly<Record<string, number>>,
): Record<string, number> {
	const bySize = Object.entries(tableRows).sort(([, a], [, b]) => b - a);
	let leftBytes = MOST_TABLE_ROWS_BYTES;
	const kept = new Set<string>();
	for (const [name, rows] of bySize) {
		leftBytes -= Buffer.byteLength(`    ${JSON.stringify(name)}: ${rows},\n`);
		if (leftBytes < 0) break;
		kept.add(name);
	}
	const entries = Object.entries(tableRows).filter(([name]) => kept.has(name));
	return Object.fromEntries(entries);
}

/**
 * Parses a backup_metadata.json, ours or VPO's.
 * @throws AppError INVALID_ARCHIVE: too long, not UTF-8, not JSON, a wrong type, another compression
 */
export function parseMetadata(bytes: Uint8Array): Metadata {
	const json = parseJson(bytes);
	const isOwn = typeof json === "object" && json && "format_version" in json;
	const result = v.safeParse(isOwn ? OwnMetadata : VpoMetadata, json);
	if (!result.success) {
		const issue = result.issues[0];
		const key = v.getDotPath(issue) ?? "it";
		throw invalid(
			`${key} is ${issue.received}, not ${issue.expected ?? "valid"}`,
		);
	}
	const parsed = result.output;
	if (parsed.compression !== "gzip") {
		throw invalid(`the compression "${parsed.compression}" is not supported`);
	}
	return {
		vpoVersion: parsed.vpo_version,
		schemaVersion: parsed.schema_version,
		createdAt: isoSeconds(new Date(parsed.created_at)),
		databaseSizeBytes: parsed.database_size_bytes,
		fileCount: parsed.file_count,
		totalLibrarySizeBytes: parsed.total_library_size_bytes,
		own: "kind" in parsed ? ownPart(parsed) : null,
	};
}

/** A time as metadata and JSON output write it: "2026-02-05T14:30:22Z". */
export function isoSeconds(date: Date): string {
	return `${date.toISOString().slice(0, 19)}Z`;
}

function ownPart(parsed: v.InferOutput<typeof OwnMetadata>): OwnPart {
	return {
		databaseSha256: parsed.database_sha256,
		sourceJournalMode: parsed.source_journal_mode,
		note: parsed.note,
		kind: parsed.kind,
		tableRows: parsed.table_rows,
		libraryId: parsed.library_id,
		shrinkWarning: parsed.shrink_warning,
		isSealed: parsed.sealed === parsed.created_at,
	};
}

function parseJson(bytes: Uint8Array): unknown {
	if (bytes.byteLength > MAX_METADATA_BYTES) {
		throw invalid(`it is longer than ${MAX_METADATA_BYTES / 1024} KiB`);
	}
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
	} catch (cause) {
		throw invalid("it is not JSON", cause);
	}
}

function invalid(what: string, cause?: unknown): AppError {
	return new AppError("INVALID_ARCHIVE", `backup_metadata.json: ${what}`, {
		cause,
	});
}
