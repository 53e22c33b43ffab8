// One backup after the other is unpacked and compared with the one before, at one path. Two are there at a time.

import { AppError } from "../../ground/errors.ts";
import type { Scratch } from "../../ground/scratch.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { RowChange } from "../library/compare/difference.ts";
import { compareLibraries } from "../library/compare/libraries.ts";
import type { Backup } from "../location/catalog.ts";
import { requireStored } from "../location/location.ts";
import { Lost, type LostFiles, type Place } from "./lost.ts";
import { type Unpacked, unpackOne } from "./unpacked.ts";
import { LIVE, openView, type ViewOptions } from "./view.ts";

/** What a person can say about one history. */
export interface LogOptions {
	/** As the library has it: of a file, or of a folder. */
	readonly path: string;
	/** How many files each entry names. */
	readonly limit: number | null;
	readonly lockTimeoutMs: number;
	readonly now: Date;
}

/** A backup, or the live library, in which something is another than in the one before. */
export interface LogEntry {
	/** null: the live library. */
	readonly backup: Place | null;
	/** Whether it is the first that was looked at: what it has was there before. */
	readonly isFirst: boolean;
	/** The files that it has there. */
	readonly present: number;
	readonly added: number;
	readonly removed: number;
	readonly changed: number;
	readonly changes: readonly RowChange[];
}

/** A history as far as it was told. */
export interface PathLog {
	readonly path: string;
	/** Oldest first. */
	readonly entries: readonly LogEntry[];
	/** Read, or known to hold the same as the one before. */
	readonly backupCount: number;
	readonly first: Place | null;
	readonly last: Place | null;
	/** Whether the live library was looked at too. */
	readonly isLive: boolean;
	/** What is missing in the end, and where it was last, most files first. */
	readonly lost: readonly LostFiles[];
	readonly skipped: readonly {
		readonly filename: string;
		readonly reason: string;
	}[];
}

/** The history of a path, told one backup after the other, the oldest first. */
export class History {
	readonly #scratch: Scratch;
	readonly #options: LogOptions;
	readonly #workshop: Workshop;
	readonly #entries: LogEntry[] = [];
	readonly #places: Place[] = [];
	readonly #skipped: { filename: string; reason: string }[] = [];
	readonly #lost = new Lost();
	#before: {
		readonly unpacked: Unpacked;
		readonly sha256: string | null;
		readonly place: Place;
	} | null = null;
	#isLive = false;

	constructor(scratch: Scratch, options: LogOptions, workshop: Workshop) {
		this.#scratch = scratch;
		this.#options = options;
		this.#workshop = workshop;
	}

	/** Reads one backup; one that can't be read is skipped. */
	async add(backup: Backup, stage: string): Promise<void> {
		const { filename, path, metadata } = backup;
		const createdAt = metadata?.createdAt ?? backup.createdAt ?? "";
		const place = { filename, path, createdAt };
		const sha256 = metadata?.own?.databaseSha256 ?? null;
		if (this.#before && sha256 !== null && sha256 === this.#before.sha256) {
			this.#places.push(place);
			this.#before = { ...this.#before, place };
			return;
		}
		const unpacked = await this.#unpack(backup, stage);
		if (unpacked === null) return;
		try {
			await this.#compare(unpacked.path, null, place);
		} catch (error) {
			await unpacked[Symbol.asyncDispose]();
			this.#skip(filename, error, ["DATABASE_ERROR"]);
			return;
		}
		await this.#before?.unpacked[Symbol.asyncDispose]();
		this.#before = { unpacked, sha256, place };
		this.#places.push(place);
	}

	async #unpack(backup: Backup, stage: string): Promise<Unpacked | null> {
		try {
			if (backup.error !== null) {
				throw new AppError("INVALID_ARCHIVE", backup.error);
			}
			const source = requireStored(backup.entry);
			return await unpackOne(
				source,
				backup.metadata?.own != null,
				this.#scratch,
				stage,
				this.#workshop,
			);
		} catch (error) {
			const codes = ["INVALID_ARCHIVE", "NOT_FOUND", "OPERATION_FAILED"];
			this.#skip(backup.filename, error, codes);
			return null;
		}
	}

	/** Looks at the live library; where that can't be read, the history ends before it. */
	async addLive(options: ViewOptions): Promise<void> {
		try {
			await using view = await openView(LIVE, options, this.#workshop);
			await this.#compare(view.path, view.path, null);
			this.#isLive = true;
		} catch (error) {
			const codes = ["DATABASE_ERROR", "DATABASE_LOCKED"];
			this.#skip("the library as it is", error, codes);
		}
	}

	done(): PathLog {
		return {
			path: this.#options.path,
			entries: this.#entries,
			backupCount: this.#places.length,
			first: this.#places[0] ?? null,
			last: this.#places.at(-1) ?? null,
			isLive: this.#isLive,
			lost: this.#lost.list(),
			skipped: this.#skipped,
		};
	}

	#skip(filename: string, error: unknown, codes: readonly string[]): void {
		this.#workshop.signal?.throwIfAborted();
		if (!(error instanceof AppError) || !codes.includes(error.code)) {
			throw error;
		}
		this.#skipped.push({ filename, reason: error.message });
	}

	async #compare(
		path: string,
		live: string | null,
		backup: Place | null,
	): Promise<void> {
		const { sqlite, signal } = this.#workshop;
		const { path: under, limit, lockTimeoutMs } = this.#options;
		const options = { lockTimeoutMs, signal };
		const { count: present } =
			live === null
				? await sqlite.readPrivate(signal, "countUnder", path, true, under)
				: await sqlite.readLive(live, options, "countUnder", (isImmutable) => [
						path,
						isImmutable,
						under,
					]);
		const nothing = { added: 0, removed: 0, changed: 0, changes: [] };
		const before = this.#before;
		if (!before) {
			const entry = { ...nothing, backup, isFirst: true, present };
			if (present > 0) this.#entries.push(entry);
			return;
		}
		const { files, changes } = await compareLibraries(
			sqlite,
			{ old: before.unpacked.path, new: path, live },
			this.#scratch.path,
			{
				...options,
				under,
				list: {
					table: null,
					limit: null,
					details: limit ?? undefined,
				},
			},
		);
		this.#lost.follow(changes, before.place);
		const { added, removed, changed } = files;
		if (added + removed + changed === 0) return;
		this.#entries.push({
			backup,
			isFirst: false,
			present,
			added,
			removed,
			changed,
			changes: changes.slice(0, limit ?? undefined),
		});
	}
}
