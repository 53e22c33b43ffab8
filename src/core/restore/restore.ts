// restoreBackup: location → archive → verify → check → swap in → library. Everything is validated before anything is touched.

import { dirname } from "node:path";
import { AppError } from "../../ground/errors.ts";
import { requireWritableFile } from "../../ground/files.ts";
import { resolveOwnLinks } from "../../ground/rights/links.ts";
import type { Settings } from "../../ground/settings.ts";
import { isoSeconds } from "../archive/metadata.ts";
import type { Workshop } from "../archive/workshop.ts";
import { RawFiles } from "../backup/salvage.ts";
import { type LibraryLock, requireUnused } from "../library/library.ts";
import { measureSpace, requireSpace } from "../library/space.ts";
import { openBackups } from "../location/open.ts";
import { type Candidate, unpackCandidate } from "./candidate.ts";
import {
	type Choice,
	chooseBackup,
	choosePiped,
	libraryIdAfter,
	otherLibrary,
	rememberRestore,
} from "./choice.ts";
import {
	describeCurrent,
	keepCurrent,
	lockCurrent,
	orNullIfNoLibrary,
} from "./current.ts";
import { spool } from "./piped.ts";
import {
	makePlan,
	type RestorePlan,
	requireKnownSchema,
} from "./restore-plan.ts";
import { adoptOwner, prepareSwap, swapIn } from "./swap.ts";

/** What a person can say about one restore. */
export interface RestoreOptions {
	/** A path, a file name or prefix, "latest"; or null: what the last restore replaced. */
	readonly reference: string | null;
	/** The archive itself, in place of a reference; null: it is in a location. */
	readonly piped: AsyncIterable<Uint8Array<ArrayBuffer>> | null;
	readonly allowNewerSchema: boolean;
	/** Keep the library that is replaced as a backup. */
	readonly safetyBackup: boolean;
	readonly lockTimeoutMs: number;
	readonly startedAt: Date;
	readonly vpoVersion: string;
}

export interface RestoredLibrary {
	readonly plan: RestorePlan;
	/** The archive that keeps what was replaced; null if nothing was, or if it was not wanted. */
	readonly safetyBackup: string | null;
}

/**
 * Validates a backup in full and says what restoring it would do. Changes nothing.
 * @throws AppError whatever `restoreBackup` would throw before it asks
 */
export async function planRestore(
	settings: Settings,
	options: RestoreOptions,
	workshop: Workshop,
): Promise<RestorePlan> {
	const { plan, candidate } = await validate(settings, options, workshop);
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
	const validated = await validate(settings, options, workshop);
	await using candidate = validated.candidate;
	const { plan, memory } = validated;
	if (plan.current && !(await confirm(plan))) {
		throw new AppError("CANCELLED", "cancelled, nothing was changed");
	}
	await using raw = await RawFiles.of(plan.libraryPath);
	await using lock = await lockCurrent(plan.libraryPath, workshop);
	const libraryId = libraryIdAfter(memory, candidate.metadata);
	const safetyBackup =
		plan.current && options.safetyBackup
			? await keepCurrent(
					plan.current,
					lock,
					raw,
					{
						libraryPath: plan.libraryPath,
						backups: openBackups(settings),
						scratchParent: scratchParent(settings, plan.libraryPath),
						createdAt: options.startedAt,
						vpoVersion: options.vpoVersion,
						libraryId,
					},
					workshop,
				)
			: null;
	// Before, so that a crash never leaves an older restore as the one to be undone; where no library is, no folder may be.
	const remember = () =>
		rememberRestore(
			plan.libraryPath,
			libraryId,
			safetyBackup,
			isoSeconds(options.startedAt),
		);
	const forget = plan.current ? await remember() : null;
	try {
		await replaceLibrary(candidate, plan, lock, safetyBackup, workshop);
	} catch (error) {
		await forget?.();
		throw error;
	}
	if (!forget) await remember();
	return { plan, safetyBackup };
}

async function validate(
	settings: Settings,
	options: RestoreOptions,
	workshop: Workshop,
): Promise<{ plan: RestorePlan; candidate: Candidate } & Choice> {
	const { signal } = workshop;
	const backups = openBackups(settings);
	const libraryPath = await resolveOwnLinks(settings.databasePath);
	const { reference, piped, startedAt } = options;
	await using spooled =
		piped && (await spool(piped, scratchParent(settings, libraryPath)));
	const choice = spooled
		? await choosePiped(spooled.source, libraryPath)
		: await chooseBackup(reference, libraryPath, settings, startedAt, signal);
	const { archive, passedOver, memory } = choice;
	const candidate = await unpackCandidate(archive, libraryPath, workshop);
	try {
		await requireUnused(libraryPath);
		const current = await describeCurrent(
			libraryPath,
			options.lockTimeoutMs,
			workshop,
		);
		const other = otherLibrary(candidate.metadata, memory);
		const plan = makePlan(
			archive.path,
			libraryPath,
			candidate,
			current,
			passedOver,
			other === null ? [] : [other],
		);
		requireKnownSchema(plan, options.allowNewerSchema);
		// Whether its owner can be kept shows only by doing it; a dry run must not promise what a restore refuses.
		if (current) {
			await adoptOwner(candidate.path, libraryPath);
			await requireWritableFile(libraryPath);
		}
		if (current && options.safetyBackup) {
			await backups.requireWritable(signal);
			const bytes = current.facts?.databaseSizeBytes ?? current.sizeBytes;
			const scratch = scratchParent(settings, libraryPath);
			const needs = [scratch, backups.folder ?? scratch];
			requireSpace(
				await measureSpace(needs.map((folder) => ({ folder, bytes }))),
			);
		}
		return { plan, candidate, ...choice };
	} catch (error) {
		await candidate[Symbol.asyncDispose]();
		throw error;
	}
}

function scratchParent({ tempDir }: Settings, libraryPath: string): string {
	return tempDir ?? dirname(libraryPath);
}

async function replaceLibrary(
	candidate: Candidate,
	{ libraryPath, current }: RestorePlan,
	lock: LibraryLock | null,
	safetyBackup: string | null,
	workshop: Workshop,
): Promise<void> {
	const { sqlite, signal } = workshop;
	if (candidate.metadata.own?.sourceJournalMode === "wal") {
		await sqlite.setWal(candidate.path);
	}
	await prepareSwap(candidate.path, libraryPath);
	signal?.throwIfAborted();
	// Only a kindness: VPO sets the mode itself when it opens its library.
	const unfold = async () => {
		if (current?.facts?.journalMode === "wal") {
			await lock?.unfold().catch(() => undefined);
		}
	};
	await lock?.fold().catch(orNullIfNoLibrary);
	const swap = await swapIn(
		candidate.path,
		libraryPath,
		candidate.scratch,
	).catch(async (error) => {
		await unfold();
		throw error;
	});
	try {
		await requireRestored(candidate, libraryPath, workshop);
	} catch (cause) {
		const isBack = await swap.undo().catch(() => false);
		if (isBack) await unfold();
		const old = isBack
			? "the old library was put back"
			: `the old one is kept in ${safetyBackup ?? "no safety backup"}`;
		throw new AppError(
			"OPERATION_FAILED",
			`the restored library failed its check, ${old}: ${libraryPath}`,
			{ hint: "suspect the disk or the memory", cause },
		);
	}
}

async function requireRestored(
	{ schemaVersion, metadata }: Candidate,
	libraryPath: string,
	{ sqlite }: Workshop,
): Promise<void> {
	const facts = await sqlite.describe(libraryPath, { lockTimeoutMs: 0 });
	if (
		facts.schemaVersion !== schemaVersion ||
		facts.fileCount !== metadata.fileCount
	) {
		throw new Error("it holds something else than the backup");
	}
}
