// What is asked of a library: what it holds, and whether it is sound. SQLite answers, in a thread that may block.

import type { Database } from "bun:sqlite";
import { AppError } from "../errors.ts";
import { asking, pragma, reading } from "./sqlite.ts";

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

/** The page cache that the integrity check gets, in KiB. Measured: 8 MiB and more are equally fast, mmap is slower. */
const CHECK_CACHE_KIB = 16 * 1024;

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
		tableRows: countRows(database),
	}));
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

function countRows(database: Database): Record<string, number> {
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

/** What the check of a private file found out. */
export interface CheckResult {
	/** What integrity_check found, "" if nothing. */
	readonly damage: string;
	readonly facts: LibraryFacts;
	/** What is wrong with what it says, though it is sound: rows that refer to rows which are not there. */
	readonly warnings: readonly string[];
}

/**
 * Checks a private file: every page and every index.
 * @throws AppError DATABASE_ERROR: so damaged that it can't even be asked
 */
export function checkDatabase(path: string): Omit<CheckResult, "warnings"> {
	return reading(path, (database) => ({
		damage: findDamage(database, true),
		facts: readFacts(database, path),
	}));
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

/** What foreign_key_check finds in a private file, in words. */
export function checkForeignKeys(path: string): string[] {
	return reading(path, (database) => {
		const row = database
			.query<{ violations: number }, []>(
				"SELECT count(*) AS violations FROM pragma_foreign_key_check",
			)
			.get();
		const rows = row?.violations ?? 0;
		if (rows === 0) return [];
		const refer = rows === 1 ? "1 row refers" : `${rows} rows refer`;
		return [`${refer} to rows that do not exist (foreign keys)`];
	});
}

function notALibrary(path: string, why: string): AppError {
	return new AppError("DATABASE_ERROR", `not a VPO library: ${path}: ${why}`, {
		hint: "name the library with --database, VPO_DATABASE_PATH or database_path in config.toml",
	});
}
