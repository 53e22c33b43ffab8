// vpo library restore: flags → restoreBackup → print.

import { defineCommand } from "citty";
import {
	type MissingPlan,
	planMissing,
	restoreMissing,
} from "../../core/inside/only-missing.ts";
import {
	planRestore,
	type RestoredLibrary,
	restoreBackup,
} from "../../core/restore/restore.ts";
import type { RestorePlan } from "../../core/restore/restore-plan.ts";
import { expandHome, homeFolder } from "../../ground/settings.ts";
import { version } from "../../ground/version.ts";
import {
	commonArgs,
	databaseArg,
	lockTimeoutArg,
	newLocationArg,
	pathArg,
	toLockTimeoutMs,
	usage,
} from "../arguments/args.ts";
import { toMediaPath, underMissingArg } from "../arguments/inside.ts";
import { confirmOnTerminal, isTerminal } from "../confirm.ts";
import { type Context, withWorkshop } from "../context.ts";
import type { Result } from "../output.ts";
import { readArchive, requireStdinWithArchive } from "../pipes.ts";
import {
	formatMissing,
	missingPlanResult,
	missingResult,
} from "../results/only-missing.ts";
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
	"vpo library restore latest --only-missing --under '/media/tv/Firefly'",
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
		"only-missing": {
			type: "boolean",
			description: "Bring back what the library has lost, keep all that it has",
		},
		...underMissingArg,
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
		...newLocationArg,
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
		const under = toMediaPath("--under", args.under);
		if (under !== null && !args["only-missing"]) {
			throw usage("--under is for --only-missing");
		}
		if (args["only-missing"] && args["allow-newer-schema"]) {
			throw usage("--only-missing takes rows of the same schema only");
		}
		const flags = { database: args.database, location: args.path };
		const settings = await settleToRead(flags, context);
		const isAsked = !args.yes && isTerminal();
		const isPiped = reference === "-";
		if (isPiped) requireStdinWithArchive();
		const options = {
			reference,
			piped: isPiped ? readArchive(context.signal) : null,
			allowNewerSchema: args["allow-newer-schema"] ?? false,
			acceptsNew: args["new-location"] ?? false,
			safetyBackup: args["safety-backup"],
			comparesContent: isAsked || args["dry-run"] === true,
			lockTimeoutMs: toLockTimeoutMs(args, settings),
			startedAt: now,
			vpoVersion: version,
		};
		// Resolves to whether to go on.
		const ask = async (
			question: string,
			text: string,
			warnings: readonly string[],
		) => {
			if (args.yes) return true;
			if (isAsked) {
				output.info(text);
				await output.warn(warnings);
			}
			return confirmOnTerminal(question, context);
		};
		const seconds = () => (performance.now() - startedAt) / 1000;
		if (args["only-missing"]) {
			const wanted = { ...options, under };
			return withWorkshop(context, async (workshop) => {
				if (args["dry-run"]) {
					return missingPlanResult(
						await planMissing(settings, wanted, workshop),
					);
				}
				const confirm = (found: MissingPlan) => {
					workshop.pause();
					const { warnings } = found.plan;
					return ask("Bring them back?", formatMissing(found), warnings);
				};
				const done = await restoreMissing(settings, wanted, workshop, confirm);
				const undo = undoCommand(done, flags);
				const result = missingResult(done, seconds(), undo);
				return isAsked && done.safetyBackup ? newOf(result, done) : result;
			});
		}
		return withWorkshop(context, async (workshop) => {
			if (args["dry-run"]) {
				const plan = await planRestore(settings, options, workshop);
				return planResult(plan, flags);
			}
			const confirm = (plan: RestorePlan) => {
				workshop.pause();
				const text = formatComparison(plan, flags);
				return ask("Replace the library?", text, plan.warnings);
			};
			const done = await restoreBackup(settings, options, workshop, confirm);
			const undo = undoCommand(done, flags);
			const result = restoredResult(done, seconds(), undo);
			return isAsked && done.plan.current ? newOf(result, done) : result;
		});
	},
});

/** The result without the warnings that came with the question. */
function newOf(
	result: Result,
	{ plan, warnings }: Pick<RestoredLibrary, "plan" | "warnings">,
): Result {
	return { ...result, warnings: warnings.slice(plan.warnings.length) };
}
