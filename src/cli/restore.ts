// vpo library restore: flags → restoreBackup → print.

import { defineCommand } from "citty";
import {
	planRestore,
	type RestoredLibrary,
	type RestorePlan,
	restoreBackup,
} from "../core/restore.ts";
import { expandHome, homeFolder, resolveSettings } from "../settings.ts";
import { version } from "../version.ts";
import {
	commonArgs,
	databaseArg,
	lockTimeoutArg,
	pathArg,
	toLockTimeoutMs,
	usage,
} from "./args.ts";
import { confirmOnTerminal } from "./confirm.ts";
import { type Context, withWorkshop } from "./context.ts";
import {
	formatBytes,
	formatCount,
	formatFields,
	formatTime,
	printableLine,
} from "./format.ts";
import type { Result } from "./output.ts";

export const examples = [
	"vpo library restore latest",
	"vpo library restore --dry-run vpo-library-2026-02-05T143022Z.tar.gz",
	"vpo library restore --yes /mnt/nas/vpo/before-upgrade.tar.gz",
	"vpo library restore --undo",
];

export const command = defineCommand({
	meta: { name: "restore", description: "Restore the library from a backup" },
	args: {
		backup: {
			type: "positional",
			required: false,
			description:
				"A path, a name or unique prefix of one in the backup folder, or latest",
		},
		yes: {
			type: "boolean",
			alias: "y",
			description: "Replace the library without asking",
		},
		"dry-run": {
			type: "boolean",
			description: "Validate in full, change nothing",
		},
		undo: {
			type: "boolean",
			description: "Put back what the last restore replaced",
		},
		"safety-backup": {
			type: "boolean",
			default: true,
			description: "Back up the library that is replaced first",
			negativeDescription: "Don't keep the library that is replaced",
		},
		"allow-newer-schema": {
			type: "boolean",
			description:
				"Restore a backup that is newer than the library or this program",
		},
		...pathArg,
		...lockTimeoutArg,
		...databaseArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { environment, output, now, signal } = context;
		const startedAt = performance.now();
		const home = () => homeFolder(environment);
		const reference = args.backup ? expandHome(args.backup, home) : null;
		if (reference === null && !args.undo) throw usage("missing BACKUP");
		if (reference !== null && args.undo) {
			throw usage("--undo takes no BACKUP: it knows which one");
		}
		const flags = { database: args.database, backupDir: args.path };
		const settings = resolveSettings(flags, environment);
		const options = {
			reference,
			allowNewerSchema: args["allow-newer-schema"] ?? false,
			safetyBackup: args["safety-backup"],
			lockTimeoutMs: toLockTimeoutMs(
				args["lock-timeout"],
				settings.backup.lock_timeout,
			),
			startedAt: now,
			vpoVersion: version,
		};
		return withWorkshop(context, async (workshop) => {
			if (args["dry-run"]) {
				const plan = await planRestore(settings, options, workshop);
				return planResult(plan);
			}
			const confirm = async (plan: RestorePlan) => {
				if (args.yes) return true;
				workshop.pause();
				if (process.stdin.isTTY) output.info(formatComparison(plan));
				return confirmOnTerminal("Replace the library?", signal);
			};
			const done = await restoreBackup(settings, options, workshop, confirm);
			const seconds = (performance.now() - startedAt) / 1000;
			return restoredResult(done, seconds);
		});
	},
});

function formatComparison(plan: RestorePlan): string {
	const { current, metadata } = plan;
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
			),
		],
		["Library path", printableLine(plan.libraryPath)],
		["Backup path", printableLine(plan.archivePath)],
	]);
}

function describe(
	files: number,
	bytes: number,
	schema: number,
	when: string,
): string {
	return `${formatCount(files)} files, ${formatBytes(bytes)}, schema ${schema}, ${when}`;
}

function planResult(plan: RestorePlan): Result {
	const { metadata, current, warnings } = plan;
	return {
		warnings,
		text: `Dry run, nothing is changed. The backup is valid; a restore would ${current ? "replace the library" : "put it in place"}:\n${formatComparison(plan)}`,
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
			warnings: plan.warnings,
		},
	};
}

function restoredResult(
	{ plan, safetyBackup }: RestoredLibrary,
	seconds: number,
): Result {
	const { metadata, current } = plan;
	const kept = current?.facts ? "Safety backup" : "Replaced file";
	const undo = current?.facts
		? (["Undo", "vpo library restore --undo"] as const)
		: null;
	return {
		warnings: plan.warnings,
		text: `Library restored: ${printableLine(plan.libraryPath)}\n${formatFields(
			[
				["From", printableLine(plan.archivePath)],
				["Files in library", formatCount(metadata.fileCount)],
				["Schema version", String(plan.schemaVersion)],
				["Verified", "archive, checksums, integrity check"],
				...(safetyBackup ? [[kept, printableLine(safetyBackup)] as const] : []),
				...(safetyBackup && undo ? [undo] : []),
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
			warnings: plan.warnings,
		},
	};
}
