// vpo library backup: flags → createBackup → print.

import { type ArgsDef, defineCommand, type ParsedArgs } from "citty";
import { createBackup } from "../core/backup.ts";
import { planBackup } from "../core/backup-plan.ts";
import { DEFAULT_LEVEL } from "../core/gzip.ts";
import { readMarks } from "../core/marks.ts";
import { configuredRules } from "../core/rules.ts";
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
	usage,
} from "./args.ts";
import {
	ATTENTION_EXIT_CODE,
	backupResult,
	planResult,
	unchangedResult,
	withPruning,
} from "./backup-result.ts";
import { type Context, withWorkshop } from "./context.ts";
import { notified, notifyArgs } from "./notify.ts";
import type { Result } from "./output.ts";
import { pruneAfter } from "./prune.ts";
import { hasRule } from "./retention.ts";

export const examples = [
	"vpo library backup",
	"vpo library backup --output /mnt/nas/vpo/ --note 'before the upgrade'",
	"vpo library backup --dry-run --json",
	"vpo library backup --on-failure 'mail -s \"vpo backup failed\" me@example.org'",
];

/** The flags of a backup; `schedule` takes them too. */
export const backupArgs = {
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
	prune: {
		type: "boolean",
		description:
			"Afterwards remove what the keep_… rules of config.toml don't keep",
	},
	"fail-on-shrink": {
		type: "boolean",
		description: `Exit with ${ATTENTION_EXIT_CODE} if the library lost most of its content`,
	},
	"dry-run": {
		type: "boolean",
		description: "Say what would be done, write nothing",
	},
	...notifyArgs,
	...lockTimeoutArg,
	...databaseArg,
	...commonArgs,
} as const satisfies ArgsDef;

type BackupArgs = ParsedArgs<typeof backupArgs>;

export const command = defineCommand({
	meta: { name: "backup", description: "Back up the library" },
	args: backupArgs,
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		return notified(context, args, () => backUp(args, context));
	},
});

/**
 * What the flags ask for, together with the settings.
 * @throws AppError USAGE, CONFIG_ERROR
 */
export function readRequest(args: BackupArgs, { environment, now }: Context) {
	const settings = resolveSettings({ database: args.database }, environment);
	const { backup: configured } = settings;
	const rules = configuredRules(settings);
	if (args.prune && !hasRule(rules)) {
		throw usage(
			"--prune needs a rule",
			"set keep_daily or another in [backup] of config.toml",
		);
	}
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
		skipUnchanged: args["skip-unchanged"] ?? configured.skip_unchanged ?? false,
		salvage: args.salvage ?? false,
		createdAt: now,
		vpoVersion: version,
	};
	const failsOnShrink =
		args["fail-on-shrink"] ?? configured.fail_on_shrink ?? false;
	return { settings, rules, options, failsOnShrink };
}

async function backUp(args: BackupArgs, context: Context): Promise<Result> {
	const startedAt = performance.now();
	const { settings, rules, failsOnShrink, ...request } = readRequest(
		args,
		context,
	);
	const { pinned } = await readMarks(settings.backupDir);
	const options = { ...request.options, pinned };
	return withWorkshop(context, async (workshop) => {
		if (args["dry-run"]) {
			const plan = await planBackup(settings, options, workshop);
			return planResult(plan, args.prune ?? false);
		}
		const backup = await createBackup(settings, options, workshop);
		const seconds = (performance.now() - startedAt) / 1000;
		const result =
			"unchangedSince" in backup
				? unchangedResult(backup)
				: backupResult(backup, seconds, failsOnShrink);
		if (!args.prune) return result;
		return withPruning(
			result,
			await pruneAfter(settings, rules, context.now, workshop),
		);
	});
}
