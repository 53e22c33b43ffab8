// vpo library backups: flags → listBackups → print.

import { defineCommand } from "citty";
import {
	type Backup,
	listBackups,
	PRE_RESTORE,
	shortName,
} from "../core/catalog.ts";
import { resolveSettings } from "../settings.ts";
import { commonArgs, pathArg } from "./args.ts";
import type { Context } from "./context.ts";
import {
	type Column,
	formatAge,
	formatCount,
	formatSize,
	formatTable,
	formatTime,
	printableLine,
	shellQuote,
	withoutPath,
} from "./format.ts";
import type { Result } from "./output.ts";

export const examples = [
	"vpo library backups",
	"vpo library backups --path /mnt/nas/vpo",
	"vpo library backups --json",
];

export const command = defineCommand({
	meta: { name: "backups", description: "List the backups, newest first" },
	args: { ...pathArg, ...commonArgs },
	async run({ args, data }): Promise<Result> {
		const { environment, now, signal } = data as Context;
		const { backupDir } = resolveSettings(
			{ backupDir: args.path },
			environment,
		);
		const backups = await listBackups(backupDir, signal);
		const makeOne = args.path
			? `vpo library backup --output ${shellQuote(asFolder(args.path))}`
			: "vpo library backup";
		return listResult(backupDir, backups, makeOne, now);
	},
});

// The name comes last: a long one, or one in wide characters, then spoils no column.
const COLUMNS: readonly Column[] = [
	{ title: "CREATED", align: "left" },
	{ title: "AGE", align: "left" },
	{ title: "ARCHIVE", align: "right" },
	{ title: "FILES", align: "right" },
	{ title: "LIBRARY", align: "right" },
	{ title: "SCHEMA", align: "right" },
	{ title: "NAME", align: "left" },
];

function listResult(
	directory: string,
	backups: readonly Backup[],
	makeOne: string,
	now: Date,
): Result {
	const totalBytes = backups.reduce(
		(sum, { archiveSizeBytes }) => sum + (archiveSizeBytes ?? 0),
		0,
	);
	const damaged = backups.filter(({ error }) => error !== null).length;
	const total = [
		`${formatCount(backups.length)} ${backups.length === 1 ? "backup" : "backups"}`,
		formatSize(totalBytes),
		...(damaged > 0 ? [`${damaged} damaged or unreadable`] : []),
	];
	return {
		text:
			backups.length === 0
				? `No backups in ${printableLine(directory)}.\nMake one: ${makeOne}`
				: [
						formatTable(
							COLUMNS,
							backups.map((backup) => toRow(backup, now)),
							backups.map((backup) => [toRemark(backup) ?? []].flat()),
						),
						`${total.join(", ")} in ${printableLine(directory)}`,
					].join("\n"),
		json: {
			directory,
			total_count: backups.length,
			total_size_bytes: totalBytes,
			backups: backups.map(toJson),
		},
	};
}

function asFolder(path: string): string {
	return path.endsWith("/") ? path : `${path}/`;
}

function toRow(
	{ filename, createdAt, archiveSizeBytes, metadata }: Backup,
	now: Date,
): string[] {
	return [
		createdAt === null ? "?" : formatTime(createdAt),
		createdAt === null ? "?" : formatAge(createdAt, now),
		formatSize(archiveSizeBytes),
		metadata ? formatCount(metadata.fileCount) : "?",
		formatSize(metadata?.databaseSizeBytes ?? null),
		metadata ? String(metadata.schemaVersion) : "?",
		printableLine(shortName(filename)),
	];
}

// What a person should know of this one, on a line below it.
function toRemark({ path, metadata, error }: Backup): string | null {
	if (error !== null) {
		return `! ${printableLine(withoutPath(error, path))}`;
	}
	const note = metadata?.own?.note;
	if (note) return `note: ${printableLine(note)}`;
	return metadata?.own?.kind === PRE_RESTORE
		? "what a restore replaced; put it back: vpo library restore --undo"
		: null;
}

function toJson({
	filename,
	path,
	createdAt,
	archiveSizeBytes,
	metadata,
	error,
}: Backup): object {
	return {
		filename,
		path,
		created_at: createdAt,
		archive_size_bytes: archiveSizeBytes,
		database_size_bytes: metadata?.databaseSizeBytes ?? null,
		file_count: metadata?.fileCount ?? null,
		schema_version: metadata?.schemaVersion ?? null,
		vpo_version: metadata?.vpoVersion ?? null,
		total_library_size_bytes: metadata?.totalLibrarySizeBytes ?? null,
		note: metadata?.own?.note ?? null,
		kind: metadata?.own?.kind ?? null,
		valid: error === null,
		error,
	};
}
