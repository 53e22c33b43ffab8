// The health of library and backups as a Prometheus textfile (https://prometheus.io/docs/instrumenting/exposition_formats/).

import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError, fileError, isMissing } from "../../ground/errors.ts";
import {
	publishOver,
	readHead,
	syncFile,
	writeNewFile,
} from "../../ground/files.ts";
import { makeScratch } from "../../ground/scratch.ts";
import type { Health } from "./check.ts";
import type { PlaceStanding } from "./copies/overview.ts";

/** The exporter is another user's process, and nothing here is secret. */
const METRICS_MODE = 0o644;

/** What every file of ours begins with. */
const START = "# HELP vpo_";

/**
 * Lets pass what may be replaced: nothing, an empty file, or metrics that were written before.
 * @throws AppError OPERATION_FAILED: it is anything else
 */
export async function requireMetricsFile(path: string): Promise<void> {
	const found = await stat(path).catch((cause) => {
		if (isMissing(cause)) return null;
		throw fileError(`cannot look at ${path}`, cause);
	});
	if (found === null) return;
	if (!found.isFile()) {
		throw new AppError(
			"OPERATION_FAILED",
			`--metrics writes a file, and this is none: ${path}`,
			{ hint: "name a file, or print them: --metrics -" },
		);
	}
	const head = await readHead(path, START.length);
	const text = new TextDecoder().decode(head);
	if (text === "" || text === START) return;
	throw new AppError(
		"OPERATION_FAILED",
		`--metrics replaces metrics only, and this is something else: ${path}`,
		{ hint: "name another file, or remove this one yourself" },
	);
}

/**
 * Writes the file in one step, so that no exporter ever reads half of it.
 * @param status the exit code of the check
 * @throws AppError as `requireMetricsFile`, and INSUFFICIENT_SPACE
 */
export async function writeMetrics(
	path: string,
	health: Health,
	status: number,
	now: Date,
): Promise<void> {
	await requireMetricsFile(path);
	await using scratch = await makeScratch(dirname(path));
	const unfinished = join(scratch.path, "metrics.prom");
	const text = formatMetrics(health, status, now);
	await writeNewFile(unfinished, one(text), METRICS_MODE);
	await syncFile(unfinished);
	await publishOver(unfinished, path);
}

/** What is written. @param status the exit code of the check */
export function formatMetrics(
	health: Health,
	status: number,
	now: Date,
): string {
	const { newest, library, space } = health;
	const seconds = (iso: string | null | undefined) =>
		iso ? Date.parse(iso) / 1000 : null;
	const gauges: readonly (readonly [
		name: string,
		help: string,
		value: number | null | undefined,
	])[] = [
		["vpo_backup_check_status", "0 good, 60 warnings, 61 critical", status],
		[
			"vpo_backup_check_timestamp_seconds",
			"When this was written",
			Math.round(now.getTime() / 1000),
		],
		[
			"vpo_backup_newest_timestamp_seconds",
			"When the newest good backup was made",
			seconds(newest?.currentAt),
		],
		[
			"vpo_backup_newest_archive_bytes",
			"Size of the newest good backup",
			newest?.archiveSizeBytes,
		],
		["vpo_backup_count", "Backups in the folder", health.backupCount],
		[
			"vpo_backup_damaged_count",
			"Damaged or unreadable backups in the folder",
			health.damagedCount,
		],
		[
			"vpo_library_database_bytes",
			"Size of the library database",
			library?.databaseSizeBytes,
		],
		["vpo_library_files", "Files in the library", library?.fileCount],
		[
			"vpo_backup_free_bytes",
			"Free space where the next backup needs it",
			space?.freeBytes,
		],
		[
			"vpo_backup_required_bytes",
			"Space that the next backup needs",
			space?.requiredBytes,
		],
	];
	const single = gauges
		.filter(([, , value]) => typeof value === "number")
		.map(
			([name, help, value]) =>
				`# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`,
		);
	return [...single, ...formatCopies(health.copies)].join("");
}

const COPY_UP = "vpo_backup_copy_up";

/** One series for each copy location. */
function formatCopies(copies: readonly PlaceStanding[]): string[] {
	const gauges: readonly (readonly [
		name: string,
		help: string,
		measure: (standing: PlaceStanding) => number | null,
	])[] = [
		[
			COPY_UP,
			"Whether the copy location can be read",
			({ problem }) => Number(problem === null),
		],
		[
			"vpo_backup_copy_newest_timestamp_seconds",
			"When the newest good copy was last current",
			({ currentAt }) => (currentAt ? Date.parse(currentAt) / 1000 : null),
		],
		[
			"vpo_backup_copy_count",
			"Backups in the copy location",
			({ backupCount }) => backupCount,
		],
		[
			"vpo_backup_copy_bytes",
			"Size of all of them",
			({ totalBytes }) => totalBytes,
		],
		[
			"vpo_backup_copy_damaged_count",
			"Damaged or unreadable ones among them",
			({ damagedCount }) => damagedCount,
		],
		[
			"vpo_backup_copy_verified_count",
			"Ones among them that were verified there",
			({ verifiedCount }) => verifiedCount,
		],
	];
	return gauges.flatMap(([name, help, measure]) => {
		const lines = copies.flatMap((standing) => {
			// Of a location that can't be read nothing else is known.
			const isKnown = standing.problem === null || name === COPY_UP;
			const value = isKnown ? measure(standing) : null;
			if (value === null) return [];
			return `${name}{location="${escapeLabel(standing.address)}"} ${value}\n`;
		});
		if (lines.length === 0) return [];
		return [`# HELP ${name} ${help}\n# TYPE ${name} gauge\n`, ...lines];
	});
}

function escapeLabel(text: string): string {
	return text
		.replaceAll("\\", "\\\\")
		.replaceAll('"', '\\"')
		.replaceAll("\n", "\\n");
}

async function* one(text: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
	yield new TextEncoder().encode(text);
}
