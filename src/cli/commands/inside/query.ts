// vpo library query: flags → queryLibrary → print.

import { defineCommand } from "citty";
import { queryLibrary } from "../../../core/inside/query.ts";
import {
	commonArgs,
	databaseArg,
	lockTimeoutArg,
	pathArg,
	toCount,
	toLockTimeoutMs,
	toReference,
	toSeconds,
	usage,
} from "../../arguments/args.ts";
import { type Context, withWorkshop } from "../../context.ts";
import type { Result } from "../../output.ts";
import {
	csvResult,
	jsonRows,
	tableResult,
} from "../../results/inside/query.ts";
import { settleToRead } from "../../settle.ts";

const USUAL_TIMEOUT_S = 30;
/** For people. */
const USUAL_LIMIT = 1000;

export const examples = [
	"vpo library query latest 'SELECT count(*) FROM files'",
	"vpo library query live 'SELECT path FROM files ORDER BY size_bytes DESC LIMIT 9'",
	"vpo library query latest 'SELECT * FROM tracks' --csv > tracks.csv",
];

export const command = defineCommand({
	meta: {
		name: "query",
		description:
			"Ask the library in a backup with one SQL statement that only reads",
	},
	args: {
		backup: {
			type: "positional",
			required: true,
			description:
				"A path, a name or unique prefix of one in the backup folder, latest, or live: the library itself",
		},
		sql: {
			type: "positional",
			required: true,
			description: "One SELECT, VALUES, WITH, EXPLAIN or telling PRAGMA",
		},
		csv: { type: "boolean", description: "Print all rows as CSV (RFC 4180)" },
		limit: {
			type: "string",
			valueHint: "N",
			description: `Show at most N rows (default: ${USUAL_LIMIT}; with --csv or --json all)`,
		},
		timeout: {
			type: "string",
			valueHint: "SECONDS",
			description: `How long the statement may take (default: ${USUAL_TIMEOUT_S})`,
		},
		...pathArg,
		...lockTimeoutArg,
		...databaseArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { environment, output, now, signal } = context;
		const startedAt = performance.now();
		if (args.csv && output.isJson) {
			throw usage(
				"--csv and --json print different things",
				"leave one of them out",
			);
		}
		const reference = toReference(args.backup, environment);
		const timeoutMs =
			toSeconds("timeout", args.timeout, USUAL_TIMEOUT_S) * 1000;
		const limit = toCount("limit", args.limit) ?? null;
		const flags = { database: args.database, location: args.path };
		const settings = await settleToRead(flags, context);
		const options = {
			reference,
			sql: args.sql,
			timeoutMs,
			lockTimeoutMs: toLockTimeoutMs(args, settings),
			now,
		};
		const { result, source, warnings } = await withWorkshop(
			context,
			(workshop) =>
				queryLibrary(settings, options, workshop, (answer) => {
					workshop.pause();
					if (args.csv) return csvResult(answer, limit, signal);
					return output.isJson
						? jsonRows(answer, limit)
						: tableResult(answer, limit ?? USUAL_LIMIT);
				}),
		);
		const seconds = Math.round(performance.now() - startedAt) / 1000;
		const json = {
			...result.json,
			path: source,
			duration_seconds: seconds,
			warnings,
		};
		return { ...result, json, warnings };
	},
});
