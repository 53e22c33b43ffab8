// vpo library check: flags → checkHealth → a line, one more for each promise, an exit code, perhaps metrics.

import { defineCommand } from "citty";
import { checkHealth, type Health } from "../../core/upkeep/check.ts";
import { formatMetrics } from "../../core/upkeep/metrics.ts";
import {
	settleMetricsFile,
	writeMetrics,
} from "../../core/upkeep/metrics-file.ts";
import { configuredDuration } from "../../core/upkeep/rules.ts";
import { AppError } from "../../ground/errors.ts";
import {
	commonArgs,
	DEFAULT_MAX_AGE,
	databaseArg,
	lockTimeoutArg,
	pathArg,
	toDurationMs,
	toLockTimeoutMs,
	toPath,
	usage,
} from "../arguments/args.ts";
import { type Context, withWorkshop } from "../context.ts";
import type { Result } from "../output.ts";
import { healthResult } from "../results/check.ts";
import { settle } from "../settle.ts";

export const examples = [
	"vpo library check",
	"vpo library check --max-age 8d --deep",
	"vpo library check --metrics /var/lib/node_exporter/textfile/vpo.prom",
	"vpo library check --metrics - > /var/lib/node_exporter/textfile/vpo.prom",
];

const STDOUT = "-";

function withoutMetrics(health: Health, { message }: AppError): Health {
	const finding = {
		about: "metrics",
		severity: "warning",
		message: `no metrics: ${message}`,
	} as const;
	return { ...health, findings: [...health.findings, finding] };
}

export const command = defineCommand({
	meta: {
		name: "check",
		description: "Say whether library and backups are in good health",
	},
	args: {
		"max-age": {
			type: "string",
			valueHint: "26h",
			description: `How old the newest good backup may be (y mo w d h min; default: ${DEFAULT_MAX_AGE})`,
		},
		deep: {
			type: "boolean",
			description:
				"Read the newest backup in full, check every index of the library",
		},
		metrics: {
			type: "string",
			valueHint: "FILE",
			description:
				"Write a Prometheus textfile too; - prints the metrics instead of the result",
		},
		...pathArg,
		...lockTimeoutArg,
		...databaseArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { environment, now } = context;
		const flags = { database: args.database, location: args.path };
		const settings = await settle(flags, environment);
		const { max_age: configured } = settings.backup;
		configuredDuration(
			"max_age",
			configured,
			`${settings.configPath}: [backup]`,
			false,
		);
		const maxAge = args["max-age"] ?? configured ?? DEFAULT_MAX_AGE;
		const printsMetrics = args.metrics === STDOUT;
		if (printsMetrics && args.json) {
			throw usage("--metrics - prints metrics, and --json a document");
		}
		const named = args.metrics
			? toPath(args.metrics, environment)
			: settings.metricsPath;
		const metricsPath =
			printsMetrics || named === null
				? null
				: await settleMetricsFile(named, settings);
		const options = {
			maxAgeMs: toDurationMs("max-age", maxAge, now),
			isDeep: args.deep ?? false,
			lockTimeoutMs: toLockTimeoutMs(args, settings),
			now,
		};
		const health = await withWorkshop(context, (workshop) =>
			checkHealth(settings, options, workshop),
		);
		const looked = { maxAge, isDeep: options.isDeep, now, metricsPath };
		const result = healthResult(health, looked);
		if (printsMetrics) {
			const text = formatMetrics(health, result.exitCode, now).trimEnd();
			return { text, json: {}, exitCode: result.exitCode };
		}
		if (metricsPath === null) return result;
		try {
			await writeMetrics(metricsPath, health, result.exitCode, now);
			return result;
		} catch (error) {
			if (!(error instanceof AppError)) throw error;
			// What was found out is worth more than the file.
			return healthResult(withoutMetrics(health, error), looked);
		}
	},
});
