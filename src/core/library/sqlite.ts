// The only home of bun:sqlite: connections, and what is asked of them. Runs in the library's thread, where it may block.
// No connection trusts the file that it opens, and none changes a live library but the one that holds it locked.

import { constants, Database } from "bun:sqlite";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { AppError, errnoOf } from "../../ground/errors.ts";
import { asking, classify, LOCKED } from "./sqlite-error.ts";

/** Opens a database that exists. Nothing is read yet, so a foreign file shows at the first question only. */
export function connect(path: string, mode: "read" | "write"): Database {
	const { SQLITE_OPEN_READONLY, SQLITE_OPEN_READWRITE, SQLITE_OPEN_URI } =
		constants;
	const flags = mode === "read" ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	return asking(path, () => {
		// A path from the root is never taken for a URL; what is attached by one says there how it is opened.
		const database = new Database(resolve(path), flags | SQLITE_OPEN_URI);
		database.run("PRAGMA trusted_schema = OFF");
		database.run("PRAGMA cell_size_check = ON");
		return database;
	});
}

/**
 * Opens a database that nobody writes, without locks and without any file beside it.
 * Only for a library in WAL mode that has no -wal: nobody has it open then.
 */
export function connectImmutable(path: string): Database {
	const { SQLITE_OPEN_READONLY, SQLITE_OPEN_URI } = constants;
	return asking(path, () => {
		const url = `${pathToFileURL(path).href}?immutable=1`;
		return new Database(url, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
	});
}

/** A connection to nothing yet, to which databases can be attached by `file:` URLs that say how. */
export function connectNothing(): Database {
	const { SQLITE_OPEN_READWRITE, SQLITE_OPEN_URI } = constants;
	const database = new Database(
		":memory:",
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI,
	);
	database.run("PRAGMA trusted_schema = OFF");
	database.run("PRAGMA cell_size_check = ON");
	return database;
}

/**
 * Has SQLite keep what does not fit into memory in this private folder, the journals of single statements included: the
 * system's own may be RAM, or not be there at all.
 */
export function keepScratch(database: Database, folder: string): void {
	const place = folder.replaceAll("'", "''");
	database.run(`PRAGMA temp_store_directory = '${place}'`);
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

/**
 * As `reading`, on a connection that may write and never does: only such a one knows of CHECK constraints. A read-only
 * one outlives it: the last connection to close would fold in a library's WAL, and a read-only one doesn't.
 */
export function readingAsWriter<T>(
	path: string,
	work: (database: Database) => T,
): T {
	return reading(path, () => {
		const database = connect(path, "write");
		try {
			return asking(path, () => {
				database.run("PRAGMA query_only = ON");
				database.run("BEGIN");
				eagerly(() => pragma(database, "schema_version"));
				return work(database);
			});
		} finally {
			database.close(true);
		}
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

/** The value of a pragma that answers with one number or word. */
export function pragma(database: Database, statement: string): number {
	const row = database
		.query<Record<string, number>, []>(`PRAGMA ${statement}`)
		.get();
	return Object.values(row ?? {})[0] as number;
}

/** A name as SQL wants it. */
export function quoted(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}

/** The number of rows of an ordinary table. */
export function countRows(
	database: Database,
	table: string,
	schema = "main",
): number {
	const row = database
		.query<{ rows: number }, []>(
			`SELECT count(*) AS rows FROM ${schema}.${quoted(table)}`,
		)
		.get();
	return row?.rows ?? 0;
}

/** It reads each page once and writes each page once: measured, a larger cache only takes time. */
const COPY_CACHE_KIB = 256;

/**
 * Copies a database into a new file, defragmented. The copy is scratch, read at once: it never has to survive a power cut.
 * @throws AppError as everything here does, naming both files where the new one may be the cause
 */
export function copyInto(database: Database, path: string, to: string): void {
	try {
		database.run("PRAGMA synchronous = OFF");
		database.run(`PRAGMA cache_size = -${COPY_CACHE_KIB}`);
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
	} finally {
		database.run("PRAGMA synchronous = FULL");
	}
}
