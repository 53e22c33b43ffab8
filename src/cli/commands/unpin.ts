// vpo library unpin: flags → changePin → print.

import { defineCommand } from "citty";
import {
	backupArg,
	commonArgs,
	databaseArg,
	pathArg,
} from "../arguments/args.ts";
import type { Context } from "../context.ts";
import type { Result } from "../output.ts";
import { runPin } from "./pin.ts";

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
	run({ args, data }): Promise<Result> {
		return runPin(args, data as Context, { isPinned: false, note: null });
	},
});
