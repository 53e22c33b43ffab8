// vpo library unpin: flags → changePin → print.

import { defineCommand } from "citty";
import { openBackups } from "../../core/location/open.ts";
import { changePin } from "../../core/location/pin.ts";
import { viewerOf } from "../../core/location/standing.ts";
import {
	backupArg,
	commonArgs,
	databaseArg,
	pathArg,
	toReference,
} from "../arguments/args.ts";
import type { Context } from "../context.ts";
import type { Result } from "../output.ts";
import { settle } from "../settle.ts";
import { pinResult } from "./pin.ts";

export const examples = [
	"vpo library unpin latest",
	"vpo library unpin 2026-02-05T143022Z",
];

export const command = defineCommand({
	meta: { name: "unpin", description: "Leave a backup to prune's rules again" },
	args: {
		...backupArg,
		"dry-run": { type: "boolean", description: "Say what would be unpinned" },
		...pathArg,
		...databaseArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const { environment, now, signal } = data as Context;
		const reference = toReference(args.backup, environment);
		const flags = { database: args.database, location: args.path };
		const settings = await settle(flags, environment);
		const backups = openBackups(settings);
		const viewer = await viewerOf(settings, now);
		const isDryRun = args["dry-run"] ?? false;
		const change = { isPinned: false, note: null, isDryRun };
		const pin = await changePin(reference, backups, viewer, change, signal);
		return pinResult(pin, isDryRun);
	},
});
