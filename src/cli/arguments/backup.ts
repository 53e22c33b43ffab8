// What a backup's flags ask for, together with the settings; a schedule takes the same flags.

import type { ArgsDef, ParsedArgs } from "citty";
import { DEFAULT_LEVEL } from "../../core/archive/gzip.ts";
import { ATTENTION_EXIT_CODE } from "../../ground/errors.ts";
import { resolveSettings } from "../../ground/settings.ts";
import { version } from "../../ground/version.ts";
import type { Context } from "../context.ts";
import { writeArchive } from "../pipes.ts";
import {
	commonArgs,
	databaseArg,
	lockTimeoutArg,
	newLocationArg,
	pathArg,
	toLevel,
	toLockTimeoutMs,
	toNote,
	toPlace,
	usage,
} from "./args.ts";
import { notifyArgs } from "./notify.ts";
import { givenRule, hasRule, retentionArgs, toRules } from "./retention.ts";

/** The flags of a backup; `schedule` takes them too. */
export const backupArgs = {
	output: {
		type: "string",
		alias: "o",
		valueHint: "PATH",
		description:
			"Where this one backup goes: a .tar.gz file, a folder, s3://BUCKET/PREFIX/, or - for stdout",
	},
	...pathArg,
	...newLocationArg,
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
			"Afterwards remove what the --keep-… flags, or else the keep_… rules of config.toml, don't keep",
	},
	...retentionArgs,
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

export type BackupArgs = ParsedArgs<typeof backupArgs>;

/**
 * What the flags ask for, together with the settings.
 * @throws AppError USAGE, CONFIG_ERROR
 */
export async function readRequest(
	args: BackupArgs,
	{ environment, now }: Context,
) {
	const settings = await resolveSettings(
		{ database: args.database, location: args.path },
		environment,
	);
	const { backup: configured } = settings;
	const rules = toRules(args, settings);
	if (args.prune && !hasRule(rules)) {
		throw usage(
			"--prune needs a rule",
			"give one, such as --keep-daily 7, or set keep_daily in [backup] of config.toml",
		);
	}
	const rule = givenRule(args);
	if (rule !== undefined && !args.prune) {
		throw usage(`--${rule} has a meaning only with --prune`);
	}
	const options = {
		output:
			args.output && args.output !== "-"
				? toPlace(args.output, environment)
				: null,
		outputIsFolder: args.output?.endsWith("/") ?? false,
		pipe: args.output === "-" ? writeArchive : null,
		acceptsNew: args["new-location"] ?? false,
		force: args.force ?? false,
		note: toNote(args.note),
		level: toLevel(args.level, configured.level ?? DEFAULT_LEVEL),
		lockTimeoutMs: toLockTimeoutMs(args, settings),
		skipUnchanged: args["skip-unchanged"] ?? configured.skip_unchanged ?? false,
		salvage: args.salvage ?? false,
		createdAt: now,
		vpoVersion: version,
	};
	const failsOnShrink =
		args["fail-on-shrink"] ?? configured.fail_on_shrink ?? false;
	return { settings, rules, options, failsOnShrink };
}
