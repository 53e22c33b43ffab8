// vpo library prune: flags → planPrune → confirm → executePrune → print.

import { defineCommand } from "citty";
import type { Location } from "../../core/location/location.ts";
import { openBackups } from "../../core/location/open.ts";
import { viewerOf } from "../../core/location/standing.ts";
import { type CopyPlace, copyPlaces } from "../../core/upkeep/copies/places.ts";
import { hasRules } from "../../core/upkeep/policy.ts";
import { executePrune } from "../../core/upkeep/prune.ts";
import {
	heldUp,
	type PrunePlan,
	planPrune,
} from "../../core/upkeep/pruning/plan.ts";
import { ruleZone } from "../../core/upkeep/rules.ts";
import { AppError } from "../../ground/errors.ts";
import type { Settings } from "../../ground/settings.ts";
import { commonArgs, databaseArg, pathArg, usage } from "../arguments/args.ts";
import {
	givenRule,
	type RetentionFlags,
	retentionArgs,
	toRules,
} from "../arguments/retention.ts";
import { cancelled, confirmOnTerminal, isTerminal } from "../confirm.ts";
import { type Context, withWorkshop } from "../context.ts";
import type { Result } from "../output.ts";
import {
	countBackups,
	type DonePlan,
	formatPlans,
	PLAN_PAINT,
	planResult,
	prunedResult,
} from "../results/prune.ts";
import { settle } from "../settle.ts";

export const examples = [
	"vpo library prune --keep-daily 7 --keep-weekly 4 --keep-monthly 12 --dry-run",
	"vpo library prune --keep-within 30d --keep-last 3 --yes",
	"vpo library prune --yes",
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
		"trust-clock": {
			type: "boolean",
			description: "Prune though the times of the backups contradict the clock",
		},
		...pathArg,
		...databaseArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { environment, now, output, signal } = context;
		const flags = { database: args.database, location: args.path };
		const settings = await settle(flags, environment);
		const places = placesOf(args, settings);
		return withWorkshop(context, async (workshop) => {
			const timeZone = ruleZone(args.utc ?? settings.backup.utc);
			const viewer = await viewerOf(settings, now);
			const how = {
				timeZone,
				viewer,
				settings,
				trustsClock: args["trust-clock"] ?? false,
				isDryRun: args["dry-run"] ?? false,
			};
			const planned: PrunePlan[] = [];
			const problems: string[] = [];
			for (const { location, rules } of places) {
				try {
					if (!isDefault(location, settings)) {
						await location.requirePresent(signal);
					}
					const options = { ...how, location, rules };
					planned.push(await planPrune(options, workshop));
				} catch (error) {
					// One location that can't be reached does not keep the others from being pruned.
					problems.push(problemOf(error, places.length, signal));
				}
			}
			workshop.pause();
			if (how.isDryRun) return planResult(planned, problems);
			const plans = planned.map(heldUp);
			const count = plans.reduce((sum, { remove }) => sum + remove.length, 0);
			if (count > 0 && !args.yes) {
				if (isTerminal()) output.info(formatPlans(plans), PLAN_PAINT);
				const question = `Remove ${countBackups(count)}?`;
				if (!(await confirmOnTerminal(question, context))) throw cancelled();
			}
			const done: DonePlan[] = [];
			for (const plan of plans) {
				done.push({ plan, pruned: await executePrune(plan, signal) });
			}
			return prunedResult(done, problems);
		});
	},
});

/**
 * What is pruned: the location that is named, by the rules that are; else all of config.toml, each by its own.
 * @throws AppError USAGE: no rule for any; CONFIG_ERROR
 */
function placesOf(
	args: RetentionFlags & { readonly path?: string | undefined },
	settings: Settings,
): CopyPlace[] {
	const isOne = args.path !== undefined || givenRule(args) !== undefined;
	const location = openBackups(settings);
	const copies = copyPlaces(settings);
	// A copy location that is named by its path has its own rules.
	const own = copies.find((copy) => copy.location.address === location.address);
	const rules =
		own && givenRule(args) === undefined ? own.rules : toRules(args, settings);
	const places = [{ location, rules }, ...(isOne ? [] : copies)].filter(
		(place) => hasRules(place.rules),
	);
	if (places.length > 0) return places;
	throw usage(
		"no rule is given, so nothing would be removed",
		"give one, such as --keep-daily 7, or set keep_daily in [backup] of config.toml",
	);
}

/** Of the default folder alone it is no news that it is not there yet. */
function isDefault({ address }: Location, settings: Settings): boolean {
	return (
		settings.origins.location === "default" && address === settings.location
	);
}

function problemOf(
	error: unknown,
	placeCount: number,
	signal: AbortSignal,
): string {
	signal.throwIfAborted();
	if (placeCount === 1 || !(error instanceof AppError)) throw error;
	return `not pruned: ${error.message}`;
}
