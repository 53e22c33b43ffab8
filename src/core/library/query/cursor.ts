// The rows of one statement, a few at a time: neither thread ever holds more of them than that.

import type { Database } from "bun:sqlite";
import { AppError, errnoOf } from "../../../ground/errors.ts";
import { plain, type Value } from "../compare/values.ts";
import { connect, connectImmutable, keepScratch } from "../sqlite.ts";
import { asking } from "../sqlite-error.ts";
import { readingStatement } from "./statement.ts";

/** A few rows, and whether that was all. */
export interface Rows {
	readonly rows: readonly (readonly Value[])[];
	readonly isEnd: boolean;
}

const MOST_ROWS = 500;
/** Of text in a few rows. */
const MOST_CHARACTERS = 1024 * 1024;

interface Cursor {
	readonly database: Database;
	readonly path: string;
	/** A private folder, for what does not fit into memory. */
	readonly scratch: string;
	readonly rows: Iterator<Record<string, unknown>>;
	readonly names: readonly string[];
}

let open: Cursor | null = null;

/**
 * Runs one statement on a connection of its own that can't write.
 * @param scratch as a cursor has it
 * @returns the names of its columns
 * @throws AppError USAGE: it is wrong, or may write; DATABASE_ERROR, DATABASE_LOCKED
 */
export function openCursor(
	path: string,
	isImmutable: boolean,
	scratch: string,
	sql: string,
): string[] {
	const { text, isTable } = readingStatement(sql);
	const database = isImmutable ? connectImmutable(path) : connect(path, "read");
	const at = { path, scratch };
	try {
		keepScratch(database, scratch);
		database.run("PRAGMA trusted_schema = OFF");
		database.run("PRAGMA query_only = ON");
		const columns = asked(at, () => namesOf(database, text));
		// Of two columns of one name an object would keep only one.
		const names = columns.map((name, at) => (isTable ? `c${at}` : name));
		const statement = asked(at, () =>
			database
				.query<Record<string, unknown>, []>(
					isTable
						? `WITH "vpo statement" (${names.join()}) AS (${text}\n) SELECT * FROM "vpo statement"`
						: text,
				)
				.safeIntegers(true),
		);
		open = { ...at, database, rows: statement.iterate(), names };
		return [...columns];
	} catch (error) {
		database.close(true);
		throw error;
	}
}

function namesOf(database: Database, text: string): readonly string[] {
	const statement = database.prepare(text);
	try {
		if (!statement.readonly || statement.columnNames.length === 0) {
			throw new AppError("USAGE", "it is no statement that only reads");
		}
		return statement.columnNames;
	} finally {
		statement.finalize();
	}
}

/** The next few rows. */
export function nextRows(): Rows {
	if (!open) throw new Error("no cursor is open");
	const rows: Value[][] = [];
	for (let characters = 0; rows.length < MOST_ROWS; ) {
		const { rows: iterator, names } = open;
		const { value, done } = asked(open, () => iterator.next());
		if (done) return { rows, isEnd: true };
		const row = names.map((name) => plain(value[name]));
		rows.push(row);
		for (const text of row) characters += String(text).length;
		if (characters > MOST_CHARACTERS) break;
	}
	return { rows, isEnd: false };
}

/** Lets go of the database, if one is open: what its reading left beside it can then be removed. */
export function closeCursor(): void {
	open?.database.close(true);
	open = null;
}

// What is wrong with a statement is the caller's, not the database's.
function asked<T>(
	{ path, scratch }: Pick<Cursor, "path" | "scratch">,
	work: () => T,
): T {
	try {
		return asking(path, work, scratch);
	} catch (error) {
		const { cause } = error as { cause?: unknown };
		if (!/^SQLITE_(ERROR|TOOBIG|MISMATCH|READONLY|AUTH)/.test(errnoOf(cause))) {
			throw error;
		}
		throw new AppError(
			"USAGE",
			`SQLite refuses the statement: ${(cause as Error).message}`,
			{ hint: "the tables are in: SELECT name, sql FROM sqlite_schema", cause },
		);
	}
}
