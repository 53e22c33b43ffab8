// vpo library backup: flags → createBackup → print.

import { dirname } from "node:path";
import { defineCommand } from "citty";
import type { Workshop } from "../../core/archive/workshop.ts";
import { createBackup, type Unchanged } from "../../core/backup/backup.ts";
import { planBackup } from "../../core/backup/backup-plan.ts";
import type { StoredBackup } from "../../core/backup/store.ts";
import { openBackups, openLocation } from "../../core/location/open.ts";
import { copyAfter } from "../../core/upkeep/copies/copy.ts";
import { type CopyPlace, copyPlaces } from "../../core/upkeep/copies/places.ts";
import { hasRules } from "../../core/upkeep/policy.ts";
import { type Pruning, pruneAfter } from "../../core/upkeep/prune-after.ts";
import { becomeOwner } from "../../ground/rights/user.ts";
import type { Settings } from "../../ground/settings.ts";
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
	withPrunedCopies,
	withPruning,
} from "../results/backup.ts";
import { withCopies } from "../results/copies/copy.ts";

const CONFIGURED = "the rules of config.toml";

export const examples = [
	"vpo library backup",
	"vpo library backup --output /mnt/nas/vpo/ --note 'before the upgrade'",
	"vpo library backup --dry-run --json",
	"vpo library backup --output - | ssh nas 'cat > vpo.tar.gz'",
	"vpo library backup --on-failure 'mail -s \"vpo backup failed\" me@example.org'",
];

/** Whoever is told of a run is told of its interruption too. */
export const endsItself = true;

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
		// A wrong table is found now, not when the backup is done.
		const copies = copyPlaces(settings);
		const backup = await createBackup(settings, options, workshop);
		const seconds = (performance.now() - startedAt) / 1000;
		const result =
			"unchangedSince" in backup
				? unchangedResult(backup)
				: backupResult(backup, seconds, failsOnShrink);
		const isElsewhere = args.output !== undefined && !isPiped;
		const places = {
			backups: {
				location: isElsewhere
					? openLocation(dirname(pathOf(backup)), settings)
					: openBackups(settings),
				rules,
			},
			copies,
		};
		const whole = await followUp(
			result,
			args,
			places,
			settings,
			context,
			workshop,
		);
		return { ...whole, isAside: isPiped };
	});
}

// A schedule that writes elsewhere prunes there too, not where no new backup is.
function pathOf(backup: StoredBackup | Unchanged): string {
	return "unchangedSince" in backup ? backup.unchangedSince.path : backup.path;
}

interface Places {
	readonly backups: CopyPlace;
	readonly copies: readonly CopyPlace[];
}

/** What comes after a backup that stands: copies of it, then pruning, so that nothing goes before it was copied. */
async function followUp(
	result: Result,
	args: BackupArgs,
	{ backups, copies }: Places,
	settings: Settings,
	{ now }: Context,
	workshop: Workshop,
): Promise<Result> {
	let whole = result;
	// One that was put elsewhere is no part of what is copied.
	if (!args.output) {
		whole = withCopies(whole, await copyAfter(settings, now, workshop));
	}
	if (!args.prune) return whole;
	whole = withPruning(
		whole,
		await pruneAfter(backups, settings, now, workshop),
	);
	const prunings: Pruning[] = [];
	for (const place of copies.filter(({ rules }) => hasRules(rules))) {
		prunings.push(await pruneAfter(place, settings, now, workshop));
	}
	return withPrunedCopies(whole, prunings);
}
