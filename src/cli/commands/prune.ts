// vpo library prune: flags → planPrune → confirm → executePrune → print.

import { defineCommand } from "citty";
import { openBackups } from "../../core/location/open.ts";
import { viewerOf } from "../../core/location/standing.ts";
import {
	executePrune,
	hiddenWarning,
	type Pruned,
	type PrunePlan,
	planPrune,
} from "../../core/upkeep/prune.ts";
import { ruleZone } from "../../core/upkeep/rules.ts";
import { ATTENTION_EXIT_CODE } from "../../ground/errors.ts";
import { commonArgs, pathArg, usage } from "../arguments/args.ts";
import { hasRule, retentionArgs, toRules } from "../arguments/retention.ts";
import type { Paint } from "../colour.ts";
import { cancelled, confirmOnTerminal, isTerminal } from "../confirm.ts";
import { type Context, withWorkshop } from "../context.ts";
import {
	formatBytes,
	formatCount,
	formatTable,
	printableLine,
} from "../format.ts";
import type { Result } from "../output.ts";
import { settle } from "../settle.ts";

export const examples = [
	"vpo library prune --keep-daily 7 --keep-weekly 4 --keep-monthly 12 --dry-run",
	"vpo library prune --keep-within 30d --keep-last 3 --yes",
	"vpo library prune --yes            (the keep_… rules of config.toml)",
];

export const command = defineCommand({
	meta: { name: "prune", description: "Remove the backups that no rule keeps" },
	args: {
		...retentionArgs,
		utc: {
			type: "boolean",
			description: "Days and weeks begin in UTC, not in local time",
		},
		yes: { type: "boolean", alias: "y", description: "Remove without asking" },
		"dry-run": {
			type: "boolean",
			description: "Show the plan, remove nothing",
		},
		...pathArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { environment, now, output, signal } = context;
		const settings = await settle({ location: args.path }, environment);
		const rules = toRules(args, settings);
		if (!hasRule(rules)) {
			throw usage(
				"no rule is given, so nothing would be removed",
				"give one, such as --keep-daily 7, or set keep_daily in [backup] of config.toml",
			);
		}
		return withWorkshop(context, async ({ pool }) => {
			const location = openBackups(settings);
			if (settings.origins.location !== "default") {
				await location.requirePresent(signal);
			}
			const timeZone = ruleZone(args.utc ?? settings.backup.utc);
			const viewer = await viewerOf(settings, now);
			const options = { location, rules, timeZone, viewer, pool, signal };
			const plan = await planPrune(options);
			if (args["dry-run"]) return planResult(plan);
			if (plan.remove.length > 0 && !args.yes) {
				if (isTerminal()) output.info(formatPlan(plan), PAINT);
				const question = `Remove ${countBackups(plan.remove.length)}?`;
				if (!(await confirmOnTerminal(question, context))) throw cancelled();
			}
			return prunedResult(plan, await executePrune(plan, signal));
		});
	},
});

const PAINT: Paint = [[/^(remove|leave)(?= )/gm, "yellow"]];

function formatPlan({ keep, remove, untouched }: PrunePlan): string {
	const rows = [
		...keep.map(({ name, reasons }) => ["keep", name, reasons.join(", ")]),
		...remove.map(({ name, reason }) => ["remove", name, reason]),
		...untouched.map(({ name, reason }) => ["leave", name, reason]),
	];
	const columns = ["PLAN", "BACKUP", "REASON"].map((title) => ({
		title,
		align: "left" as const,
	}));
	return formatTable(
		columns,
		rows.map((row) => row.map(printableLine)),
	);
}

function planResult(plan: PrunePlan): Result {
	const { location, remove, keep } = plan;
	const bytes = remove.reduce((sum, { file }) => sum + file.sizeBytes, 0);
	const total = `Dry run, nothing is removed: ${countBackups(remove.length)} of ${formatCount(remove.length + keep.length)} would go, ${formatBytes(bytes)}`;
	return {
		text: `${formatPlan(plan)}\n${total}`,
		paint: PAINT,
		json: {
			dry_run: true,
			directory: location.address,
			...planJson(plan),
			freed_bytes: bytes,
		},
	};
}

function prunedResult(plan: PrunePlan, pruned: Pruned): Result {
	const { hidden, left, isStuck, freedBytes } = pruned;
	const removed = [...pruned.removed, ...hidden];
	const { location, keep } = plan;
	const what =
		removed.length === 0
			? "Nothing to remove"
			: `Removed ${countBackups(removed.length)}, ${formatBytes(freedBytes)}`;
	return {
		text: `${formatPlan(plan)}\n${what}; ${formatCount(keep.length)} kept in ${printableLine(location.address)}`,
		paint: PAINT,
		warnings: [
			...left.map(({ name, reason }) => `left ${name}: ${reason}`),
			...[hiddenWarning(pruned) ?? []].flat(),
		],
		exitCode: isStuck ? ATTENTION_EXIT_CODE : 0,
		json: {
			success: true,
			directory: location.address,
			...planJson(plan),
			removed: removed.map(({ name }) => name),
			hidden: hidden.map(({ name }) => name),
			left,
			freed_bytes: freedBytes,
		},
	};
}

function planJson({ keep, remove, untouched }: PrunePlan): object {
	return {
		keep,
		remove: remove.map(({ name, reason, file, createdAt }) => ({
			name,
			reason,
			path: file.path,
			created_at: createdAt,
			archive_size_bytes: file.sizeBytes,
		})),
		untouched,
	};
}

function countBackups(count: number): string {
	return `${formatCount(count)} ${count === 1 ? "backup" : "backups"}`;
}
