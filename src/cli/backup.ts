// vpo library backup: flags → createBackup → print.

import { defineCommand } from "citty";
import {
	type BackupPlan,
	createBackup,
	planBackup,
	type Unchanged,
} from "../core/backup.ts";
import { DEFAULT_LEVEL } from "../core/gzip.ts";
import type { StoredBackup } from "../core/store.ts";
import { resolveSettings } from "../settings.ts";
import { version } from "../version.ts";
import {
	commonArgs,
	databaseArg,
	lockTimeoutArg,
	toLevel,
	toLockTimeoutMs,
	toNote,
	toPath,
} from "./args.ts";
import { type Context, withWorkshop } from "./context.ts";
import {
	compressionRatio,
	formatBytes,
	formatCount,
	formatFields,
	formatSaving,
	formatTime,
	printableLine,
} from "./format.ts";
import type { Result } from "./output.ts";

/** As VPO's doctor: done, but somebody should look. */
const ATTENTION_EXIT_CODE = 60;

export const examples = [
	"vpo library backup",
	"vpo library backup --output /mnt/nas/vpo/ --note 'before the upgrade'",
	"vpo library backup --dry-run --json",
];

export const command = defineCommand({
	meta: { name: "backup", description: "Back up the library" },
	args: {
		output: {
			type: "string",
			alias: "o",
			valueHint: "PATH",
			description: "A .tar.gz file, or a folder (default: ~/.vpo/backups)",
		},
		force: {
			type: "boolean",
			description: "Replace an existing backup at --output",
		},
		note: {
			type: "string",
			valueHint: "TEXT",
			description: "A note, shown in the list",
		},
		level: {
			type: "string",
			valueHint: "N",
			description: `gzip level, 1 (fast) to 9 (small) (default: ${DEFAULT_LEVEL})`,
		},
		salvage: {
			type: "boolean",
			description:
				"If the library is damaged, keep its raw files as vpo-damaged-…",
		},
		"skip-unchanged": {
			type: "boolean",
			description: "Write nothing if the newest good backup holds the same",
		},
		"fail-on-shrink": {
			type: "boolean",
			description: `Exit with ${ATTENTION_EXIT_CODE} if the library lost most of its content`,
		},
		"dry-run": {
			type: "boolean",
			description: "Say what would be done, write nothing",
		},
		...lockTimeoutArg,
		...databaseArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { environment, now } = context;
		const startedAt = performance.now();
		const settings = resolveSettings({ database: args.database }, environment);
		const { backup: configured } = settings;
		const options = {
			output: args.output ? toPath(args.output, environment) : null,
			outputIsFolder: args.output?.endsWith("/") ?? false,
			force: args.force ?? false,
			note: toNote(args.note),
			level: toLevel(args.level, configured.level ?? DEFAULT_LEVEL),
			lockTimeoutMs: toLockTimeoutMs(
				args["lock-timeout"],
				configured.lock_timeout,
			),
			skipUnchanged:
				args["skip-unchanged"] ?? configured.skip_unchanged ?? false,
			pinned: new Set<string>(),
			salvage: args.salvage ?? false,
			createdAt: now,
			vpoVersion: version,
		};
		return withWorkshop(context, async (workshop) => {
			if (args["dry-run"]) {
				return planResult(await planBackup(settings, options, workshop));
			}
			const backup = await createBackup(settings, options, workshop);
			if ("unchangedSince" in backup) return unchangedResult(backup);
			const failsOnShrink = args["fail-on-shrink"] ?? configured.fail_on_shrink;
			const seconds = (performance.now() - startedAt) / 1000;
			return backupResult(backup, seconds, failsOnShrink ?? false);
		});
	},
});

function unchangedResult({ unchangedSince }: Unchanged): Result {
	const { filename, path, metadata } = unchangedSince;
	return {
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
			warnings: [],
		},
	};
}

function backupResult(
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
		text: `Backup created: ${printableLine(path)}\n${formatFields([
			["Database size", formatBytes(databaseSizeBytes)],
			[
				"Archive size",
				`${formatBytes(archiveSizeBytes)} (${formatSaving(ratio)})`,
			],
			["Files in library", formatCount(fileCount)],
			["Schema version", String(schemaVersion)],
			["Verified", "integrity check, checksums, read back"],
		])}`,
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

function planResult(plan: BackupPlan): Result {
	const { facts, space, estimatedMinBytes, estimatedMaxBytes } = plan;
	const suffices = space.freeBytes >= space.requiredBytes;
	const need = `${formatBytes(space.requiredBytes)} needed, ${formatBytes(space.freeBytes)} free in ${space.folder}`;
	return {
		warnings: plan.warnings,
		text: `Dry run, nothing is written. A backup would be made:\n${formatFields(
			[
				["Library", printableLine(plan.libraryPath)],
				["Database size", formatBytes(facts.databaseSizeBytes)],
				["Output", printableLine(plan.outputPath)],
				[
					"Archive size",
					`${formatBytes(estimatedMinBytes)} to ${formatBytes(estimatedMaxBytes)} (estimated)`,
				],
				["Files in library", formatCount(facts.fileCount)],
				["Schema version", String(facts.schemaVersion)],
				[
					"Space",
					`${printableLine(need)}: ${suffices ? "enough" : "not enough"}`,
				],
			],
		)}`,
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
			warnings: plan.warnings,
		},
	};
}
