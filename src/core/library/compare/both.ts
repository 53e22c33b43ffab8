// Two databases side by side, both only read.

import type { Database } from "bun:sqlite";
import { pathToFileURL } from "node:url";
import { AppError } from "../../../ground/errors.ts";
import {
	connectNothing,
	eagerly,
	keepScratch,
	pragma,
	withConnection,
} from "../sqlite.ts";
import { asking } from "../sqlite-error.ts";

/** One of two databases. */
export interface Side {
	readonly path: string;
	/** Whether nobody writes it: then it is read without locks. */
	readonly isImmutable: boolean;
}

/** The page cache that each of the files gets, in KiB. */
const CACHE_KIB = 4 * 1024;

/**
 * Attaches both as `old` and `new`, and runs `work` in one transaction.
 * @param folder a private one, for what does not fit into memory
 * @throws AppError DATABASE_ERROR: their text is encoded differently; and as all that is asked of SQLite
 */
export function withBoth<T>(
	folder: string,
	sides: { readonly old: Side; readonly new: Side },
	work: (database: Database) => T,
): T {
	const database = connectNothing();
	try {
		// An empty file takes over the encoding of the first that is attached to it, if it is told.
		const encodings = [sides.old, sides.new].map(encodingOf);
		if (encodings[0] !== encodings[1]) {
			throw new AppError(
				"DATABASE_ERROR",
				`their text is encoded differently, so that they can't be compared: ${sides.old.path} and ${sides.new.path}`,
			);
		}
		database.run(`PRAGMA encoding = '${encodings[0]}'`);
		keepTemporary(database, folder);
		for (const name of ["old", "new"] as const) {
			const { path: file, isImmutable } = sides[name];
			asking(file, () => {
				database.run(`ATTACH ? AS ${name}`, [urlOf(file, isImmutable)]);
				database.run(`PRAGMA ${name}.cache_size = -${CACHE_KIB}`);
			});
		}
		const read = () => {
			database.run("BEGIN");
			eagerly(() => pragma(database, "new.schema_version"));
			return work(database);
		};
		return asking(sides.new.path, read, folder);
	} finally {
		database.close(true);
	}
}

/** As `keepScratch`, for a connection with large temporary tables. */
export function keepTemporary(database: Database, folder: string): void {
	keepScratch(database, folder);
	database.run("PRAGMA temp.journal_mode = OFF");
	database.run(`PRAGMA temp.cache_size = -${CACHE_KIB}`);
}

function encodingOf({ path, isImmutable }: Side): string {
	return withConnection(path, isImmutable, (database) =>
		String(pragma(database, "encoding")),
	);
}

function urlOf(path: string, isImmutable: boolean): string {
	return `${pathToFileURL(path).href}?mode=ro${isImmutable ? "&immutable=1" : ""}`;
}
