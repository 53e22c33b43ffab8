// The libraries that a thread holds locked against everybody, and what it does with them.

import type { Database } from "bun:sqlite";
import { AppError } from "../../../ground/errors.ts";
import { findStructureDamage } from "../check/damage.ts";
import { damagedError } from "../library.ts";
import { bringBack, type Missing } from "../missing/missing.ts";
import { connect, copyInto, pragma } from "../sqlite.ts";
import { asking } from "../sqlite-error.ts";
import { replaceContent } from "./replace.ts";

interface Locked {
	readonly database: Database;
	readonly path: string;
}

const locks = new Map<number, Locked>();
let lastLock = 0;

/** Served by the library's thread. */
export const heldOperations = {
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
	 * @param turn as `replaceContent` has it
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
