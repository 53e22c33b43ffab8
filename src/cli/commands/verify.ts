// vpo library verify: flags → verifyBackups → print.

import { defineCommand } from "citty";
import { openBackups } from "../../core/location/open.ts";
import { otherPlaces } from "../../core/upkeep/copies/places.ts";
import { verifyBackups } from "../../core/upkeep/verify.ts";
import {
	commonArgs,
	databaseArg,
	pathArg,
	toCount,
	toReference,
	usage,
} from "../arguments/args.ts";
import { type Context, withWorkshop } from "../context.ts";
import type { Result } from "../output.ts";
import { verifyResult } from "../results/verify.ts";
import { settleToRead } from "../settle.ts";

export const examples = [
	"vpo library verify",
	"vpo library verify latest",
	"vpo library verify --repair",
	"vpo library verify --oldest 3",
	"vpo library verify /mnt/nas/vpo/before-upgrade.tar.gz",
];

export const command = defineCommand({
	meta: {
		name: "verify",
		description: "Prove that backups can be restored, without restoring them",
	},
	args: {
		"backup…": {
			type: "positional",
			required: false,
			description:
				"Paths, names or unique prefixes of some in the backup folder, or latest (default: all in the backup folder)",
		},
		oldest: {
			type: "string",
			valueHint: "N",
			description: "Only the N that were verified longest ago",
		},
		repair: {
			type: "boolean",
			description:
				"Mend damaged ones from another location that has them whole; what was there stays as ….damaged",
		},
		...pathArg,
		...databaseArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { environment } = context;
		const startedAt = performance.now();
		const references = args._.map((text) => toReference(text, environment));
		if (args.oldest && references.length > 0) {
			throw usage("--oldest takes no BACKUP: it chooses them");
		}
		const { database } = args;
		const settings = await settleToRead(
			{ database, location: args.path },
			context,
		);
		const options = {
			references,
			oldest: toCount("oldest", args.oldest) ?? null,
			clock: () => new Date(),
			menders: args.repair
				? otherPlaces(
						await settleToRead({ database }, context),
						openBackups(settings).address,
					)
				: null,
		};
		const verification = await withWorkshop(context, (workshop) =>
			verifyBackups(settings, options, workshop),
		);
		const seconds = (performance.now() - startedAt) / 1000;
		return verifyResult(verification, seconds);
	},
});
