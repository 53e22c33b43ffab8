// One backup after the other is unpacked and compared with the one before, at one path. Two are there at a time.

import { AppError } from "../../ground/errors.ts";
import type { Scratch } from "../../ground/scratch.ts";
import type { ArchiveSource } from "../archive/source.ts";
import { readArchive } from "../archive/unpack.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { Backup } from "../location/catalog.ts";
import { requireStored } from "../location/location.ts";
import { type Unproven, unpackUnproven } from "../restore/candidate.ts";
import { stageCounter } from "../work/progress.ts";
import { Lost, type LostFiles, type Place } from "./lost.ts";
import { type LogEntry, type LogOptions, type Step, takeStep } from "./step.ts";
import { LIVE, openView, type ViewOptions } from "./view.ts";

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
		readonly unpacked: Unproven;
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
		const isSame = sha256 !== null && sha256 === this.#before?.sha256;
		const isRead = isSame
			? await this.#readSame(backup, sha256, stage)
			: await this.#read(backup, place, stage);
		if (!isRead) return;
		if (this.#before) this.#before = { ...this.#before, place };
		this.#places.push(place);
	}

	// Its checksum says that it holds the same as the one before, if it is whole.
	async #readSame(
		backup: Backup,
		sha256: string,
		stage: string,
	): Promise<boolean> {
		const { pool, signal, onProgress } = this.#workshop;
		const read = await this.#reading(backup, async (source) => {
			const onBytes = stageCounter(onProgress, stage, source.sizeBytes);
			const { metadata } = await readArchive(source, { pool, signal, onBytes });
			if (metadata.own?.databaseSha256 === sha256) return true;
			throw new AppError("INVALID_ARCHIVE", "it was changed meanwhile");
		});
		return read ?? false;
	}

	async #read(backup: Backup, place: Place, stage: string): Promise<boolean> {
		const { path: folder } = this.#scratch;
		const unpacked = await this.#reading(backup, (source) =>
			unpackUnproven(source, folder, this.#workshop, { stage }),
		);
		if (unpacked === null) return false;
		try {
			this.#take(await this.#step(unpacked), place);
		} catch (error) {
			await unpacked[Symbol.asyncDispose]();
			const codes = ["INVALID_ARCHIVE", "DATABASE_ERROR"];
			this.#skip(backup.filename, error, codes);
			return false;
		}
		await this.#before?.unpacked[Symbol.asyncDispose]();
		const sha256 = unpacked.metadata.own?.databaseSha256 ?? null;
		this.#before = { unpacked, sha256, place };
		return true;
	}

	/** Null where it can't be read. */
	async #reading<T>(
		{ filename, error, entry }: Backup,
		read: (source: ArchiveSource) => Promise<T>,
	): Promise<T | null> {
		try {
			if (error !== null) throw new AppError("INVALID_ARCHIVE", error);
			return await read(requireStored(entry));
		} catch (thrown) {
			const codes = ["INVALID_ARCHIVE", "NOT_FOUND", "OPERATION_FAILED"];
			this.#skip(filename, thrown, codes);
			return null;
		}
	}

	/** Looks at the live library; where that can't be read, the history ends before it. */
	async addLive(options: ViewOptions): Promise<void> {
		try {
			await using view = await openView(LIVE, options, this.#workshop);
			this.#take(await this.#step(view), null);
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

	#step(view: Parameters<typeof takeStep>[1]): Promise<Step> {
		const before = this.#before?.unpacked.path ?? null;
		const { path } = this.#scratch;
		return takeStep(before, view, path, this.#options, this.#workshop);
	}

	/** @param backup null: the live library */
	#take({ present, compared }: Step, backup: Place | null): void {
		const nothing = { added: 0, removed: 0, changed: 0, changes: [] };
		const before = this.#before;
		if (!before || !compared) {
			const entry = { ...nothing, backup, isFirst: true, present };
			if (present > 0) this.#entries.push(entry);
			return;
		}
		const { files, changes } = compared;
		this.#lost.follow(changes, before.place);
		const { added, removed, changed } = files;
		if (added + removed + changed === 0) return;
		this.#entries.push({
			...{ backup, isFirst: false, present },
			...{ added, removed, changed },
			changes: changes.slice(0, this.#options.limit ?? undefined),
		});
	}
}
