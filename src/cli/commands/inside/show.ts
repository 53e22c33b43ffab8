// vpo library show: flags → showBackup → print.

import { defineCommand } from "citty";
import { showBackup } from "../../../core/inside/show.ts";
import {
	backupArg,
	commonArgs,
	databaseArg,
	pathArg,
	toReference,
} from "../../arguments/args.ts";
import { type Context, withWorkshop } from "../../context.ts";
import type { Result } from "../../output.ts";
import { shownResult } from "../../results/inside/show.ts";
import { settleToRead } from "../../settle.ts";

export const examples = [
	"vpo library show latest",
	"vpo library show 2026-02-05T143022Z --json",
];

export const command = defineCommand({
	meta: { name: "show", description: "Show all that is known of a backup" },
	args: { ...backupArg, ...pathArg, ...databaseArg, ...commonArgs },
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { environment, now } = context;
		const reference = toReference(args.backup, environment);
		const flags = { database: args.database, location: args.path };
		const settings = await settleToRead(flags, context);
		const shown = await withWorkshop(context, (workshop) =>
			showBackup(reference, settings, now, workshop),
		);
		return shownResult(shown, now);
	},
});
