// The thread in which SQLite works, and the lock that it holds on a library. The main thread waits, with a limit, and never blocks.

import { fileSize } from "../../ground/paths.ts";
import { abortable } from "../work/thread.ts";
import type { CheckResult } from "./check/damage.ts";
import {
	type Examination,
	examineFile,
	type News,
} from "./check/examination.ts";
import { Examiner } from "./check/examiner.ts";
import { checkSoundness } from "./check/soundness.ts";
import { type LibraryLock, lockLibrary } from "./held/lock.ts";
import {
	canWrite,
	hasWal,
	isWalMode,
	isWritable,
	type LibraryFacts,
	type LibraryHead,
	type LockOptions,
	requireLibraryFile,
	type Survey,
} from "./library.ts";
import { patientlyReading, whileLocked } from "./patience.ts";
import { takeSnapshot } from "./snapshot.ts";
import type { SqliteOperations } from "./sqlite.worker.ts";
import { startSqlite } from "./sqlite-start.ts";

/** The thread in which SQLite works, and at times a second one. */
export class SqliteThread implements Disposable {
	readonly #thread = startSqlite();
	/** For private files only. A damaged one may keep it busy for ever, so that no check leaves it to the next one. */
	#spare: ReturnType<typeof startSqlite> | null = null;
	readonly #examiner = new Examiner();

	/**
	 * Says that it is a library, and which.
	 * @throws AppError NOT_FOUND, DATABASE_ERROR, DATABASE_LOCKED after the timeout
	 */
	recognise(path: string, options: LockOptions): Promise<LibraryHead> {
		return this.#identify(path, options, (isImmutable) =>
			this.#thread.call("recognise", path, isImmutable),
		);
	}

	/** As `recognise`, and what it holds. */
	describe(path: string, options: LockOptions): Promise<LibraryFacts> {
		return this.#identify(path, options, (isImmutable) =>
			this.#thread.call("describe", path, isImmutable),
		);
	}

	/**
	 * Waits until nobody holds the write lock. Passes in WAL mode, where readers wait for no writer, and where we may not
	 * write: then there is nothing to probe with.
	 * @throws AppError DATABASE_LOCKED after the timeout
	 */
	async probeWriteLock(path: string, options: LockOptions): Promise<void> {
		if ((await isWalMode(path)) || !(await canWrite(path))) return;
		await whileLocked(path, options, () =>
			this.#thread.call("probeWriteLock", path),
		);
	}

	/**
	 * Copies the library as of one moment into the new file `to`.
	 * @throws as `takeSnapshot`
	 */
	async snapshot(
		path: string,
		to: string,
		options: LockOptions,
	): Promise<void> {
		this.#spare ??= startSqlite();
		await takeSnapshot([this.#thread, this.#spare], path, to, options);
	}

	/** Removes what reading left beside a library that had no -wal and no -shm before, unless somebody has it open now. */
	async tidy(path: string): Promise<void> {
		if (await isWritable(path)) await this.#thread.call("tidy", path);
	}

	/**
	 * What is damaged in the live library, "" if nothing shows; indexes are compared with their tables only if `isDeep`,
	 * and constraints asked only if we may write it besides.
	 */
	async findDamage(
		path: string,
		isDeep: boolean,
		options: LockOptions,
	): Promise<string> {
		if (isDeep && (await canWrite(path))) {
			const hadWal = await hasWal(path);
			const { damage } = await whileLocked(path, options, () =>
				this.#thread.call("checkWhole", path),
			);
			if (!hadWal && (await hasWal(path))) await this.tidy(path);
			return damage;
		}
		return patientlyReading(path, options, (isImmutable) =>
			this.#thread.call("findDamage", path, isDeep, isImmutable),
		);
	}

	/**
	 * Runs an operation on the live library, which is read without changing it.
	 * @param argsOf the operation's arguments, by whether nobody has the library open, so that it is read without locks
	 * @throws AppError DATABASE_LOCKED after the timeout, and what the operation throws
	 */
	readLive<K extends keyof SqliteOperations & string>(
		path: string,
		options: LockOptions,
		operation: K,
		argsOf: (isImmutable: boolean) => Parameters<SqliteOperations[K]>,
	): Promise<ReturnType<SqliteOperations[K]>> {
		return patientlyReading(path, options, (isImmutable) =>
			this.#thread.call(operation, ...argsOf(isImmutable)),
		);
	}

	/** Runs an operation on private files. @throws what it throws, and the signal's reason */
	readPrivate<K extends keyof SqliteOperations & string>(
		signal: AbortSignal | undefined,
		operation: K,
		...args: Parameters<SqliteOperations[K]>
	): Promise<ReturnType<SqliteOperations[K]>> {
		return abortable(this.#thread.call(operation, ...args), signal);
	}

	/** Reads all that a backup records of a private file, beside its check; what that leaves to the spare thread comes after. */
	survey(path: string): Promise<Survey> {
		this.#spare ??= startSqlite();
		return this.#spare.call("survey", path);
	}

	/**
	 * Checks a private file in full.
	 * @throws as `checkSoundness`
	 */
	async check(
		path: string,
		freeCores: number,
		signal?: AbortSignal,
		onSound?: (found: CheckResult) => void,
	): Promise<CheckResult> {
		using spare = this.#spare ?? startSqlite();
		this.#spare = null;
		const earlier = spare.settled();
		const threads = [this.#thread, spare] as const;
		const result = await checkSoundness(
			threads,
			path,
			freeCores,
			signal,
			onSound,
		);
		// A damaged file may keep the survey busy for ever.
		if (result.damage === "") await earlier;
		return result;
	}

	/** Sets the journal mode of a file. @throws AppError DATABASE_LOCKED: somebody has it open */
	setJournalMode(path: string, mode: "WAL" | "DELETE"): Promise<void> {
		return this.#thread.call("setJournalMode", path, mode);
	}

	/**
	 * Locks a library against every other process until the lock is disposed of.
	 * @throws as `lockLibrary`
	 */
	lock(path: string): Promise<LibraryLock> {
		return lockLibrary(this.#thread, path);
	}

	/** What tells a private file's schema from another one. */
	schemaDigest(path: string): Promise<string> {
		return this.#thread.call("schemaDigest", path, false);
	}

	/** Gets ready for `examine`, while something else is done. */
	prepareExamination(): void {
		this.#examiner.start();
	}

	/**
	 * Examines a private file that came from outside, in a process of its own where one can be had.
	 * @throws as `Examiner.examine`
	 */
	async examine(
		path: string,
		freeCores: number,
		signal?: AbortSignal,
		onNews?: (news: News) => void,
	): Promise<Examination> {
		const sizeBytes = await fileSize(path);
		const examined = await this.#examiner.examine(
			path,
			sizeBytes,
			freeCores,
			signal,
			onNews,
		);
		// In this thread there is no news: who acts on it takes the thread that has to go on.
		return examined ?? examineFile(this, path, freeCores, signal);
	}

	[Symbol.dispose](): void {
		this.#examiner[Symbol.dispose]();
		this.#thread[Symbol.dispose]();
		this.#spare?.[Symbol.dispose]();
	}

	async #identify<Head extends LibraryHead>(
		path: string,
		options: LockOptions,
		ask: (isImmutable: boolean) => Promise<Head>,
	): Promise<Head> {
		await requireLibraryFile(path);
		const isWal = await isWalMode(path);
		const head = await patientlyReading(path, options, ask);
		// Opened as immutable, SQLite calls the mode "delete".
		return isWal ? { ...head, journalMode: "wal" } : head;
	}
}
