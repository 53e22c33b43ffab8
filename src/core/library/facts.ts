// What a library says of itself. SQLite answers, in a thread that may block.

import type { Database } from "bun:sqlite";
import { AppError } from "../../ground/errors.ts";
import { countRows, pragma, reading } from "./sqlite.ts";
import { asking } from "./sqlite-error.ts";

/** What a library says of itself at once, however large it is. */
export interface LibraryHead {
	readonly schemaVersion: number;
	readonly databaseSizeBytes: number;
	/** "wal", or "delete" for all kinds of rollback journal. */
	readonly journalMode: string;
}

/** What a library holds, which takes reading its table of files. */
export interface LibraryFacts extends LibraryHead {
	readonly fileCount: number;
	readonly totalLibrarySizeBytes: number;
}

/** What a backup records of the library. */
export interface Survey extends LibraryFacts {
	/** The number of rows of each ordinary table. */
	readonly tableRows: Readonly<Record<string, number>>;
}

/**
 * Recognises a library.
 * @throws AppError DATABASE_ERROR: damaged, or no VPO library; DATABASE_LOCKED
 */
export function readHead(database: Database, path: string): LibraryHead {
	return asking(path, () => {
		requireLibraryTables(database, path);
		return {
			schemaVersion: readSchemaVersion(database, path),
			databaseSizeBytes:
				pragma(database, "page_count") * pragma(database, "page_size"),
			journalMode: String(pragma(database, "journal_mode")),
		};
	});
}

/**
 * Reads what a library says of itself.
 * @throws as `readHead`
 */
export function readFacts(database: Database, path: string): LibraryFacts {
	const head = readHead(database, path);
	return asking(path, () => {
		const { files, bytes } = database
			.query<{ files: number; bytes: number }, []>(
				"SELECT count(*) AS files, total(size_bytes) AS bytes FROM files",
			)
			.get() ?? { files: 0, bytes: 0 };
		const totalLibrarySizeBytes = Math.min(
			Math.max(0, Math.round(bytes)),
			Number.MAX_SAFE_INTEGER,
		);
		return { ...head, fileCount: files, totalLibrarySizeBytes };
	});
}

/**
 * Reads all that a backup records of a private file.
 * @throws as `readHead`
 */
export function surveyDatabase(path: string): Survey {
	return reading(path, (database) => ({
		...readFacts(database, path),
		tableRows: countAllRows(database),
	}));
}

// Real tables only: a view or a virtual table of these names would run what the file's author wrote.
function requireLibraryTables(database: Database, path: string): void {
	const tables = database
		.query<{ name: string }, []>(
			"SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND sql LIKE 'CREATE TABLE %' AND name IN ('_meta', 'files')",
		)
		.all();
	if (tables.length !== 2) throw notALibrary(path, "it has no VPO tables");
}

function readSchemaVersion(database: Database, path: string): number {
	const row = database
		.query<{ value: unknown }, []>(
			"SELECT value FROM _meta WHERE key = 'schema_version'",
		)
		.get();
	const text = String(row?.value ?? "");
	if (!/^\d{1,9}$/.test(text)) {
		throw notALibrary(path, "it has no valid schema version");
	}
	return Number(text);
}

/** More tables than any VPO has are not counted, nor those of names that no person gives. */
const MOST_TABLES = 10_000;
const MOST_NAME_LENGTH = 100;

function countAllRows(database: Database): Record<string, number> {
	const tables = database
		.query<{ name: string }, [number, number]>(
			"SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite^_%' ESCAPE '^' AND length(name) < ? ORDER BY name LIMIT ?",
		)
		.all(MOST_NAME_LENGTH, MOST_TABLES);
	return Object.fromEntries(
		tables.map(({ name }) => [name, countRows(database, name)]),
	);
}

function notALibrary(path: string, why: string): AppError {
	return new AppError("DATABASE_ERROR", `not a VPO library: ${path}: ${why}`, {
		hint: "name the library with --database, VPO_DATABASE_PATH or database_path in config.toml",
	});
}
