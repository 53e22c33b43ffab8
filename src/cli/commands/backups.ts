// vpo library backups: flags → listBackups → print.

import { defineCommand } from "citty";
import {
	type Backup,
	backupsByName,
	readCatalog,
} from "../../core/location/catalog.ts";
import { openBackups } from "../../core/location/open.ts";
import { viewerOf } from "../../core/location/standing.ts";
import {
	type PlaceStanding,
	standingOfCopies,
} from "../../core/upkeep/copies/overview.ts";
import { AppError } from "../../ground/errors.ts";
import { ownCommand } from "../../ground/program.ts";
import {
	commonArgs,
	databaseArg,
	pathArg,
	toCount,
	toMoment,
} from "../arguments/args.ts";
import type { Context } from "../context.ts";
import { printableLine, shellQuote } from "../format.ts";
import type { Result } from "../output.ts";
import { standingJson, standingLine } from "../results/copies/standing.ts";
import {
	formatList,
	LIST_PAINT,
	type Shown,
	totalBytes,
} from "../results/list.ts";
import { settleToRead } from "../settle.ts";

export const examples = [
	"vpo library backups",
	"vpo library backups --path /mnt/nas/vpo",
	"vpo library backups --json",
];

export const command = defineCommand({
	meta: { name: "backups", description: "List the backups, newest first" },
	args: {
		...pathArg,
		names: {
			type: "boolean",
			description: "Print only their names, without a look into them",
		},
		limit: {
			type: "string",
			valueHint: "N",
			description: "Only the N newest",
		},
		since: {
			type: "string",
			valueHint: "WHEN",
			description:
				"Only those made since then: 30d, 2026-02-05, '2026-02-05 14:30'",
		},
		...databaseArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { now, signal } = context;
		const flags = { database: args.database, location: args.path };
		const settings = await settleToRead(flags, context);
		const location = openBackups(settings);
		const { address } = location;
		if (settings.origins.location !== "default") {
			await location.requirePresent(signal);
		}
		if (args.names) {
			const found = await backupsByName(location, signal);
			return namesResult(
				address,
				found.map(({ name }) => name),
			);
		}
		const viewer = await viewerOf(settings, now);
		const catalog = await readCatalog(location, viewer, signal);
		const { backups, state } = catalog;
		const warnings = state.warning === null ? [] : [state.warning];
		// Who names one location wants to see that one.
		const copies = args.path
			? []
			: await standingOfCopies(settings, catalog, viewer, signal).catch(
					(error) => withoutCopies(error, warnings),
				);
		const lines = copies.map((standing) => standingLine(standing, now));
		const { limit, since } = args;
		const shown = {
			backups: choose(backups, toCount("limit", limit), since, now),
			totalCount: backups.length,
			totalBytes: totalBytes(backups),
		};
		const json = toJson(address, shown, copies, warnings);
		if (backups.length > 0) {
			const text = [formatList(address, shown, now), ...lines].join("\n");
			return { text, paint: LIST_PAINT, json, warnings };
		}
		const makeOne = args.path
			? ownCommand(`backup --output ${shellQuote(asFolder(args.path))}`)
			: ownCommand("backup");
		const none = `No backups in ${printableLine(address)}.`;
		const text = [none, ...lines, `Make one: ${makeOne}`].join("\n");
		return { text, json, warnings };
	},
});

// What is wrong in config.toml about the copies keeps nobody from the list.
function withoutCopies(error: unknown, warnings: string[]): [] {
	if (!(error instanceof AppError && error.code === "CONFIG_ERROR")) {
		throw error;
	}
	warnings.push(error.message);
	return [];
}

function namesResult(directory: string, names: readonly string[]): Result {
	// One a line: a name with a line break in it would look like two.
	const lines = names.filter((name) => name === printableLine(name));
	return { text: lines.join("\n"), json: { directory, names } };
}

function choose(
	backups: readonly Backup[],
	limit: number | undefined,
	since: string | undefined,
	now: Date,
): readonly Backup[] {
	const start = since === undefined ? null : toMoment("since", since, now);
	const young = backups.filter(
		({ createdAt }) =>
			start === null || (createdAt !== null && Date.parse(createdAt) >= start),
	);
	return young.slice(0, limit);
}

function asFolder(path: string): string {
	return path.endsWith("/") ? path : `${path}/`;
}

function toJson(
	directory: string,
	{ backups, totalCount, totalBytes }: Shown,
	copies: readonly PlaceStanding[],
	warnings: readonly string[],
): object {
	return {
		directory,
		total_count: totalCount,
		total_size_bytes: totalBytes,
		backups: backups.map(entryJson),
		copies: copies.map(standingJson),
		warnings,
	};
}

function entryJson({
	metadata,
	error,
	doubt,
	remembered,
	...backup
}: Backup): object {
	const own = metadata?.own;
	const { verifiedAt, verifiedError, confirmedAt, pinned, note } = remembered;
	return {
		filename: backup.filename,
		path: backup.path,
		created_at: backup.createdAt,
		archive_size_bytes: backup.archiveSizeBytes,
		database_size_bytes: metadata?.databaseSizeBytes ?? null,
		file_count: metadata?.fileCount ?? null,
		schema_version: metadata?.schemaVersion ?? null,
		vpo_version: metadata?.vpoVersion ?? null,
		total_library_size_bytes: metadata?.totalLibrarySizeBytes ?? null,
		note: own?.note ?? null,
		kind: own?.kind ?? null,
		valid: error === null && verifiedError === null,
		error: error ?? verifiedError,
		verified_at: verifiedAt,
		verified_error: verifiedError,
		confirmed_at: confirmedAt,
		pinned,
		pin_note: note,
		library_id: own?.libraryId ?? null,
		counts: doubt === null,
		passed_over: doubt?.reason ?? null,
		warnings: own?.shrinkWarning ? [own.shrinkWarning] : [],
	};
}
