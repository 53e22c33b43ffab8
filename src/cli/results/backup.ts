// What `vpo library backup` says when it is done: text for people, keys for scripts.

import type { Unchanged } from "../../core/backup/backup.ts";
import type { BackupPlan } from "../../core/backup/backup-plan.ts";
import type { StoredBackup } from "../../core/backup/store.ts";
import { PIPE_NAME } from "../../core/location/pipe.ts";
import type { Pruning } from "../../core/upkeep/prune-after.ts";
import { ATTENTION_EXIT_CODE } from "../../ground/errors.ts";
import {
	compressionRatio,
	formatBytes,
	formatCount,
	formatFields,
	formatSaving,
	formatTime,
	printableLine,
} from "../format.ts";
import type { Result } from "../output.ts";
import { formatSpace } from "./space.ts";

/** Of a library that equals the newest good backup. */
export function unchangedResult({
	unchangedSince,
	warnings,
}: Unchanged): Result {
	const { filename, path, metadata } = unchangedSince;
	return {
		warnings,
		text: `Library unchanged since ${formatTime(metadata.createdAt)}, no new backup needed: ${printableLine(filename)}`,
		json: {
			success: true,
			unchanged: true,
			path,
			archive_size_bytes: null,
			database_size_bytes: metadata.databaseSizeBytes,
			compression_ratio: null,
			file_count: metadata.fileCount,
			schema_version: metadata.schemaVersion,
			created_at: metadata.createdAt,
			database_sha256: metadata.own?.databaseSha256 ?? null,
			warnings,
		},
	};
}

/** Of a backup that was made. */
export function backupResult(
	{ path, archiveSizeBytes, metadata, warnings }: StoredBackup,
	seconds: number,
	failsOnShrink: boolean,
): Result {
	const { databaseSizeBytes, fileCount, schemaVersion, createdAt } = metadata;
	const ratio = compressionRatio(archiveSizeBytes, databaseSizeBytes);
	const hasShrunk = metadata.own.shrinkWarning !== null;
	return {
		warnings,
		exitCode: failsOnShrink && hasShrunk ? ATTENTION_EXIT_CODE : 0,
		text: `${path === PIPE_NAME ? "Backup written to" : "Backup created:"} ${printableLine(path)}\n${formatFields(
			[
				["Database size", formatBytes(databaseSizeBytes)],
				[
					"Archive size",
					`${formatBytes(archiveSizeBytes)} (${formatSaving(ratio)})`,
				],
				["Files in library", formatCount(fileCount)],
				["Schema version", String(schemaVersion)],
				["Verified", "integrity check, checksums, read back"],
			],
		)}`,
		json: {
			success: true,
			path,
			archive_size_bytes: archiveSizeBytes,
			database_size_bytes: databaseSizeBytes,
			compression_ratio: ratio,
			file_count: fileCount,
			schema_version: schemaVersion,
			created_at: createdAt,
			database_sha256: metadata.own.databaseSha256,
			duration_seconds: Math.round(seconds * 1000) / 1000,
			warnings,
		},
	};
}

/**
 * Of a dry run.
 * @param prunesBy whose rules it would prune by; null: it would not
 */
export function planResult(plan: BackupPlan, prunesBy: string | null): Result {
	const { facts, space, estimatedMinBytes, estimatedMaxBytes, failure } = plan;
	const unless = plan.skipsUnchanged
		? ", unless the newest good one holds the same"
		: "";
	const verdict = failure ? "would fail" : `would be made${unless}`;
	return {
		...(failure && { failure }),
		text: `Dry run, nothing is written. A backup ${verdict}:\n${formatFields([
			["Library", printableLine(plan.libraryPath)],
			["Database size", formatBytes(facts.databaseSizeBytes)],
			["Output", printableLine(plan.outputPath)],
			[
				"Archive size",
				`${formatBytes(estimatedMinBytes)} to ${formatBytes(estimatedMaxBytes)} (estimated)`,
			],
			["Files in library", formatCount(facts.fileCount)],
			["Schema version", String(facts.schemaVersion)],
			["Space", formatSpace(space)],
			...(prunesBy ? [["Afterwards", `prune by ${prunesBy}`] as const] : []),
		])}`,
		json: {
			dry_run: true,
			database_path: plan.libraryPath,
			database_size_bytes: facts.databaseSizeBytes,
			output_path: plan.outputPath,
			estimated_archive_min_bytes: estimatedMinBytes,
			estimated_archive_max_bytes: estimatedMaxBytes,
			file_count: facts.fileCount,
			schema_version: facts.schemaVersion,
			free_bytes: space.freeBytes,
			required_bytes: space.requiredBytes,
			warnings: [],
		},
	};
}

/** Adds what the pruning after it did. A pruning that failed leaves a good backup, and something to look at. */
export function withPruning(
	result: Result,
	{ removed, freedBytes, problem }: Pruning,
): Result {
	const rest = problem === null ? "" : "; not all, see the warning";
	const line = `Pruned: ${formatCount(removed.length)} removed, ${formatBytes(freedBytes)}${rest}`;
	const names = removed.map((name) => `  ${printableLine(name)}`);
	const warnings = [
		...(result.warnings ?? []),
		...(problem === null ? [] : [problem]),
	];
	return {
		text: [result.text, line, ...names].join("\n"),
		json: {
			...result.json,
			pruned: removed,
			pruned_bytes: freedBytes,
			warnings,
		},
		warnings,
		exitCode: problem === null ? (result.exitCode ?? 0) : ATTENTION_EXIT_CODE,
	};
}

/** Adds what the pruning of the copy locations did. */
export function withPrunedCopies(
	result: Result,
	prunings: readonly Pruning[],
): Result {
	if (prunings.length === 0) return result;
	const problems = prunings.flatMap(({ location, problem }) =>
		problem === null ? [] : `${location.address}: ${problem}`,
	);
	const lines = prunings.map(({ location, removed, freedBytes }) => {
		const where = printableLine(location.address);
		return `Pruned in ${where}: ${formatCount(removed.length)} removed, ${formatBytes(freedBytes)}`;
	});
	const warnings = [...(result.warnings ?? []), ...problems];
	return {
		...result,
		text: [result.text, ...lines].join("\n"),
		json: {
			...result.json,
			pruned_copies: prunings.map(({ location, removed, freedBytes }) => ({
				to: location.address,
				pruned: removed,
				pruned_bytes: freedBytes,
			})),
			warnings,
		},
		warnings,
		exitCode:
			problems.length === 0 ? (result.exitCode ?? 0) : ATTENTION_EXIT_CODE,
	};
}
