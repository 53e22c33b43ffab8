// The only home of bun:sqlite: connections, and what is asked of them. Runs in the library's thread, where it may block.
// No connection trusts the file that it opens, and none changes a live library but the one that holds it locked.

import { constants, Database } from "bun:sqlite";
import { pathToFileURL } from "node:url";
import { AppError, type ErrorCode, errnoOf } from "../errors.ts";

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

/** Opens a database that exists. Nothing is read yet, so a foreign file shows at the first question only. */
export function connect(path: string, mode: "read" | "write"): Database {
	return asking(path, () => {
		const database = new Database(
			path,
			mode === "read" ? { readonly: true } : { readwrite: true, create: false },
		);
		database.run("PRAGMA trusted_schema = OFF");
		database.run("PRAGMA cell_size_check = ON");
		return database;
	});
}

/**
 * Opens a database that nobody writes, without locks and without any file beside it.
 * Only for a library in WAL mode that has no -wal: nobody has it open then.
 */
function connectImmutable(path: string): Database {
	const { SQLITE_OPEN_READONLY, SQLITE_OPEN_URI } = constants;
	return asking(path, () => {
		const url = `${pathToFileURL(path).href}?immutable=1`;
		return new Database(url, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
	});
}

/** Runs `work` on a read-only connection of its own, in one read transaction. */
export function reading<T>(
	path: string,
	work: (database: Database) => T,
	isImmutable = false,
): T {
	return withConnection(path, isImmutable, (database) => {
		database.run("BEGIN");
		eagerly(() => pragma(database, "schema_version"));
		return work(database);
	});
}

/** As `reading`, without a transaction. */
export function withConnection<T>(
	path: string,
	isImmutable: boolean,
	work: (database: Database) => T,
): T {
	const database = isImmutable ? connectImmutable(path) : connect(path, "read");
	try {
		return asking(path, () => work(database));
	} finally {
		database.close(true);
	}
}

/**
 * Asks for a lock again and again for a moment: between two commits of a busy writer it is free for microseconds only,
 * in which SQLite's own busy handler would sleep.
 */
export function eagerly<T>(ask: () => T): T {
	const giveUpAt = performance.now() + EAGER_MS;
	for (;;) {
		try {
			return ask();
		} catch (error) {
			const isLocked = LOCKED.test(errnoOf(error));
			if (!isLocked || performance.now() >= giveUpAt) throw error;
		}
		Atomics.wait(NOTHING, 0, 0, PAUSE_MS);
	}
}

const EAGER_MS = 100;
const PAUSE_MS = 0.1;
const NOTHING = new Int32Array(new SharedArrayBuffer(4));

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

/** The value of a pragma that answers with one number or word. */
export function pragma(database: Database, statement: string): number {
	const row = database
		.query<Record<string, number>, []>(`PRAGMA ${statement}`)
		.get();
	return Object.values(row ?? {})[0] as number;
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

/**
 * Copies a database into a new file, defragmented.
 * @throws AppError as everything here does, naming both files where the new one may be the cause
 */
export function copyInto(database: Database, path: string, to: string): void {
	try {
		database.run("VACUUM INTO ?", [to]);
	} catch (cause) {
		const [code] = classify(errnoOf(cause));
		const mayBeNew = ["INSUFFICIENT_SPACE", "OPERATION_FAILED"].includes(code);
		if (!mayBeNew) throw cause;
		const reason = (cause as Error).message;
		throw new AppError(code, `cannot copy ${path} to ${to}: ${reason}`, {
			hint:
				code === "INSUFFICIENT_SPACE"
					? "free some space there, or name another folder in VPO_TEMP_DIR"
					: undefined,
			cause,
		});
	}
}

/** Runs `work` and turns SQLite's errors into ours, naming the file. */
export function asking<T>(path: string, work: () => T): T {
	try {
		return work();
	} catch (error) {
		throw fromSqlite(path, error);
	}
}

const LOCKED = /^SQLITE_(BUSY|LOCKED|PROTOCOL)/;
const DAMAGED = /^SQLITE_(CORRUPT|NOTADB|FORMAT)/;
const FOREIGN = /^SQLITE_(ERROR|SCHEMA|MISMATCH)/;

function fromSqlite(path: string, error: unknown): unknown {
	const code = errnoOf(error);
	if (error instanceof AppError || !code.startsWith("SQLITE_")) return error;
	const { message } = error as Error;
	const [kind, what] = classify(code);
	return new AppError(kind, `${what}: ${path} (${message})`, {
		cause: error,
		isDamage: DAMAGED.test(code),
	});
}

function classify(code: string): [ErrorCode, string] {
	if (LOCKED.test(code)) {
		return ["DATABASE_LOCKED", "the database is locked by another process"];
	}
	if (DAMAGED.test(code)) return ["DATABASE_ERROR", "the database is damaged"];
	if (FOREIGN.test(code)) return ["DATABASE_ERROR", "not a VPO library"];
	if (code === "SQLITE_FULL") return ["INSUFFICIENT_SPACE", "no space left"];
	return ["OPERATION_FAILED", "SQLite cannot use the database"];
}

function notALibrary(path: string, why: string): AppError {
	return new AppError("DATABASE_ERROR", `not a VPO library: ${path}: ${why}`, {
		hint: "name the library with --database, VPO_DATABASE_PATH or database_path in config.toml",
	});
}
