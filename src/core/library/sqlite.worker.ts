// What the library's thread does: one operation at a time.

import type { Database } from "bun:sqlite";
import { errnoOf } from "../../ground/errors.ts";
import { serve } from "../work/thread.ts";
import {
	checkForeignKeys,
	checkStructure,
	checkTable,
	checkWhole,
	findDamage,
	findStructureDamage,
	partsOf,
} from "./check/damage.ts";
import { compare } from "./compare/difference.ts";
import { countUnder } from "./compare/scope.ts";
import {
	type LibraryFacts,
	type LibraryHead,
	readFacts,
	readHead,
	surveyDatabase,
} from "./facts.ts";
import { heldOperations } from "./held/held.ts";
import { schemaOf, writtenIn } from "./held/objects.ts";
import { planMissing } from "./missing/missing.ts";
import { closeCursor, nextRows, openCursor } from "./query/cursor.ts";
import { readShape, type Shape } from "./shape.ts";
import {
	connect,
	copyInto,
	eagerly,
	pragma,
	reading,
	withConnection,
} from "./sqlite.ts";
import { asking } from "./sqlite-error.ts";

export type SqliteOperations = typeof operations;

const operations = {
	/** @throws AppError DATABASE_ERROR, DATABASE_LOCKED */
	recognise(path: string, isImmutable: boolean): LibraryHead {
		return withRecovery(path, () =>
			reading(path, (database) => readHead(database, path), isImmutable),
		);
	},

	/** @throws AppError DATABASE_ERROR, DATABASE_LOCKED */
	describe(path: string, isImmutable: boolean): LibraryFacts {
		return withRecovery(path, () =>
			reading(path, (database) => readFacts(database, path), isImmutable),
		);
	},

	/**
	 * Takes the write lock for a moment. Where others commit all the time it may never be free for us, but whoever
	 * commits lets go of it too. The read-only connection outlives it: the last connection to close
	 * would checkpoint the library's WAL, and a read-only one doesn't.
	 * @throws AppError DATABASE_LOCKED
	 */
	probeWriteLock(path: string): void {
		reading(path, (reader) => {
			const before = pragma(reader, "data_version");
			reader.run("COMMIT"); // as long as we read, nobody commits in rollback mode
			const writer = connect(path, "write");
			try {
				eagerly(() => writer.run("BEGIN IMMEDIATE"));
				writer.run("ROLLBACK");
			} catch (error) {
				const after = eagerly(() => pragma(reader, "data_version"));
				if (after === before) throw error;
			} finally {
				writer.close(true);
			}
		});
	},

	/**
	 * Copies the library as of one moment into a new file, defragmented. VACUUM takes its read lock more than once, and
	 * only while another connection of this process reads does it always get it.
	 */
	snapshot(path: string, to: string, isImmutable: boolean): void {
		const work = () =>
			withConnection(path, isImmutable, (database) =>
				copyInto(database, path, to),
			);
		reading(path, work, isImmutable);
	},

	/**
	 * Removes the empty -wal and the -shm that reading left beside a library which had none, as SQLite does it:
	 * the last connection to close removes them, and if there is another one they stay.
	 */
	tidy(path: string): void {
		writing(path, (database) => pragma(database, "schema_version"));
	},

	/** What is damaged in a library, CHECK constraints aside; "" if nothing shows. Blocks nobody in WAL mode. */
	findDamage(path: string, isDeep: boolean, isImmutable: boolean): string {
		return reading(
			path,
			(database) => findDamage(database, isDeep),
			isImmutable,
		);
	},

	/** As `findDamage`, only what is found first: a damaged file may keep us busy for ever with what comes behind it. */
	findStructureDamage(path: string, isImmutable: boolean): string {
		return reading(path, findStructureDamage, isImmutable);
	},

	survey: surveyDatabase,

	compare,
	countUnder,

	planMissing,

	openCursor,
	nextRows,
	closeCursor,

	partsOf,
	checkWhole,
	checkStructure,
	checkTable,
	checkForeignKeys,

	/** What tells one schema from another, whatever the order in which it was made. */
	schemaDigest(path: string, isImmutable: boolean): string {
		return reading(
			path,
			(database) =>
				new Bun.CryptoHasher("sha256")
					.update(writtenIn(schemaOf(database, "main")))
					.digest("hex"),
			isImmutable,
		);
	},

	/** What two databases must have in common for the one to take over the other's content. */
	shape(path: string, isImmutable: boolean): Shape {
		return reading(path, (database) => readShape(database), isImmutable);
	},

	...heldOperations,

	/** Sets the journal mode of a file, which its header records. */
	setJournalMode(path: string, mode: "WAL" | "DELETE"): void {
		writing(path, (database) => database.run(`PRAGMA journal_mode = ${mode}`));
	},
};

// A rollback journal that a killed writer left must be rolled back first, which takes a connection that may write.
function withRecovery<T>(path: string, work: () => T): T {
	try {
		return work();
	} catch (error) {
		const { cause } = error as { cause?: unknown };
		if (!errnoOf(cause).startsWith("SQLITE_READONLY")) throw error;
	}
	writing(path, (database) => pragma(database, "schema_version"));
	return work();
}

function writing(path: string, work: (database: Database) => void): void {
	const database = connect(path, "write");
	try {
		asking(path, () => work(database));
	} finally {
		database.close(true);
	}
}

serve(operations);
