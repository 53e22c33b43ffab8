// What the library's thread does: one operation at a time, and the libraries that it holds locked.

import type { Database } from "bun:sqlite";
import { AppError, errnoOf } from "../../ground/errors.ts";
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
import { damagedError } from "./library.ts";
import { bringBack, type Missing, planMissing } from "./missing/missing.ts";
import { closeCursor, nextRows, openCursor } from "./query/cursor.ts";
import { replaceContent } from "./replace.ts";
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

interface Locked {
	readonly database: Database;
	readonly path: string;
}

const locks = new Map<number, Locked>();
let lastLock = 0;

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

	/**
	 * Brings the rows back that the locked library has lost, in one transaction, and folds its WAL in.
	 * @returns what came back, and whether all of it is in the one file
	 * @throws AppError as `bringBack`
	 */
	bringBack(
		lock: number,
		candidatePath: string,
		scratch: string,
		under: string | null,
		turn: Int32Array,
	): { readonly missing: Missing; readonly isFolded: boolean } {
		const { database, path } = requireLock(lock);
		const missing = asking(path, () =>
			bringBack(database, candidatePath, scratch, under, turn),
		);
		return { missing, isFolded: foldIn(database) };
	},

	openCursor,
	nextRows,
	closeCursor,

	partsOf,
	checkWhole,
	checkStructure,
	checkTable,
	checkForeignKeys,

	/** What two databases must have in common for the one to take over the other's content. */
	shape(path: string, isImmutable: boolean): Shape {
		return reading(path, (database) => readShape(database), isImmutable);
	},

	/**
	 * Locks a library, or the file that is to become one, against everybody, its own daemon's idle connections included.
	 * @returns what the lock is called below
	 * @throws AppError DATABASE_LOCKED, DATABASE_ERROR
	 */
	lock(path: string): number {
		const database = connect(path, "write");
		try {
			asking(path, () => {
				database.run("PRAGMA locking_mode = EXCLUSIVE");
				database.run("BEGIN EXCLUSIVE");
				database.run("COMMIT"); // the mode keeps the lock
			});
		} catch (error) {
			database.close(true);
			throw error;
		}
		locks.set(++lastLock, { database, path });
		return lastLock;
	},

	/** As `snapshot`, of a library that is locked, once its own structure was looked at. */
	snapshotLocked(lock: number, to: string): void {
		const { database, path } = requireLock(lock);
		asking(path, () => {
			const damage = findStructureDamage(database);
			if (damage !== "") throw damagedError(path, damage);
			copyInto(database, path, to);
		});
	},

	/**
	 * Replaces all that the locked library holds, in one transaction, and folds its WAL in.
	 * @param turn whose turn it is, as `TURN` has it
	 * @returns whether all of it is in the one file; if not, it is committed in the WAL
	 * @throws AppError as `replaceContent`
	 */
	replace(lock: number, candidatePath: string, turn: Int32Array): boolean {
		const { database, path } = requireLock(lock);
		asking(path, () => replaceContent(database, candidatePath, turn));
		return foldIn(database);
	},

	/**
	 * Folds the WAL of the locked library into its file, so that no journal can meet the file that comes in its place.
	 * Memory journal at the end: closing the connection then touches no file by name.
	 */
	fold(lock: number): void {
		const { database, path } = requireLock(lock);
		asking(path, () => {
			const busy = pragma(database, "wal_checkpoint(TRUNCATE)");
			const mode = String(pragma(database, "journal_mode = DELETE"));
			if (busy !== 0 || mode !== "delete") {
				throw new AppError(
					"DATABASE_LOCKED",
					`cannot fold in the WAL of ${path}`,
				);
			}
			database.run("PRAGMA journal_mode = MEMORY");
		});
	},

	/** Puts the locked library back into WAL mode, after an exchange that did not happen. */
	unfold(lock: number): void {
		const { database, path } = requireLock(lock);
		asking(path, () => database.run("PRAGMA journal_mode = WAL"));
	},

	unlock(lock: number): void {
		locks.get(lock)?.database.close(true);
		locks.delete(lock);
	},

	/** Sets the journal mode of a file, which its header records. */
	setJournalMode(path: string, mode: "WAL" | "DELETE"): void {
		writing(path, (database) => database.run(`PRAGMA journal_mode = ${mode}`));
	},
};

// What is committed stays where it can't be folded in, and who opens the library next tries again.
function foldIn(database: Database): boolean {
	try {
		return pragma(database, "wal_checkpoint(TRUNCATE)") === 0;
	} catch {
		return false;
	}
}

function requireLock(lock: number): Locked {
	const found = locks.get(lock);
	if (!found) throw new Error("no library is locked");
	return found;
}

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
