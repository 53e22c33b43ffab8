// vpo library extract: flags → extractLibrary → print.

import { defineCommand } from "citty";
import {
	type ExtractedLibrary,
	extractLibrary,
} from "../../../core/inside/extract.ts";
import {
	backupArg,
	commonArgs,
	pathArg,
	toPath,
	toReference,
	usage,
} from "../../arguments/args.ts";
import { type Context, withWorkshop } from "../../context.ts";
import {
	formatBytes,
	formatCount,
	formatFields,
	formatTime,
	printableLine,
} from "../../format.ts";
import type { Result } from "../../output.ts";
import { requireStdoutForArchive, writeArchive } from "../../pipes.ts";
import { settleToRead } from "../../settle.ts";

const STDOUT = "-";
const LIBRARY = { what: "library", flag: "--to -" } as const;

export const examples = [
	"vpo library extract latest --to /tmp/library.db",
	"vpo library extract 2026-02-05T143022Z --to - | ssh nas 'cat > library.db'",
];

export const command = defineCommand({
	meta: {
		name: "extract",
		description: "Write the library in a backup to a file of its own",
	},
	args: {
		...backupArg,
		to: {
			type: "string",
			valueHint: "FILE",
			description: "A file that is not there yet, or - for stdout",
		},
		...pathArg,
		...commonArgs,
	},
	async run({ args, data }): Promise<Result> {
		const context = data as Context;
		const { environment, output, now } = context;
		const reference = toReference(args.backup, environment);
		if (args.to === undefined) throw usage("missing --to FILE");
		if (args.to.endsWith("/")) throw usage("--to names a folder, not a file");
		const isPiped = args.to === STDOUT;
		if (isPiped) requireStdoutForArchive(output.isJson, LIBRARY);
		const to = isPiped
			? (
					pieces: Parameters<typeof writeArchive>[0],
					signal: AbortSignal | undefined,
				) => writeArchive(pieces, signal, LIBRARY)
			: toPath(args.to, environment);
		const settings = await settleToRead({ location: args.path }, context);
		const extracted = await withWorkshop(context, (workshop) =>
			extractLibrary(settings, { reference, to, now }, workshop),
		);
		return { ...extractResult(extracted), isAside: isPiped };
	},
});

function extractResult({
	archivePath,
	path,
	metadata,
	schemaVersion,
	warnings,
}: ExtractedLibrary): Result {
	return {
		warnings,
		text: `Library extracted: ${path === null ? "to stdout" : printableLine(path)}\n${formatFields(
			[
				[
					"From",
					`${printableLine(archivePath)} (${formatTime(metadata.createdAt)})`,
				],
				["Size", formatBytes(metadata.databaseSizeBytes)],
				["Files in library", formatCount(metadata.fileCount)],
				["Schema version", String(schemaVersion)],
				["Verified", "archive, checksums, integrity check"],
			],
		)}`,
		json: {
			success: true,
			source_path: archivePath,
			path,
			created_at: metadata.createdAt,
			database_size_bytes: metadata.databaseSizeBytes,
			file_count: metadata.fileCount,
			schema_version: schemaVersion,
			warnings,
		},
	};
}
