// Which backup a restore takes, what that says of the library, and what is remembered of it, so that it can be undone.

import { basename, dirname } from "node:path";
import { AppError } from "../../ground/errors.ts";
import { ownCommand, shellQuote } from "../../ground/program.ts";
import type { Settings } from "../../ground/settings.ts";
import { isoSeconds, type Metadata } from "../archive/metadata.ts";
import type { ArchiveSource } from "../archive/source.ts";
import type { PassedOver } from "../location/latest.ts";
import { identityIn } from "../location/location.ts";
import { unremembered } from "../location/memory/memo.ts";
import {
	changeMemory,
	type Memory,
	readMemory,
} from "../location/memory/memory.ts";
import { openBackups } from "../location/open.ts";
import { findBackup } from "../location/reference.ts";
import { viewerOf } from "../location/standing.ts";
import { findReplaced } from "../location/undo.ts";

/** The backup that a restore takes. */
export interface Choice {
	readonly archive: ArchiveSource;
	/** Newer ones that "latest" could not mean, newest first. */
	readonly passedOver: readonly PassedOver[];
	/** What is remembered of the library that it would replace. */
	readonly memory: Memory;
}

/**
 * Finds the backup to restore.
 * @param reference as `findBackup` takes it; null: what the last restore of this library replaced
 * @throws AppError as `findBackup` and `findReplaced`
 */
export async function chooseBackup(
	reference: string | null,
	libraryPath: string,
	settings: Settings,
	now: Date,
	signal?: AbortSignal,
): Promise<Choice> {
	const backups = openBackups(settings);
	const memory = await readMemory(libraryPath);
	const viewer = { libraryId: memory.libraryId, now };
	const finding =
		reference === null
			? findReplaced(backups, memory.lastRestore, viewer, settings, signal)
			: findBackup(reference, backups, viewer, signal);
	const { archive, passedOver } = await finding.catch((error) => {
		throw namingCopies(error, settings);
	});
	return { archive, passedOver, memory };
}

/**
 * Remembers of "latest" that it turned out to be damaged, so that the next restore passes it over.
 * @param error what its validation ended with
 * @returns the error to throw
 */
export async function noteDamage(
	error: unknown,
	{ reference, startedAt }: { reference: string | null; startedAt: Date },
	settings: Settings,
	signal?: AbortSignal,
): Promise<unknown> {
	const isDamage =
		error instanceof AppError && error.code === "INVALID_ARCHIVE";
	if (!isDamage || reference !== "latest") return error;
	const location = openBackups(settings);
	const { message, cause } = error;
	try {
		const viewer = await viewerOf(settings, startedAt);
		const { archive } = await findBackup("latest", location, viewer, signal);
		if (!message.includes(archive.path)) return error;
		const verifiedAt = isoSeconds(startedAt);
		const changes = { verifiedAt, verifiedError: message };
		await location.remember(archive.name, identityIn(archive), changes, signal);
		const hint = `it counts as damaged from now on; take the one before: ${ownCommand("restore latest")}`;
		return new AppError("INVALID_ARCHIVE", message, { hint, cause });
	} catch (problem) {
		if (!(problem instanceof AppError)) throw problem;
		return error; // where that can't be remembered, the damage is what counts
	}
}

// Nothing is taken from another location in silence, but where there may be one is told.
function namingCopies(error: unknown, { copies, origins }: Settings): unknown {
	const isMissing = error instanceof AppError && error.code === "NOT_FOUND";
	if (!isMissing || copies.length === 0 || origins.location === "--path") {
		return error;
	}
	const { message, hint, cause } = error;
	const calls = copies.map(({ to }) => `--path ${shellQuote(to)}`);
	const copied = `there may be a copy: ${calls.join(" or ")}`;
	return new AppError("NOT_FOUND", message, {
		hint: hint === undefined ? copied : `${hint}; ${copied}`,
		cause,
	});
}

/** An archive that came through a pipe is the one to restore. */
export async function choosePiped(
	archive: ArchiveSource,
	libraryPath: string,
): Promise<Choice> {
	return { archive, passedOver: [], memory: await readMemory(libraryPath) };
}

/** What a person should know before another library's backup is restored; null where it is this one's, or nobody's. */
export function otherLibrary(
	{ own }: Metadata,
	{ libraryId }: Memory,
): string | null {
	const theirs = own?.libraryId ?? null;
	return theirs === null || libraryId === null || theirs === libraryId
		? null
		: "this is a backup of another library";
}

/** The id that a library has after a restore: its own, else that of the backup, else a new one. */
export function libraryIdAfter(
	{ libraryId }: Memory,
	{ own }: Metadata,
): string {
	return libraryId ?? own?.libraryId ?? crypto.randomUUID();
}

/** What a restore is about to do, as far as it is remembered. */
export interface RememberedRestore {
	/** A warning where it is not, as `unremembered`. */
	readonly warnings: readonly string[];
	/** Takes it back, for a restore that fails. */
	readonly forget: () => Promise<void>;
	/** Remembers that it is done: until then --undo takes nothing back. @returns warnings */
	readonly settle: () => Promise<string[]>;
}

/**
 * Remembers what a restore is about to do.
 * @param kept the path of the archive that keeps what is replaced; null: none is made
 */
export async function rememberRestore(
	libraryPath: string,
	libraryId: string,
	kept: string | null,
	at: string,
): Promise<RememberedRestore> {
	const { lastRestore: before } = await readMemory(libraryPath);
	const archive =
		kept === null ? null : { location: dirname(kept), name: basename(kept) };
	const so =
		before === null
			? "this restore is not remembered"
			: "this restore is not remembered, and --undo would take back an earlier one";
	const change = (lastRestore: Memory["lastRestore"], so: string) =>
		changeMemory(libraryPath, (memory) => ({
			...memory,
			libraryId: memory.libraryId ?? libraryId,
			lastRestore,
		})).then(
			() => [],
			(error) => unremembered(so, error),
		);
	const asDone = (isDone: boolean) => ({ at, kept: archive, isDone });
	const warnings = await change(asDone(false), so);
	const forget = async () => {
		await change(before, so);
	};
	const settle = async () =>
		warnings.length > 0
			? []
			: change(
					asDone(true),
					"it is not remembered that this restore was done, and --undo refuses",
				);
	return { warnings, forget, settle };
}
