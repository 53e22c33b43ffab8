// vpo library diff: flags → diffLibraries → print.

import { defineCommand } from "citty";
import { diffLibraries } from "../../../core/inside/diff.ts";
import { LIVE } from "../../../core/inside/view.ts";
import {
	commonArgs,
	databaseArg,
	lockTimeoutArg,
	pathArg,
	toLockTimeoutMs,
	toReference,
} from "../../arguments/args.ts";
import { toLimit, toMediaPath, underArg } from "../../arguments/inside.ts";
import { type Context, withWorkshop } from "../../context.ts";
import type { Result } from "../../output.ts";
import { diffResult } from "../../results/inside/diff.ts";
import { settleToRead } from "../../settle.ts";

/** For people. A document has them all. */
const USUAL_LIMIT = 50;

export const examples = [
	"vpo library diff latest",
	"vpo library diff 2026-02-04T030000Z 2026-02-05T030000Z",
	"vpo library diff latest --under /media/tv/Firefly",
	"vpo library diff latest --table tracks --limit 500",
];

export const command = defineCommand({
	meta: {
		name: "diff",
		description:
			"Show what changed from a backup to the library, or another backup",
	},
	args: {
		old: {
			type: "positional",
			required: true,
			description:
				"A path, a name or unique prefix of one in the backup folder, or latest",
		},
		new: {
			type: "positional",
			required: false,
			description: "Another one (default: live, the library as it is)",
		},
		table: {
			type: "string",
			valueHint: "TABLE",
			description: "List the rows of a table instead of the files",
		},
		...underArg,
		limit: {
			type: "string",
			valueHint: "N",
			description: `List at most N (default: ${USUAL_LIMIT}; with --json all)`,
		},
		...pathArg,
		...lockTimeoutArg,
		...databaseArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { environment, output, now } = context;
		const flags = { database: args.database, location: args.path };
		const limit = toLimit(args.limit, USUAL_LIMIT, output);
		const table = args.table ?? null;
		const under = toMediaPath("--under", args.under);
		const old = toReference(args.old, environment);
		const fresh = args.new ? toReference(args.new, environment) : LIVE;
		const settings = await settleToRead(flags, context);
		const options = {
			old,
			new: fresh,
			under,
			list: { table, limit },
			lockTimeoutMs: toLockTimeoutMs(args, settings),
			now,
		};
		const diff = await withWorkshop(context, (workshop) =>
			diffLibraries(settings, options, workshop),
		);
		return diffResult(diff, table, under);
	},
});
