// vpo library log: flags → logPath → print.

import { defineCommand } from "citty";
import { logPath } from "../../../core/inside/log.ts";
import {
	commonArgs,
	databaseArg,
	lockTimeoutArg,
	pathArg,
	toLockTimeoutMs,
	usage,
} from "../../arguments/args.ts";
import { toLimit, toMediaPath } from "../../arguments/inside.ts";
import { type Context, withWorkshop } from "../../context.ts";
import type { Result } from "../../output.ts";
import { logResult } from "../../results/inside/log.ts";
import { settleToRead } from "../../settle.ts";

/** For people. A document has them all. */
const USUAL_LIMIT = 5;

export const examples = [
	"vpo library log '/media/tv/Firefly/Firefly - S01E01.mkv'",
	"vpo library log /media/tv/Firefly",
	"vpo library log /media/tv --path s3://bucket/vpo --limit 50",
];

export const command = defineCommand({
	meta: {
		name: "log",
		description: "Show the history of a video file or folder over all backups",
	},
	args: {
		file: {
			type: "positional",
			required: true,
			description: "A video file or a folder, as the library has it",
		},
		limit: {
			type: "string",
			valueHint: "N",
			description: `Name at most N files of each backup (default: ${USUAL_LIMIT}; with --json all)`,
		},
		...pathArg,
		...lockTimeoutArg,
		...databaseArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { output, now } = context;
		const path = toMediaPath("FILE", args.file);
		if (path === null) throw usage("missing FILE");
		const flags = { database: args.database, location: args.path };
		const limit = toLimit(args.limit, USUAL_LIMIT, output);
		const settings = await settleToRead(flags, context);
		const options = {
			path,
			limit,
			lockTimeoutMs: toLockTimeoutMs(args, settings),
			now,
		};
		const log = await withWorkshop(context, (workshop) =>
			logPath(settings, options, workshop),
		);
		return logResult(log, flags);
	},
});
