// vpo library config: the values that hold, and where each comes from.

import { defineCommand } from "citty";
import { DEFAULT_LEVEL } from "../../core/archive/gzip.ts";
import { pingUrlProblem } from "../../core/schedule/notify.ts";
import { copyPlaces } from "../../core/upkeep/copies/places.ts";
import {
	FIRST_CONFIG,
	writeFirstConfig,
} from "../../core/upkeep/first-config.ts";
import {
	configuredDuration,
	configuredRules,
} from "../../core/upkeep/rules.ts";
import { ownCommand } from "../../ground/program.ts";
import {
	type Environment,
	resolveSettings,
	type Settings,
} from "../../ground/settings.ts";
import {
	commonArgs,
	DEFAULT_LOCK_TIMEOUT_S,
	DEFAULT_MAX_AGE,
	databaseArg,
	pathArg,
	usage,
} from "../arguments/args.ts";
import type { Context } from "../context.ts";
import { formatTable, printableLine } from "../format.ts";
import type { Result } from "../output.ts";
import {
	copyTables,
	type Setting,
	storeTable,
} from "../results/copies/settings.ts";
import { settleConfigPath } from "../settle.ts";

export const examples = [
	"vpo library config",
	"VPO_BACKUP_DIR=/mnt/nas/vpo vpo library config --json",
	"vpo library config --init",
];

export const command = defineCommand({
	meta: {
		name: "config",
		description: "Show the settings in force, and where each comes from",
	},
	args: {
		init: {
			type: "boolean",
			description:
				"Write a config.toml with every key in a comment, where none is yet",
		},
		"dry-run": {
			type: "boolean",
			description: "With --init: print it, write nothing",
		},
		...databaseArg,
		...pathArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const { environment } = data as Context;
		if (args.init) return firstConfig(args["dry-run"] ?? false, environment);
		if (args["dry-run"]) throw usage("--dry-run belongs to --init");
		const flags = { database: args.database, location: args.path };
		const settings = await resolveSettings(flags, environment);
		// What is wrong is found now, not at night.
		configuredRules(settings);
		copyPlaces(settings);
		const { backup, configPath } = settings;
		configuredDuration(
			"max_age",
			backup.max_age,
			`${configPath}: [backup]`,
			false,
		);
		return configResult(settings);
	},
});

async function firstConfig(
	isDryRun: boolean,
	environment: Environment,
): Promise<Result> {
	const path = await settleConfigPath(environment);
	if (isDryRun) {
		const json = { dry_run: true, config_path: path, text: FIRST_CONFIG };
		return { text: FIRST_CONFIG.trimEnd(), json };
	}
	await writeFirstConfig(path);
	return {
		text: `Written: ${printableLine(path)}\nEvery key is a comment in it; take away the "# " of those that you want, then: ${ownCommand("config")}`,
		json: { success: true, config_path: path },
	};
}

function configResult(settings: Settings): Result {
	const all = [
		...paths(settings),
		...backupTable(settings),
		...copyTables(settings),
		...storeTable(settings),
	];
	const columns = ["SETTING", "VALUE", "FROM"].map((title) => ({
		title,
		align: "left" as const,
	}));
	const rows = all.map(({ name, value, origin, otherwise = "-" }) => [
		name,
		printableLine(String(value ?? otherwise)),
		origin,
	]);
	const problem = pingUrlProblem(settings.pingUrl, settings.origins.pingUrl);
	const warnings = problem === null ? [] : [problem];
	return {
		text: formatTable(columns, rows),
		warnings,
		json: {
			config_path: settings.configPath,
			settings: Object.fromEntries(
				all.map(({ name, value, origin }) => [name, { value, origin }]),
			),
			warnings,
		},
	};
}

function paths({
	databasePath,
	location,
	tempDir,
	metricsPath,
	pingUrl,
	configPath,
	origins,
}: Settings): Setting[] {
	return [
		{
			name: "config_file",
			value: configPath,
			origin: "VPO_CONFIG_PATH or default",
		},
		{
			name: "database_path",
			value: databasePath,
			origin: origins.databasePath,
		},
		{ name: "backup.directory", value: location, origin: origins.location },
		{
			name: "jobs.temp_directory",
			value: tempDir,
			origin: origins.tempDir,
			otherwise: "(beside the library)",
		},
		{
			name: "backup.metrics",
			value: metricsPath,
			origin: metricsPath === null ? "default" : "config.toml",
		},
		// The URL lets anybody report runs, so it is not shown.
		{
			name: "backup.ping_url",
			value: pingUrl === null ? null : "(set)",
			origin: origins.pingUrl,
		},
	];
}

function backupTable({ backup }: Settings): Setting[] {
	const defaults = {
		level: DEFAULT_LEVEL,
		lock_timeout: DEFAULT_LOCK_TIMEOUT_S,
		skip_unchanged: false,
		fail_on_shrink: false,
		utc: false,
		max_age: DEFAULT_MAX_AGE,
		keep_last: null,
		keep_hourly: null,
		keep_daily: null,
		keep_weekly: null,
		keep_monthly: null,
		keep_yearly: null,
		keep_within: null,
		keep_within_hourly: null,
		keep_within_daily: null,
		keep_within_weekly: null,
		keep_within_monthly: null,
		keep_within_yearly: null,
	};
	return Object.entries(defaults).map(([key, otherwise]) => {
		const value = backup[key as keyof typeof defaults];
		const origin = value === undefined ? "default" : "config.toml";
		return { name: `backup.${key}`, value: value ?? otherwise, origin };
	});
}
