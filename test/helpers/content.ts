// Whether two libraries are the same: every row of every table, and all that a SQLite file says of itself.

import { constants, Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** The whole content of a database, in a form that can be compared. */
export function contentOf(path: string): Record<string, unknown> {
	const database = openUnchanged(path);
	try {
		const schema = database
			.query<{ type: string; name: string; sql: string | null }, []>(
				"SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name",
			)
			.all();
		const rows = schema
			.filter(({ type }) => type === "table")
			.map(({ name }) => [name, allRows(database, name)]);
		return {
			schema,
			rows: Object.fromEntries(rows),
			userVersion: database.query("PRAGMA user_version").get(),
			applicationId: database.query("PRAGMA application_id").get(),
			encoding: database.query("PRAGMA encoding").get(),
			integrity: database.query("PRAGMA integrity_check").get(),
		};
	} finally {
		database.close(true);
	}
}

function allRows(database: Database, table: string): string[] {
	const quoted = `"${table.replaceAll('"', '""')}"`;
	return database
		.query(`SELECT * FROM ${quoted}`)
		.values()
		.map((row) => JSON.stringify(row, bytesToText))
		.sort();
}

function bytesToText(_: string, value: unknown): unknown {
	if (typeof value === "bigint") return `${value}n`;
	return value instanceof Uint8Array
		? Buffer.from(value).toString("base64")
		: value;
}

// A committed fixture in WAL mode must not get a -wal and a -shm just because it is compared.
function openUnchanged(path: string): Database {
	if (existsSync(`${path}-wal`)) return new Database(path, { readonly: true });
	const { SQLITE_OPEN_READONLY, SQLITE_OPEN_URI } = constants;
	const url = `${pathToFileURL(path).href}?immutable=1`;
	return new Database(url, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}
