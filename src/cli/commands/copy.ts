// vpo library copy: flags → copyBackups → print.

import { defineCommand } from "citty";
import { copyBackups } from "../../core/upkeep/copies/copy.ts";
import {
	commonArgs,
	databaseArg,
	newLocationArg,
	toPlace,
	usage,
} from "../arguments/args.ts";
import { type Context, withWorkshop } from "../context.ts";
import type { Result } from "../output.ts";
import { copyResult } from "../results/copies/copy.ts";
import { settle } from "../settle.ts";

export const examples = [
	"vpo library copy",
	"vpo library copy --dry-run",
	"vpo library copy --to s3://backups/vpo",
];

export const command = defineCommand({
	meta: {
		name: "copy",
		description: "Bring copy locations what they lack of the backups",
	},
	args: {
		to: {
			type: "string",
			valueHint: "LOCATION",
			description:
				"Only this one of config.toml's [[backup.copy]] (default: all)",
		},
		...newLocationArg,
		"dry-run": {
			type: "boolean",
			description: "Say what would be copied, copy nothing",
		},
		...databaseArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { environment, now } = context;
		const settings = await settle({ database: args.database }, environment);
		if (settings.copies.length === 0) {
			throw usage(
				"there is no copy location",
				'add one to config.toml: [[backup.copy]] to = "s3://BUCKET/PREFIX"',
			);
		}
		const options = {
			only: args.to ? toPlace(args.to, environment) : null,
			acceptsNew: args["new-location"] ?? false,
			isDryRun: args["dry-run"] ?? false,
			now,
		};
		const outcomes = await withWorkshop(context, (workshop) =>
			copyBackups(settings, options, workshop),
		);
		return copyResult(outcomes, options.isDryRun);
	},
});
