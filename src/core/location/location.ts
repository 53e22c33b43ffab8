// Where backups are kept, as every verb sees it: a folder or a prefix in a bucket, by the same few operations.
// What has a name here is complete, and what is removed is exactly what was looked at.

import type { AppError } from "../../ground/errors.ts";
import type { OnBytes } from "../../ground/files.ts";
import type { Scratch } from "../../ground/scratch.ts";
import type { ArchiveSource } from "../archive/source.ts";
import type { Identity, Remembered, State } from "./memory/state.ts";

/** An archive in a location as a listing tells it: nothing of it was read yet. */
export interface Stored extends ArchiveSource {
	readonly name: string;
	readonly modifiedMs: number;
	/** Another one whenever its content may be another: a folder's time stamps, a store's ETag. */
	readonly version: string;
	/** Whether it is only a link; what it leads to counts. */
	readonly isLink: boolean;
}

/** Something that has an archive's name and can't be read: a folder, a link that leads nowhere, … */
export interface Unreadable {
	readonly name: string;
	readonly path: string;
	readonly modifiedMs: number;
	readonly isLink: boolean;
	readonly problem: AppError;
}

/** What has a name in a location. */
export type Entry = Stored | Unreadable;

/** A name that an archive can have. */
export interface Named {
	readonly name: string;

	/** What has this name; null if nothing has by now. */
	look(signal?: AbortSignal): Promise<Entry | null>;
}

/** What became of a file that was to be removed. "hidden": it has no name any more, and takes its room all the same. */
export interface Removal {
	readonly name: string;
	/** "changed": it is another file than the one that was looked at; "stuck": the location refuses. */
	readonly outcome: "removed" | "hidden" | "gone" | "changed" | "stuck";
	/** Why it is still there; null if it is not. */
	readonly reason: string | null;
}

/** Where backups are kept. All names are those of files directly in it. */
export interface Location {
	/** A folder's absolute path, or an address as "s3://bucket/prefix". */
	readonly address: string;
	/** The folder in which an archive is made that is to be published here; null: any folder will do. */
	readonly folder: string | null;
	/** The longest archive that it takes; null: what there is room for. */
	readonly mostBytes: number | null;

	/** Where looks at its archives are remembered; null: nowhere. */
	readonly looksFile: string | null;

	/** Where a name is, for messages and results. */
	pathOf(name: string): string;

	/** Another location, by the same settings. @param reference a folder's absolute path, or an address */
	elsewhere(reference: string): Location;

	/** The number of the next try at a generated name: such that two who try at the same time don't meet again. */
	nextAttempt(attempt: number): number;

	/**
	 * The names that archives can have, in no order; none where the location is not there. Nothing is looked at yet: where
	 * there are ten thousand, most are of no interest.
	 * @throws AppError OPERATION_FAILED: it can't be read
	 */
	names(signal?: AbortSignal): Promise<readonly Named[]>;

	/** What has these names, in no order. @throws as `names` */
	list(signal?: AbortSignal): Promise<readonly Entry[]>;

	/** What has this name, whatever its ending; null if nothing has. */
	find(name: string, signal?: AbortSignal): Promise<Entry | null>;

	/**
	 * Lets a location pass that is there; one that is missing may be a share that is not mounted.
	 * @throws AppError NOT_FOUND; OPERATION_FAILED
	 */
	requirePresent(signal?: AbortSignal): Promise<void>;

	/**
	 * Tells before any work whether it can be written; it need not be there yet.
	 * @throws AppError OPERATION_FAILED
	 */
	requireWritable(signal?: AbortSignal): Promise<void>;

	/** Makes the location where it is missing and can be made. @throws AppError OPERATION_FAILED */
	make(signal?: AbortSignal): Promise<void>;

	/**
	 * Gives a finished file its name here, in one step and for good: a power cut takes it no more.
	 * @param from a file in `scratch`, which lies in `folder`
	 * @param onBytes how much of it has been sent, where it is sent at all
	 * @returns false if the name is taken
	 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE; nothing new has the name then
	 */
	publish(
		from: string,
		name: string,
		scratch: Scratch,
		signal?: AbortSignal,
		onBytes?: OnBytes,
	): Promise<boolean>;

	/** Puts a finished file in the place of what has the name, in one step. @throws as `publish` */
	replace(from: string, name: string, signal?: AbortSignal): Promise<void>;

	/**
	 * Removes these files as far as they are still what was looked at, and goes on where one can't be removed.
	 * @returns what became of each, in their order
	 * @throws the signal's reason
	 */
	remove(
		files: readonly Stored[],
		signal?: AbortSignal,
	): Promise<readonly Removal[]>;

	/**
	 * Puts a finished file in a damaged archive's place; that one is kept as NAME.damaged.
	 * @param from a file in `scratch`, which lies in `folder`
	 * @returns the name under which it is kept; null: it is another file by now, and nothing was done
	 * @throws as `publish`
	 */
	mend(
		damaged: Stored,
		from: string,
		scratch: Scratch,
		signal?: AbortSignal,
	): Promise<string | null>;

	/** What `mend` has kept, in no order; its times are those of the repairs. @throws as `names` */
	listDamaged(signal?: AbortSignal): Promise<readonly Stored[]>;

	/**
	 * Gives it a random name by which it is known again, if it has none yet.
	 * @returns the one that it has now
	 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE
	 */
	identify(signal?: AbortSignal): Promise<string>;

	/** What is remembered of it and its archives; nothing and a warning where that can't be read. */
	readState(signal?: AbortSignal): Promise<State>;

	/**
	 * Changes what is remembered of one archive and keeps the rest. It stands when this returns.
	 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE: all is remembered as it was
	 */
	remember(
		name: string,
		identity: Identity,
		changes: Partial<Remembered>,
		signal?: AbortSignal,
	): Promise<void>;
}

/** By this the state knows an archive. */
export function identityIn({ sizeBytes, modifiedMs }: Stored): Identity {
	return { sizeBytes, modifiedMs: Math.floor(modifiedMs) };
}

/**
 * Lets an archive pass that can be read.
 * @throws AppError what is wrong with it
 */
export function requireStored(entry: Entry): Stored {
	if ("problem" in entry) throw entry.problem;
	return entry;
}
