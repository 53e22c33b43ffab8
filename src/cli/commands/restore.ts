// vpo library restore: flags → restoreBackup → print.

import { defineCommand } from "citty";
import { planRestore, restoreBackup } from "../../core/restore/restore.ts";
import type { RestorePlan } from "../../core/restore/restore-plan.ts";
import { expandHome, homeFolder } from "../../ground/settings.ts";
import { version } from "../../ground/version.ts";
import {
	commonArgs,
	databaseArg,
	lockTimeoutArg,
	pathArg,
	toLockTimeoutMs,
	usage,
} from "../arguments/args.ts";
import { confirmOnTerminal, isTerminal } from "../confirm.ts";
import { type Context, withWorkshop } from "../context.ts";
import type { Result } from "../output.ts";
import { readArchive, requireStdinWithArchive } from "../pipes.ts";
import {
	formatComparison,
	planResult,
	restoredResult,
	undoCommand,
} from "../results/restore.ts";
import { settleToRead } from "../settle.ts";

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
		const { environment, output, now } = context;
		const startedAt = performance.now();
		const home = () => homeFolder(environment);
		const reference = args.backup ? expandHome(args.backup, home) : null;
		if (reference === null && !args.undo) throw usage("missing BACKUP");
		if (reference !== null && args.undo) {
			throw usage("--undo takes no BACKUP: it knows which one");
		}
		const flags = { database: args.database, location: args.path };
		const settings = await settleToRead(flags, context);
		const isPiped = reference === "-";
		if (isPiped) requireStdinWithArchive();
		const options = {
			reference,
			piped: isPiped ? readArchive(context.signal) : null,
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
				return planResult(plan, flags);
			}
			const isAsked = !args.yes && isTerminal();
			const confirm = async (plan: RestorePlan) => {
				if (args.yes) return true;
				workshop.pause();
				if (isAsked) {
					output.info(formatComparison(plan, flags));
					await output.warn(plan.warnings);
				}
				return confirmOnTerminal("Replace the library?", context);
			};
			const done = await restoreBackup(settings, options, workshop, confirm);
			const seconds = (performance.now() - startedAt) / 1000;
			const result = restoredResult(done, seconds, undoCommand(done, flags));
			return isAsked && done.plan.current
				? { ...result, warnings: [] }
				: result;
		});
	},
});
