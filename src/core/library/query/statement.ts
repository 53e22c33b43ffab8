// One statement that only reads. SQLite itself can't be asked what a statement may do, so that only the kinds pass that
// are known to read; what they would write all the same, the read-only connection refuses.

import { AppError } from "../../../ground/errors.ts";

export interface Statement {
	/** Without what ends it. */
	readonly text: string;
	/** Whether it can stand inside another one, as a table of rows. */
	readonly isTable: boolean;
}

const TABLES = new Set(["SELECT", "WITH", "VALUES"]);

/** Pragmas that only tell something, by SQLite's manual (https://www.sqlite.org/pragma.html). */
const TELLING = new Set([
	"application_id",
	"collation_list",
	"compile_options",
	"data_version",
	"database_list",
	"encoding",
	"foreign_key_check",
	"foreign_key_list",
	"freelist_count",
	"function_list",
	"index_info",
	"index_list",
	"index_xinfo",
	"integrity_check",
	"page_count",
	"page_size",
	"pragma_list",
	"quick_check",
	"schema_version",
	"table_info",
	"table_list",
	"table_xinfo",
	"user_version",
]);

/** Words, strings, quoted names, comments, spaces, and any other single character. */
const TOKEN =
	/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\s+|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)|[\p{L}\p{N}_$]+|[\s\S]/gu;

/**
 * Lets one statement pass that only reads.
 * @throws AppError USAGE: none, more than one, or another kind
 */
export function readingStatement(sql: string): Statement {
	const tokens = [...sql.matchAll(TOKEN)].filter(([text]) => !isSpace(text));
	const end = tokens.findIndex(([text]) => text === ";");
	const own = end < 0 ? tokens : tokens.slice(0, end);
	if (tokens.slice(own.length).some(([text]) => text !== ";")) {
		throw refusal("only one statement is run at a time");
	}
	const [first, last] = [own[0], own.at(-1)];
	if (!first || !last) throw refusal("there is no statement");
	const text = sql.slice(first.index, last.index + last[0].length);
	const words = own.map(([word]) => word.toUpperCase());
	const kind = words[0] ?? "";
	if (TABLES.has(kind)) return { text, isTable: true };
	if (kind === "EXPLAIN") return { text, isTable: false };
	if (kind === "PRAGMA") {
		requireTelling(words);
		return { text, isTable: false };
	}
	throw refusal(`it is no statement that only reads: ${kind}`);
}

// PRAGMA [schema.]name; with an argument some of them would write, which SQLite then tells.
function requireTelling(words: readonly string[]): void {
	const at = words[2] === "." ? 3 : 1;
	const name = (words[at] ?? "").toLowerCase();
	if (!TELLING.has(name)) throw refusal(`the pragma ${name} may write`);
}

function isSpace(text: string): boolean {
	return /^(\s|--|\/\*)/.test(text);
}

function refusal(why: string): AppError {
	return new AppError("USAGE", why, {
		hint: "give one SELECT, VALUES, WITH … SELECT, EXPLAIN or telling PRAGMA",
	});
}
