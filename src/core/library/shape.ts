// What two databases must have in common before one can take over the other's content in a transaction.

import type { Database } from "bun:sqlite";
import { pragma } from "./sqlite.ts";

/** What a database is made of, whatever it holds. */
export interface Shape {
	readonly pageSizeBytes: number;
	/** "UTF-8", "UTF-16le" or "UTF-16be". */
	readonly encoding: string;
	/** 0 none, 1 full, 2 incremental. */
	readonly autoVacuum: number;
	/** Whether it has virtual tables, whose content only their own modules can move. */
	readonly hasVirtualTables: boolean;
}

/** Reads the shape of an attached database, of "main" if not said otherwise. */
export function readShape(database: Database, schema = "main"): Shape {
	const virtual = database
		.query(
			`SELECT 1 FROM ${schema}.sqlite_schema WHERE type = 'table' AND rootpage = 0 LIMIT 1`,
		)
		.get();
	return {
		pageSizeBytes: pragma(database, `${schema}.page_size`),
		encoding: String(pragma(database, `${schema}.encoding`)),
		autoVacuum: pragma(database, `${schema}.auto_vacuum`),
		hasVirtualTables: virtual !== null,
	};
}

/** Why a library can't take over a candidate's content in a transaction, in words; null if it can. */
export function findObstacle(library: Shape, candidate: Shape): string | null {
	if (library.hasVirtualTables || candidate.hasVirtualTables) {
		return "it has virtual tables";
	}
	if (library.pageSizeBytes !== candidate.pageSizeBytes) {
		return "it has another page size";
	}
	if (library.encoding !== candidate.encoding) {
		return "it has another text encoding";
	}
	if (library.autoVacuum !== candidate.autoVacuum) {
		return "it has another auto_vacuum mode";
	}
	return null;
}
