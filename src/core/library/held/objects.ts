// What a schema consists of, and what SQLite makes, keeps and forbids by itself.

import type { Database } from "bun:sqlite";
import { AppError } from "../../../ground/errors.ts";

/** An object of a schema, as sqlite_schema has it. */
export interface SchemaObject {
	readonly type: "table" | "index" | "view" | "trigger";
	readonly name: string;
	readonly table: string;
	/** null for what SQLite makes by itself, such as the index of a PRIMARY KEY. */
	readonly sql: string | null;
}

/** All objects of a schema, in the order in which they were made. */
export function schemaOf(
	database: Database,
	schema: "main" | "candidate",
): SchemaObject[] {
	return database
		.query<SchemaObject, []>(
			`SELECT type, name, tbl_name AS "table", sql FROM ${schema}.sqlite_schema ORDER BY rowid`,
		)
		.all();
}

/** What is written in a schema, whatever the order in which it was made. A stranger may have given names that SQLite keeps for itself, too. */
export function writtenIn(objects: readonly SchemaObject[]): string {
	const texts = objects
		.filter(({ sql }) => sql !== null)
		.map(({ type, name, table, sql }) => [type, name, table, sql].join("\0"));
	return JSON.stringify(texts.sort());
}

/** As `writtenIn`, without what SQLite makes by itself. */
export function textOf(objects: readonly SchemaObject[]): string {
	return writtenIn(objects.filter(({ name }) => !isInternal(name)));
}

/** What SQLite keeps for itself. */
export function isInternal(name: string): boolean {
	return /^sqlite_/i.test(name);
}

/** What SQLite lets nobody drop, and what only other builds of SQLite can make. */
export function isKept(name: string): boolean {
	return isInternal(name) && name !== "sqlite_stat1";
}

/** The statement that makes an object, as sqlite_schema keeps it, for the library instead of the candidate. */
export function intoMain(sql: string): string {
	const found = /^CREATE (TABLE|(?:UNIQUE )?INDEX|VIEW|TRIGGER) /i.exec(sql);
	if (!found) throw unfit(`it can't make: ${sql.slice(0, 60)}`);
	return `${found[0]}main.${sql.slice(found[0].length)}`;
}

/** Why the content can't be taken over. */
export function unfit(why: string): AppError {
	return new AppError(
		"DATABASE_ERROR",
		`the library can't take over the content of the backup: ${why}`,
		{ isDamage: true },
	);
}
