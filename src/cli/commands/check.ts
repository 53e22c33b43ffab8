// vpo library check: flags → checkHealth → a line, one more for each promise, an exit code, perhaps metrics.

import { defineCommand } from "citty";
import { checkHealth } from "../../core/upkeep/check.ts";
import { requireMetricsFile, writeMetrics } from "../../core/upkeep/metrics.ts";
import { configuredDuration } from "../../core/upkeep/rules.ts";
import {
	commonArgs,
	DEFAULT_MAX_AGE,
	databaseArg,
	lockTimeoutArg,
	pathArg,
	toDurationMs,
	toLockTimeoutMs,
	toPath,
} from "../arguments/args.ts";
import { type Context, withWorkshop } from "../context.ts";
import type { Result } from "../output.ts";
import { healthResult } from "../results/check.ts";
import { settle } from "../settle.ts";

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
		const metricsPath = args.metrics
			? toPath(args.metrics, environment)
			: settings.metricsPath;
		if (metricsPath) await requireMetricsFile(metricsPath);
		const options = {
			maxAgeMs: toDurationMs("max-age", maxAge, now),
			isDeep: args.deep ?? false,
			lockTimeoutMs: toLockTimeoutMs(
				args["lock-timeout"],
				settings.backup.lock_timeout,
			),
			now,
		};
		const health = await withWorkshop(context, (workshop) =>
			checkHealth(settings, options, workshop),
		);
		const looked = { maxAge, isDeep: options.isDeep, now };
		const result = healthResult(health, looked);
		if (metricsPath) {
			await writeMetrics(metricsPath, health, result.exitCode, now);
		}
		return result;
	},
});
