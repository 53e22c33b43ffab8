// What SQLite's errors mean for a library, told by its path; the only place that knows their names.

import { dirname } from "node:path";
import {
	AppError,
	type ErrorCode,
	errnoOf,
	shortened,
} from "../../ground/errors.ts";

/**
 * Runs `work` and turns SQLite's errors into ours, naming the file.
 * @param scratch the folder for what does not fit into memory, where the file itself is only read
 */
export function asking<T>(path: string, work: () => T, scratch?: string): T {
	try {
		return work();
	} catch (error) {
		if (scratch !== undefined && errnoOf(error) === "SQLITE_FULL") {
			throw isFull(scratch, error);
		}
		throw fromSqlite(path, error);
	}
}

function isFull(scratch: string, cause: unknown): AppError {
	return new AppError(
		"INSUFFICIENT_SPACE",
		`no space left in ${dirname(scratch)} for what does not fit into memory`,
		{
			hint: "free some space there, or name another folder in VPO_TEMP_DIR",
			cause,
		},
	);
}

export const LOCKED = /^SQLITE_(BUSY|LOCKED|PROTOCOL)/;

const DAMAGED = /^SQLITE_(CORRUPT|NOTADB|FORMAT)/;

const FOREIGN = /^SQLITE_(ERROR|SCHEMA|MISMATCH)/;

function fromSqlite(path: string, error: unknown): unknown {
	const code = errnoOf(error);
	if (error instanceof AppError || !code.startsWith("SQLITE_")) return error;
	const message = shortened((error as Error).message, MOST_MESSAGE_LENGTH);
	const [, thing, name] = LACKING.exec(message) ?? [];
	if (thing !== undefined && isUnanswerable(error)) {
		return lacks(path, thing, name ?? "", error);
	}
	const [kind, what] = classify(code);
	return new AppError(kind, `${what}: ${path} (${message})`, {
		hint: code.startsWith("SQLITE_IOERR")
			? "its disk may be full or failing"
			: undefined,
		cause: error,
		isDamage: DAMAGED.test(code),
	});
}

/** What the author of a schema can make us say at once. */
const MOST_MESSAGE_LENGTH = 200;

/** "no such collation sequence: x", "unknown function: x()", … */
const LACKING =
	/^(?:no such|unknown) (collation|function|tokenizer|module)(?: sequence)?: (.*?)(?:\(\))?$/s;

/** Whether SQLite can't do what it is asked because of what the schema says, though the file is whole. */
export function isUnanswerable(error: unknown): boolean {
	return FOREIGN.test(errnoOf(error));
}

// Other programs can teach SQLite functions and the like, and a schema may need them to be read.
function lacks(
	path: string,
	thing: string,
	name: string,
	cause: unknown,
): AppError {
	const what = `the library needs the ${thing} "${name}", which this program does not have: ${path}`;
	return new AppError("DATABASE_ERROR", what, { cause, isDamage: true });
}

/** Which of our errors it is, and how it begins. */
export function classify(code: string): [ErrorCode, string] {
	if (LOCKED.test(code)) {
		return ["DATABASE_LOCKED", "the database is locked by another process"];
	}
	if (DAMAGED.test(code)) return ["DATABASE_ERROR", "the database is damaged"];
	if (FOREIGN.test(code)) return ["DATABASE_ERROR", "not a VPO library"];
	if (code === "SQLITE_FULL") return ["INSUFFICIENT_SPACE", "no space left"];
	return ["OPERATION_FAILED", "SQLite cannot use the database"];
}
