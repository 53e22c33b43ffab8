// vpo library pin: flags → changePin → print.

import { defineCommand } from "citty";
import { openBackups } from "../../core/location/open.ts";
import { changePin, type Pin } from "../../core/location/pin.ts";
import { viewerOf } from "../../core/location/standing.ts";
import {
	backupArg,
	commonArgs,
	databaseArg,
	pathArg,
	toNote,
	toReference,
} from "../arguments/args.ts";
import type { Context } from "../context.ts";
import { formatFields, printableLine } from "../format.ts";
import type { Result } from "../output.ts";
import { settle } from "../settle.ts";

export const examples = [
	"vpo library pin latest --note 'before the great renaming'",
	"vpo library pin 2026-02-05T143022Z",
	"vpo library unpin 2026-02-05T143022Z",
];

export const command = defineCommand({
	meta: {
		name: "pin",
		description: "Keep a backup, whatever prune's rules say",
	},
	args: {
		...backupArg,
		note: {
			type: "string",
			valueHint: "TEXT",
			description: "Why it is kept, shown in the list",
		},
		"dry-run": { type: "boolean", description: "Say what would be pinned" },
		...pathArg,
		...databaseArg,
		...commonArgs,
	},
	run({ args, data }): Promise<Result> {
		const note = toNote(args.note);
		return runPin(args, data as Context, { isPinned: true, note });
	},
});

/** What pin and unpin are given alike. */
interface PinArgs {
	readonly backup: string;
	readonly path?: string | undefined;
	readonly database?: string | undefined;
	readonly "dry-run"?: boolean | undefined;
}

/** Pins a backup or leaves it to the rules again. */
export async function runPin(
	args: PinArgs,
	{ environment, now, signal }: Context,
	wanted: { readonly isPinned: boolean; readonly note: string | null },
): Promise<Result> {
	const reference = toReference(args.backup, environment);
	const flags = { database: args.database, location: args.path };
	const settings = await settle(flags, environment);
	const backups = openBackups(settings);
	const viewer = await viewerOf(settings, now);
	const isDryRun = args["dry-run"] ?? false;
	const change = { ...wanted, isDryRun };
	const pin = await changePin(reference, backups, viewer, change, signal);
	return pinResult(pin, isDryRun);
}

/** What a change of a pin, or a dry run of one, is reported as. */
function pinResult(pin: Pin, isDryRun: boolean): Result {
	const { filename, path, isPinned, note } = pin;
	const head = `${isDryRun ? "Dry run, nothing is changed. " : ""}${outcome(pin)}: ${printableLine(path)}`;
	const fields = note === null ? [] : [["Note", printableLine(note)] as const];
	return {
		text: fields.length > 0 ? `${head}\n${formatFields(fields)}` : head,
		json: {
			...(isDryRun ? { dry_run: true } : { success: true }),
			filename,
			path,
			pinned: isPinned,
			note,
		},
	};
}

function outcome({ isPinned, wasPinned }: Pin): string {
	if (isPinned) return wasPinned ? "Pinned already" : "Pinned";
	return wasPinned ? "No longer pinned" : "Not pinned";
}
