// vpo library check: flags → checkHealth → one line, an exit code, perhaps metrics.

import { defineCommand } from "citty";
import { readMarks } from "../../core/location/marks.ts";
import { checkHealth, type Health } from "../../core/upkeep/check.ts";
import { requireMetricsFile, writeMetrics } from "../../core/upkeep/metrics.ts";
import { resolveSettings } from "../../ground/settings.ts";
import {
	commonArgs,
	databaseArg,
	lockTimeoutArg,
	pathArg,
	toDurationMs,
	toLockTimeoutMs,
	toPath,
} from "../arguments/args.ts";
import { type Context, withWorkshop } from "../context.ts";
import { formatAgo, formatBytes, formatCount } from "../format.ts";
import type { Result } from "../output.ts";

const DEFAULT_MAX_AGE = "26h";
/** As VPO's doctor. */
const EXIT_CODES = { ok: 0, warning: 60, critical: 61 } as const;

export const examples = [
	"vpo library check",
	"vpo library check --max-age 8d --deep",
	"vpo library check --metrics /var/lib/node_exporter/textfile/vpo.prom",
];

export const command = defineCommand({
	meta: {
		name: "check",
		description: "Say whether library and backups are in good health",
	},
	args: {
		"max-age": {
			type: "string",
			valueHint: "26h",
			description: `How old the newest good backup may be (y m d h; default: ${DEFAULT_MAX_AGE})`,
		},
		deep: {
			type: "boolean",
			description:
				"Read the newest backup in full, check every index of the library",
		},
		metrics: {
			type: "string",
			valueHint: "FILE",
			description: "Write a Prometheus textfile too",
		},
		...pathArg,
		...lockTimeoutArg,
		...databaseArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { environment, now } = context;
		const flags = { database: args.database, backupDir: args.path };
		const settings = resolveSettings(flags, environment);
		const maxAge = args["max-age"] ?? DEFAULT_MAX_AGE;
		const metricsPath = args.metrics ? toPath(args.metrics, environment) : null;
		if (metricsPath) await requireMetricsFile(metricsPath);
		const marks = await readMarks(settings.backupDir);
		const options = {
			maxAgeMs: toDurationMs("max-age", maxAge, now),
			isDeep: args.deep ?? false,
			lockTimeoutMs: toLockTimeoutMs(
				args["lock-timeout"],
				settings.backup.lock_timeout,
			),
			now,
			...marks,
		};
		const health = await withWorkshop(context, (workshop) =>
			checkHealth(settings, options, workshop),
		);
		const status = statusOf(health);
		if (metricsPath)
			await writeMetrics(metricsPath, health, EXIT_CODES[status], now);
		return {
			text: formatHealth(health, status, now),
			warnings: marks.warning === null ? [] : [marks.warning],
			exitCode: EXIT_CODES[status],
			json: toJson(health, status),
		};
	},
});

type Status = keyof typeof EXIT_CODES;

function statusOf({ findings }: Health): Status {
	if (findings.some(({ severity }) => severity === "critical"))
		return "critical";
	return findings.length > 0 ? "warning" : "ok";
}

function formatHealth(health: Health, status: Status, now: Date): string {
	const { findings, newest, backupCount, library } = health;
	const facts = [
		...(newest?.createdAt
			? [`newest good backup ${formatAgo(newest.createdAt, now)}`]
			: []),
		`${formatCount(backupCount)} ${backupCount === 1 ? "backup" : "backups"}`,
		...(library
			? [
					`library of ${formatCount(library.fileCount)} files, ${formatBytes(library.databaseSizeBytes)}`,
				]
			: []),
	];
	const problems = findings.map(({ message }) => message);
	return `${status.toUpperCase()}: ${[...problems, ...facts].join("; ")}`;
}

function toJson(health: Health, status: Status): object {
	const { findings, newest, ageSeconds, library, space } = health;
	return {
		success: status === "ok",
		status,
		error: findings[0]?.message ?? null,
		exit_code: EXIT_CODES[status],
		findings,
		newest_backup: newest?.path ?? null,
		newest_backup_created_at: newest?.createdAt ?? null,
		newest_backup_age_seconds:
			ageSeconds === null ? null : Math.round(ageSeconds),
		backup_count: health.backupCount,
		damaged_count: health.damagedCount,
		database_size_bytes: library?.databaseSizeBytes ?? null,
		file_count: library?.fileCount ?? null,
		schema_version: library?.schemaVersion ?? null,
		free_bytes: space?.freeBytes ?? null,
		required_bytes: space?.requiredBytes ?? null,
	};
}
