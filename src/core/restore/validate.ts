// What a restore is found to be before anything is touched: the backup proven, the library described, the room and the
// rights there. What passes here, a restore does; a dry run stops behind it.

import { dirname } from "node:path";
import { resolveOwnLinks } from "../../ground/rights/links.ts";
import type { Settings } from "../../ground/settings.ts";
import type { Workshop } from "../archive/workshop.ts";
import { findUsers, requireShortPath } from "../library/library.ts";
import { openBackups } from "../location/open.ts";
import { type Candidate, prove, unpackUnproven } from "./candidate.ts";
import {
	type Choice,
	chooseBackup,
	choosePiped,
	otherLibrary,
} from "./choice.ts";
import { describeCurrent } from "./current.ts";
import { planHeadStart, takeHeadStart } from "./head-start.ts";
import { spool } from "./piped.ts";
import { findDifference } from "./preview.ts";
import {
	makePlan,
	type RestorePlan,
	requireKnownSchema,
} from "./restore-plan.ts";
import { requireRoom } from "./room.ts";
import { canTransact, requireReplaceable, requireSafePlace } from "./target.ts";

/** What a person can say about one restore. */
export interface RestoreOptions {
	/** A path, a file name or prefix, "latest"; or null: what the last restore replaced. */
	readonly reference: string | null;
	/** The archive itself, in place of a reference; null: it is in a location. */
	readonly piped: AsyncIterable<Uint8Array<ArrayBuffer>> | null;
	readonly allowNewerSchema: boolean;
	/** The backups may be at another place than the library was backed up to before. */
	readonly acceptsNew: boolean;
	/** Keep the library that is replaced as a backup. */
	readonly safetyBackup: boolean;
	readonly lockTimeoutMs: number;
	/** Whether somebody is to be told beforehand what would change by content: about a second for 100 MB. */
	readonly comparesContent: boolean;
	readonly startedAt: Date;
	readonly vpoVersion: string;
}

/** What was found, and what a restore needs of it. */
export interface Validated extends Choice {
	readonly plan: RestorePlan;
	/** To be disposed of. */
	readonly candidate: Candidate;
}

/**
 * Validates a backup in full, and all that a restore of it rests on. Changes nothing.
 * @param waitsForProof whether the candidate has to be proven when this is done; else its proof may still go on
 * @throws AppError with the codes of the exit-code table
 */
export async function validateRestore(
	settings: Settings,
	options: RestoreOptions,
	workshop: Workshop,
	waitsForProof = true,
): Promise<Validated> {
	const { signal } = workshop;
	const { reference, piped, startedAt } = options;
	const backups = openBackups(settings);
	const libraryPath = await resolveOwnLinks(settings.databasePath);
	requireShortPath(libraryPath);
	const scratch = scratchParent(settings, libraryPath);
	await using spooled = piped && (await spool(piped, scratch));
	const choice = spooled
		? await choosePiped(spooled.source, libraryPath)
		: await chooseBackup(reference, libraryPath, settings, startedAt, signal);
	const { archive, passedOver, memory } = choice;
	const headStart = waitsForProof ? null : await planHeadStart(libraryPath);
	const unproven = await unpackUnproven(
		archive,
		scratch,
		workshop,
		headStart ?? {},
	);
	try {
		const { lockTimeoutMs } = options;
		const locking = { lockTimeoutMs, signal };
		const describing = describeCurrent(libraryPath, lockTimeoutMs, workshop);
		const finding = findUsers(libraryPath);
		// What is wrong with the backup is said first.
		for (const work of [describing, finding]) work.catch(() => undefined);
		const early =
			headStart &&
			(await takeHeadStart(
				unproven,
				await describing,
				libraryPath,
				locking,
				workshop,
			));
		const candidate = early ?? (await prove(unproven, workshop));
		const current = await describing;
		const isInPlace = await canTransact(
			candidate,
			current,
			libraryPath,
			locking,
			workshop,
		);
		if (current) await requireReplaceable(libraryPath, isInPlace, candidate);
		const keepsCurrent = current !== null && options.safetyBackup;
		if (keepsCurrent) {
			await requireSafePlace(
				backups,
				libraryPath,
				settings,
				options.acceptsNew,
				signal,
			);
		}
		const space = await requireRoom({
			candidate,
			current,
			libraryPath,
			isInPlace,
			safety: keepsCurrent
				? { scratch, output: backups.folder ?? scratch }
				: null,
		});
		const difference =
			current?.facts && options.comparesContent
				? await findDifference(candidate, libraryPath, options, workshop)
				: null;
		const other = otherLibrary(candidate.metadata, memory);
		const plan = makePlan(
			candidate,
			{
				archivePath: archive.path,
				libraryPath,
				current,
				difference,
				passedOver,
				isInPlace,
				users: await finding,
				space,
			},
			other === null ? [] : [other],
		);
		requireKnownSchema(plan, options.allowNewerSchema);
		return { plan, candidate, ...choice };
	} catch (error) {
		await using _ = unproven;
		await unproven.proof; // what is wrong with the backup is said first
		throw error;
	}
}

/** Where a restore makes its private files: where the user said, else beside the library. */
export function scratchParent(
	{ tempDir }: Settings,
	libraryPath: string,
): string {
	return tempDir ?? dirname(libraryPath);
}
