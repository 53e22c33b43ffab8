// restoreBackup: location → archive → verify → check → swap in → library. Everything is validated before anything is touched.

import { AppError } from "../../ground/errors.ts";
import { resolveOwnLinks } from "../../ground/rights/links.ts";
import type { Settings } from "../../ground/settings.ts";
import { isoSeconds } from "../archive/metadata.ts";
import type { Workshop } from "../archive/workshop.ts";
import { RawFiles } from "../backup/salvage.ts";
import type { LibraryLock } from "../library/held/lock.ts";
import { inUse, requireUnused } from "../library/library.ts";
import { rememberPlace } from "../location/memory/place.ts";
import { openBackups } from "../location/open.ts";
import { type Candidate, lateWarnings } from "./candidate.ts";
import { libraryIdAfter, noteDamage, rememberRestore } from "./choice.ts";
import { keepCurrent, lockCurrent, orNullIfNoLibrary } from "./current.ts";
import { exchange } from "./exchange.ts";
import type { RestorePlan } from "./restore-plan.ts";
import {
	type RestoreOptions,
	scratchParent,
	validateRestore,
} from "./validate.ts";

export interface RestoredLibrary {
	readonly plan: RestorePlan;
	/** The archive that keeps what was replaced; null if nothing was, or if it was not wanted. */
	readonly safetyBackup: string | null;
	/** Whether that can be restored in turn: not the raw files of a library that was damaged. */
	readonly isUndoable: boolean;
	/** The plan's, and what came up since. */
	readonly warnings: readonly string[];
}

/**
 * Validates a backup in full and says what restoring it would do. Changes nothing, whoever has the library open.
 * @throws AppError whatever `restoreBackup` would throw before it asks, but for DATABASE_LOCKED
 */
export async function planRestore(
	settings: Settings,
	options: RestoreOptions,
	workshop: Workshop,
): Promise<RestorePlan> {
	const { plan, candidate } = await validateRestore(
		settings,
		options,
		workshop,
	);
	await candidate[Symbol.asyncDispose]();
	return plan;
}

/**
 * Replaces the library by a backup, once `confirm` agrees to the plan. It is not asked where there is no library yet.
 * @throws AppError with the codes of the exit-code table; CANCELLED if not confirmed. The path then holds the whole old library.
 */
export async function restoreBackup(
	settings: Settings,
	options: RestoreOptions,
	workshop: Workshop,
	confirm: (plan: RestorePlan) => Promise<boolean>,
): Promise<RestoredLibrary> {
	await requireUnused(await resolveOwnLinks(settings.databasePath)); // before the work, as after it
	return restore(settings, options, workshop, confirm).catch(async (error) => {
		throw await noteDamage(error, options, settings, workshop.signal);
	});
}

async function restore(
	settings: Settings,
	options: RestoreOptions,
	workshop: Workshop,
	confirm: (plan: RestorePlan) => Promise<boolean>,
): Promise<RestoredLibrary> {
	const validated = await validateRestore(
		settings,
		options,
		workshop,
		options.comparesContent || options.safetyBackup,
	);
	await using candidate = validated.candidate;
	const { plan, memory } = validated;
	const { libraryPath } = plan;
	if (plan.users !== null) throw inUse(libraryPath, plan.users);
	if (plan.current && !(await confirm(plan))) {
		throw new AppError("CANCELLED", "cancelled, nothing was changed");
	}
	await using raw = await RawFiles.of(libraryPath);
	await using lock = await lockCurrent(libraryPath, workshop);
	const libraryId = libraryIdAfter(memory, candidate.metadata);
	const kept =
		plan.current && options.safetyBackup
			? await keepCurrent(
					plan.current,
					lock,
					raw,
					{
						libraryPath,
						backups: openBackups(settings),
						scratchParent: scratchParent(settings, libraryPath),
						createdAt: options.startedAt,
						vpoVersion: options.vpoVersion,
						libraryId,
					},
					workshop,
				)
			: null;
	const safetyBackup = kept?.path ?? null;
	// Before, so that a crash never leaves an older restore as the one to be undone, and once the candidate is proven; where no
	// library is, no folder may be.
	const remember = () =>
		rememberRestore(
			libraryPath,
			libraryId,
			safetyBackup,
			isoSeconds(options.startedAt),
		);
	const before = plan.current ? candidate.soundness.then(remember) : null;
	const isTransacting = plan.isInPlace && !kept?.isRaw;
	const warnings = await replaceLibrary(
		candidate,
		before ?? candidate.soundness,
		plan,
		isTransacting,
		lock,
		workshop,
	).catch(async (error) => {
		const remembered = await before?.catch(() => null); // if that is what failed
		await remembered?.forget();
		throw error;
	});
	const remembered = await (before ?? remember());
	const settled = await remembered.settle();
	const place = kept
		? await rememberPlace(openBackups(settings), libraryPath, libraryId)
		: [];
	const since = [
		...(await lateWarnings(candidate)),
		...warnings,
		...remembered.warnings,
		...settled,
		...place,
	];
	return {
		plan,
		safetyBackup,
		isUndoable: kept !== null && !kept.isRaw,
		warnings: [...plan.warnings, ...since],
	};
}

/**
 * @param isReady settles when nothing but the replacing is left to be done
 * @returns warnings
 */
async function replaceLibrary(
	candidate: Candidate,
	isReady: Promise<unknown>,
	{ libraryPath, current }: RestorePlan,
	isTransacting: boolean,
	lock: LibraryLock | null,
	workshop: Workshop,
): Promise<string[]> {
	if (isTransacting && lock) {
		const { path } = candidate;
		const warnings = await transact(path, isReady, libraryPath, lock, workshop);
		if (warnings !== null) return warnings;
	}
	await isReady;
	const change = {
		libraryPath,
		lock,
		wasWal: current?.facts?.journalMode === "wal",
		becomesWal: candidate.metadata.own?.sourceJournalMode === "wal",
	};
	return exchange(candidate.path, change, workshop);
}

/** @returns warnings; null: the library turned out to be damaged, and nothing was changed */
async function transact(
	candidatePath: string,
	isReady: Promise<unknown>,
	libraryPath: string,
	lock: LibraryLock,
	{ signal }: Workshop,
): Promise<string[] | null> {
	try {
		if (await lock.replace(candidatePath, isReady, signal)) return [];
	} catch (error) {
		return orNullIfNoLibrary(error);
	}
	return [
		`the restored content is committed, but not yet in the one file: keep ${libraryPath}-wal beside it until VPO was started once`,
	];
}
