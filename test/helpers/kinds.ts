// Libraries of every kind that SQLite knows, made of VPO's own, and libraries that a crash left as they were.

import { Database } from "bun:sqlite";
import { join } from "node:path";
import { Peer } from "./peer.ts";
import { FIXTURES } from "./program.ts";

/** Pragmas that only take effect on a file that is empty yet. */
export interface Kind {
	readonly page_size?: number;
	readonly encoding?: string;
	readonly auto_vacuum?: number;
	readonly journal_mode?: string;
}

interface Item {
	readonly name: string;
	readonly type: string;
	readonly sql: string;
}

/** Writes VPO's library as a new file of this kind, and runs `extras` on it. */
export function makeLibrary(
	path: string,
	kind: Kind,
	extras: (library: Database) => void = () => undefined,
): void {
	const library = new Database(path, { create: true });
	const original = `${join(FIXTURES, "library-v27.db")}?immutable=1`;
	const source = new Database(`file:${original}`, 0x41); // read-only, a URI
	try {
		for (const [name, value] of Object.entries(kind)) {
			library.run(`PRAGMA ${name} = '${value}'`);
		}
		library.transaction(() => copy(source, library))();
		extras(library);
	} finally {
		source.close();
		library.close(true);
	}
}

function copy(from: Database, to: Database): void {
	const items = from
		.query<Item, []>(
			"SELECT name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'",
		)
		.all();
	for (const { sql } of items) to.run(sql);
	for (const { name, type } of items) {
		if (type !== "table") continue;
		const rows = from.query(`SELECT * FROM "${name}"`).values();
		if (rows.length === 0) continue;
		const places = Array.from({ length: rows[0]?.length ?? 0 }, () => "?");
		const insert = to.query(`INSERT INTO "${name}" VALUES (${places})`);
		for (const row of rows) insert.run(...(row as string[]));
	}
}

/** What the file itself is like, besides its content. */
export function kindOf(path: string): Record<string, unknown> {
	const library = new Database(path);
	const names = ["page_size", "encoding", "auto_vacuum", "journal_mode"];
	const more = ["user_version", "application_id"];
	try {
		const ask = (name: string) =>
			library.query(`PRAGMA ${name}`).values()[0]?.[0];
		return Object.fromEntries(
			[...names, ...more].map((name) => [name, ask(name)]),
		);
	} finally {
		library.close(true);
	}
}

/** Has a writer killed after one commit, in the middle of a large transaction: the file is half written, its journal says how to undo that. */
export async function leaveHotJournal(path: string): Promise<void> {
	const statements = [
		"PRAGMA journal_mode = DELETE",
		"DELETE FROM files WHERE id % 3 = 0",
		"PRAGMA cache_size = 5",
		"BEGIN IMMEDIATE",
		"UPDATE files SET directory = directory || hex(randomblob(200))",
		"UPDATE files SET filename = hex(randomblob(200))",
	];
	await (await Peer.holding(path, statements)).kill();
}

/** Has a writer killed after it committed: these rows are in the -wal only. */
export async function leaveHotWal(path: string, rows: number): Promise<void> {
	const statements = [
		"PRAGMA journal_mode = WAL",
		"PRAGMA wal_autocheckpoint = 0",
		"CREATE TABLE IF NOT EXISTS only_in_wal (n INTEGER PRIMARY KEY, text TEXT)",
		`INSERT INTO only_in_wal (text) SELECT hex(randomblob(100)) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${rows}) SELECT n FROM c)`,
	];
	await (await Peer.holding(path, statements)).kill();
}
