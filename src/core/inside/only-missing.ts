// restoreMissing: location → archive → verify → check → what the library has lost → library. All that it has stays.

import { AppError } from "../../ground/errors.ts";
import { resolveOwnLinks } from "../../ground/rights/links.ts";
import type { Settings } from "../../ground/settings.ts";
import { isoSeconds } from "../archive/metadata.ts";
import type { Workshop } from "../archive/workshop.ts";
import { RawFiles } from "../backup/salvage.ts";
import { findLost } from "../library/compare/libraries.ts";
import { inUse, requireUnused } from "../library/library.ts";
import type { Missing } from "../library/missing/missing.ts";
import { openBackups } from "../location/open.ts";
import { libraryIdAfter, rememberRestore } from "../restore/choice.ts";
import { keepCurrent, lockCurrent } from "../restore/current.ts";
import type { RestorePlan } from "../restore/restore-plan.ts";
import {
	type RestoreOptions,
	scratchParent,
	type Validated,
	validateRestore,
} from "../restore/validate.ts";
import { stageCounter } from "../work/progress.ts";
import { requireFilesAt } from "./under.ts";

export type { Missing, TableRows } from "../library/missing/missing.ts";

/** What a person can say about one such restore. */
export interface MissingOptions extends RestoreOptions {
	/** A path of the library: only that file, or the files below that folder; null: all, and the other tables' rows. */
	readonly under: string | null;
}

/** What would come back. */
export interface MissingPlan {
	readonly plan: RestorePlan;
	readonly missing: Missing;
	readonly under: string | null;
}

export interface RestoredMissing extends MissingPlan {
	/** The archive that keeps the library as it was; null if nothing was missing, or if it was not wanted. */
	readonly safetyBackup: string | null;
	readonly warnings: readonly string[];
}

/**
 * Says what would come back. Changes nothing, whoever has the library open.
 * @throws AppError whatever `restoreMissing` would throw before it asks, but for DATABASE_LOCKED
 */
export async function planMissing(
	settings: Settings,
	options: MissingOptions,
	workshop: Workshop,
): Promise<MissingPlan> {
	const validated = await validate(settings, options, workshop);
	await validated.candidate[Symbol.asyncDispose]();
	const { plan, missing } = validated;
	return { plan, missing, under: options.under };
}

/**
 * Brings back what the library has lost, once `confirm` agrees. It is not asked where nothing is missing.
 * @throws AppError with the codes of the exit-code table; CANCELLED if not confirmed. The library is then as it was.
 */
export async function restoreMissing(
	settings: Settings,
	options: MissingOptions,
	workshop: Workshop,
	confirm: (plan: MissingPlan) => Promise<boolean>,
): Promise<RestoredMissing> {
	await requireUnused(await resolveOwnLinks(settings.databasePath)); // before the work, as after it
	const validated = await validate(settings, options, workshop);
	await using candidate = validated.candidate;
	const { plan, memory } = validated;
	const { under } = options;
	const found = { plan, missing: validated.missing, under };
	const { libraryPath } = plan;
	if (plan.users !== null) throw inUse(libraryPath, plan.users);
	if (isNothing(found.missing)) {
		return { ...found, safetyBackup: null, warnings: plan.warnings };
	}
	if (!(await confirm(found))) {
		throw new AppError("CANCELLED", "cancelled, nothing was changed");
	}
	await using raw = await RawFiles.of(libraryPath);
	await using lock = await lockCurrent(libraryPath, workshop);
	if (!lock || !plan.current) throw isDamaged(libraryPath);
	const libraryId = libraryIdAfter(memory, candidate.metadata);
	const kept = options.safetyBackup
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
	if (kept?.isRaw) throw isDamaged(libraryPath);
	const safetyBackup = kept?.path ?? null;
	// Before, so that a crash never leaves an older restore as the one to be undone.
	const remembered = await rememberRestore(
		libraryPath,
		libraryId,
		safetyBackup,
		isoSeconds(options.startedAt),
	);
	stageCounter(workshop.onProgress, "Bring back", 0);
	const done = await lock
		.bringBack(candidate.path, candidate.scratch.path, under, workshop.signal)
		.catch(async (error) => {
			await remembered.forget();
			throw error;
		});
	const settled = await remembered.settle();
	const warning = `the rows are committed, but not yet in the one file: keep ${libraryPath}-wal beside it until VPO was started once`;
	return {
		...found,
		missing: done.missing,
		safetyBackup,
		warnings: [
			...plan.warnings,
			...(done.isFolded ? [] : [warning]),
			...remembered.warnings,
			...settled,
		],
	};
}

/** Whether there is nothing to bring back. */
export function isNothing({ tables }: Missing): boolean {
	return tables.every(({ rows }) => rows === 0);
}

async function validate(
	settings: Settings,
	options: MissingOptions,
	workshop: Workshop,
): Promise<Validated & { readonly missing: Missing }> {
	const validated = await validateRestore(
		settings,
		{ ...options, allowNewerSchema: true, comparesContent: false },
		workshop,
	);
	const { plan, candidate } = validated;
	try {
		requireSameSchema(plan);
		stageCounter(workshop.onProgress, "Compare", 0);
		await requireFilesAt(candidate.path, plan.archivePath, options, workshop);
		const missing = await findLost(
			workshop.sqlite,
			candidate.path,
			plan.libraryPath,
			candidate.scratch.path,
			options.under,
			{ lockTimeoutMs: options.lockTimeoutMs, signal: workshop.signal },
		);
		return { ...validated, missing };
	} catch (error) {
		await candidate[Symbol.asyncDispose]();
		throw error;
	}
}

function requireSameSchema(plan: RestorePlan): void {
	const { current, libraryPath, schemaVersion, archivePath } = plan;
	if (!current) {
		throw new AppError(
			"NOT_FOUND",
			`there is no library to bring rows back into: ${libraryPath}`,
			{ hint: "restore the backup as a whole: leave --only-missing out" },
		);
	}
	if (!current.facts) throw isDamaged(libraryPath);
	if (current.facts.schemaVersion === schemaVersion) return;
	throw new AppError(
		"SCHEMA_INCOMPATIBLE",
		`the backup has schema ${schemaVersion}, the library ${current.facts.schemaVersion}: rows come back between equal ones only: ${archivePath}`,
		{
			hint: "take a backup of the library's own schema, or restore this one as a whole",
		},
	);
}

function isDamaged(libraryPath: string): AppError {
	return new AppError(
		"DATABASE_ERROR",
		`the library is damaged, or is no VPO library: ${libraryPath}`,
		{
			hint: "restore a backup as a whole: leave --only-missing out",
			isDamage: true,
		},
	);
}
