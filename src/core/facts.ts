// What is asked of a library: what it holds, and whether it is sound. SQLite answers, in a thread that may block.

import type { Database } from "bun:sqlite";
import { AppError } from "../errors.ts";
import { asking, pragma, reading } from "./sqlite.ts";

/** What a library says of itself. */
export interface LibraryFacts {
	readonly schemaVersion: number;
	readonly fileCount: number;
	readonly totalLibrarySizeBytes: number;
	readonly databaseSizeBytes: number;
	/** "wal", or "delete" for all kinds of rollback journal. */
	readonly journalMode: string;
}

/** The page cache that the integrity check gets, in KiB. Measured: 8 MiB and more are equally fast, mmap is slower. */
const CHECK_CACHE_KIB = 16 * 1024;

/**
 * Reads what a library says of itself.
 * @throws AppError DATABASE_ERROR: damaged, or no VPO library; DATABASE_LOCKED
 */
export function readFacts(database: Database, path: string): LibraryFacts {
	return asking(path, () => {
		requireLibraryTables(database, path);
		const { files, bytes } = database
			.query<{ files: number; bytes: number }, []>(
				"SELECT count(*) AS files, total(size_bytes) AS bytes FROM files",
			)
			.get() ?? { files: 0, bytes: 0 };
		return {
			schemaVersion: readSchemaVersion(database, path),
			fileCount: files,
			totalLibrarySizeBytes: Math.min(
				Math.max(0, Math.round(bytes)),
				Number.MAX_SAFE_INTEGER,
			),
			databaseSizeBytes:
				pragma(database, "page_count") * pragma(database, "page_size"),
			journalMode: String(pragma(database, "journal_mode")),
		};
	});
}

// Real tables only: a view or a virtual table of these names would run what the file's author wrote.
function requireLibraryTables(database: Database, path: string): void {
	const tables = database
		.query<{ name: string }, []>(
			"SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name IN ('_meta', 'files')",
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

/** More tables than any VPO has are not counted: the metadata stays small. */
const MOST_TABLES = 200;

/** The number of rows of each ordinary table. */
export function countRows(database: Database): Record<string, number> {
	const tables = database
		.query<{ name: string }, [number]>(
			"SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite^_%' ESCAPE '^' AND length(name) < 100 ORDER BY name LIMIT ?",
		)
		.all(MOST_TABLES);
	return Object.fromEntries(
		tables.map(({ name }) => {
			const quoted = `"${name.replaceAll('"', '""')}"`;
			const row = database
				.query<{ rows: number }, []>(`SELECT count(*) AS rows FROM ${quoted}`)
				.get();
			return [name, row?.rows ?? 0];
		}),
	);
}

export interface CheckResult {
	/** What integrity_check found, "" if nothing. */
	readonly damage: string;
	/** Rows whose foreign key points nowhere. */
	readonly foreignKeyViolations: number;
	readonly facts: LibraryFacts;
}

/**
 * Checks a private file in full: every page, every index, every foreign key.
 * @throws AppError DATABASE_ERROR: so damaged that it can't even be asked
 */
export function checkDatabase(path: string): CheckResult {
	return reading(path, (database) => {
		const damage = findDamage(database, true);
		return {
			damage,
			foreignKeyViolations: damage === "" ? countViolations(database) : 0,
			facts: readFacts(database, path),
		};
	});
}

/**
 * Looks for damage in a live library: structure only, or every index too.
 * @returns what was found, "" if nothing
 */
export function findDamage(database: Database, isDeep: boolean): string {
	database.run(`PRAGMA cache_size = -${CHECK_CACHE_KIB}`);
	const check = isDeep ? "integrity_check" : "quick_check";
	return database
		.query<Record<string, string>, []>(`PRAGMA ${check}(10)`)
		.all()
		.flatMap((row) => Object.values(row))
		.filter((text) => text !== "ok")
		.join("; ");
}

function countViolations(database: Database): number {
	const row = database
		.query<{ violations: number }, []>(
			"SELECT count(*) AS violations FROM pragma_foreign_key_check",
		)
		.get();
	return row?.violations ?? 0;
}

function notALibrary(path: string, why: string): AppError {
	return new AppError("DATABASE_ERROR", `not a VPO library: ${path}: ${why}`, {
		hint: "name the library with --database, VPO_DATABASE_PATH or database_path in config.toml",
	});
}
