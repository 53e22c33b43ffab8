// vpo library backup: flags → createBackup → print.

import { defineCommand } from "citty";
import { createBackup } from "../../core/backup/backup.ts";
import { planBackup } from "../../core/backup/backup-plan.ts";
import { pruneAfter } from "../../core/upkeep/prune-after.ts";
import { becomeOwner } from "../../ground/rights/user.ts";
import {
	type BackupArgs,
	backupArgs,
	readRequest,
} from "../arguments/backup.ts";
import { givenRule } from "../arguments/retention.ts";
import { type Context, withWorkshop } from "../context.ts";
import { notified } from "../notify.ts";
import type { Result } from "../output.ts";
import { requireStdoutForArchive } from "../pipes.ts";
import {
	backupResult,
	planResult,
	unchangedResult,
	withPruning,
} from "../results/backup.ts";

const CONFIGURED = "the rules of config.toml";

export const examples = [
	"vpo library backup",
	"vpo library backup --output /mnt/nas/vpo/ --note 'before the upgrade'",
	"vpo library backup --dry-run --json",
	"vpo library backup --output - | ssh nas 'cat > vpo.tar.gz'",
	"vpo library backup --on-failure 'mail -s \"vpo backup failed\" me@example.org'",
];

export const command = defineCommand({
	meta: { name: "backup", description: "Back up the library" },
	args: backupArgs,
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		return notified(context, args, () => backUp(args, context));
	},
});

async function backUp(args: BackupArgs, context: Context): Promise<Result> {
	const startedAt = performance.now();
	const { settings, rules, failsOnShrink, options } = await readRequest(
		args,
		context,
	);
	await becomeOwner(settings.databasePath);
	return withWorkshop(context, async (workshop) => {
		if (args["dry-run"]) {
			const plan = await planBackup(settings, options, workshop);
			const origin = givenRule(args) ? "the rules given" : CONFIGURED;
			return planResult(plan, args.prune ? origin : null);
		}
		const isPiped = options.pipe !== null;
		if (isPiped) requireStdoutForArchive(context.output.isJson);
		const backup = await createBackup(settings, options, workshop);
		const seconds = (performance.now() - startedAt) / 1000;
		const result =
			"unchangedSince" in backup
				? unchangedResult(backup)
				: backupResult(backup, seconds, failsOnShrink);
		if (!args.prune) return { ...result, isAside: isPiped };
		const pruning = await pruneAfter(settings, rules, context.now, workshop);
		return { ...withPruning(result, pruning), isAside: isPiped };
	});
}
