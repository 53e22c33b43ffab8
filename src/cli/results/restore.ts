// What a restore would do and has done, as people and programs read it.

import { PIPED_NAME } from "../../core/restore/piped.ts";
import type { RestoredLibrary } from "../../core/restore/restore.ts";
import type { RestorePlan } from "../../core/restore/restore-plan.ts";
import { ownCommand } from "../../ground/program.ts";
import type { SettingsFlags } from "../../ground/settings.ts";
import {
	formatBytes,
	formatCount,
	formatFields,
	formatTime,
	printableLine,
	shellQuote,
} from "../format.ts";
import type { Result } from "../output.ts";
import { changesJson, formatDone, formatPreview } from "./changes.ts";
import { passedOverFields, passedOverJson } from "./passed-over.ts";
import { formatSpace } from "./space.ts";

/** The call that takes a restore back, with all that it needs. */
export function undoCommand(
	{ plan }: Pick<RestoredLibrary, "plan">,
	{ database, location }: SettingsFlags,
): string {
	const isNewer = plan.currentSchemaVersion > plan.schemaVersion;
	return [
		ownCommand("restore --undo"),
		...(isNewer ? ["--allow-newer-schema"] : []),
		...(location ? [`--path ${shellQuote(location)}`] : []),
		...(database ? [`--database ${shellQuote(database)}`] : []),
	].join(" ");
}

/** The call that tells all that a restore would change; null where there is no archive to name. */
function diffCommand(
	{ archivePath }: RestorePlan,
	{ database, location }: SettingsFlags,
): string | null {
	if (archivePath === PIPED_NAME) return null;
	return [
		ownCommand(`diff ${shellQuote(archivePath)}`),
		...(location ? [`--path ${shellQuote(location)}`] : []),
		...(database ? [`--database ${shellQuote(database)}`] : []),
	].join(" ");
}

/** The library that stands there beside the backup that would replace it, and what would change by content. */
export function formatComparison(
	plan: RestorePlan,
	flags: SettingsFlags,
	more: readonly (readonly [string, string])[] = [],
): string {
	const changes =
		plan.difference === null
			? []
			: formatPreview(plan.difference, diffCommand(plan, flags));
	return [
		formatSides(plan, more),
		...(changes.length > 0 ? ["  Changes:"] : []),
		...changes.map((line) => `    ${line}`),
	].join("\n");
}

function formatSides(
	plan: RestorePlan,
	more: readonly (readonly [string, string])[],
): string {
	const { current, metadata } = plan;
	// A backup of ours lacks the gaps that a library has; that it is smaller is then no loss.
	const isSmaller =
		metadata.own !== null &&
		metadata.databaseSizeBytes < (current?.facts?.databaseSizeBytes ?? 0);
	const now = !current
		? "none"
		: current.facts
			? describe(
					current.facts.fileCount,
					current.facts.databaseSizeBytes,
					current.facts.schemaVersion,
					`last change ${formatTime(current.changedAt.toISOString())}`,
				)
			: `damaged, or no VPO library, ${formatBytes(current.sizeBytes)}`;
	return formatFields([
		["Library now", now],
		[
			"Backup",
			describe(
				metadata.fileCount,
				metadata.databaseSizeBytes,
				plan.schemaVersion,
				`made ${formatTime(metadata.createdAt)}`,
				isSmaller ? " defragmented" : "",
			),
		],
		["Library path", printableLine(plan.libraryPath)],
		["Backup path", printableLine(plan.archivePath)],
		...passedOverFields(plan.passedOver),
		...more,
	]);
}

function describe(
	files: number,
	bytes: number,
	schema: number,
	when: string,
	remark = "",
): string {
	return `${formatCount(files)} files, ${formatBytes(bytes)}${remark}, schema ${schema}, ${when}`;
}

/** Of a dry run. */
export function planResult(plan: RestorePlan, flags: SettingsFlags): Result {
	const { metadata, current, space } = plan;
	const warnings =
		plan.users === null
			? plan.warnings
			: [
					...plan.warnings,
					`the library is open in ${printableLine(plan.users)}: stop it before the restore`,
				];
	return {
		warnings,
		text: `Dry run, nothing is changed. The backup is valid; a restore would ${current ? "replace the library" : "put it in place"}:\n${formatComparison(plan, flags, [["Space", formatSpace(space)]])}`,
		json: {
			dry_run: true,
			valid: true,
			backup_path: plan.archivePath,
			created_at: metadata.createdAt,
			vpo_version: metadata.vpoVersion,
			schema_version: plan.schemaVersion,
			current_schema_version: plan.currentSchemaVersion,
			schema_mismatch: plan.schemaVersion !== plan.currentSchemaVersion,
			database_size_bytes: metadata.databaseSizeBytes,
			file_count: metadata.fileCount,
			changes: plan.difference && changesJson(plan.difference),
			passed_over: passedOverJson(plan.passedOver),
			free_bytes: space.freeBytes,
			required_bytes: space.requiredBytes,
			warnings,
		},
	};
}

/** @param undo the call that takes it back */
export function restoredResult(
	{ plan, safetyBackup, isUndoable, warnings }: RestoredLibrary,
	seconds: number,
	undo: string,
): Result {
	const { metadata } = plan;
	const kept = isUndoable ? "Safety backup" : "Replaced file";
	return {
		warnings,
		text: `Library restored: ${printableLine(plan.libraryPath)}\n${formatFields(
			[
				["From", printableLine(plan.archivePath)],
				...passedOverFields(plan.passedOver),
				["Files in library", formatCount(metadata.fileCount)],
				...(plan.difference
					? [["Changes", formatDone(plan.difference)] as const]
					: []),
				["Schema version", String(plan.schemaVersion)],
				["Verified", "archive, checksums, integrity check"],
				...(safetyBackup ? [[kept, printableLine(safetyBackup)] as const] : []),
				...(isUndoable ? [["Undo", undo] as const] : []),
			],
		)}`,
		json: {
			success: true,
			source_path: plan.archivePath,
			database_path: plan.libraryPath,
			duration_seconds: Math.round(seconds * 1000) / 1000,
			schema_mismatch: plan.schemaVersion !== plan.currentSchemaVersion,
			file_count: metadata.fileCount,
			schema_version: plan.schemaVersion,
			safety_backup: safetyBackup,
			changes: plan.difference && changesJson(plan.difference),
			passed_over: passedOverJson(plan.passedOver),
			warnings,
		},
	};
}
