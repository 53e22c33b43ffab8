// The health of library and backups as a Prometheus textfile (https://prometheus.io/docs/instrumenting/exposition_formats/).

import { dirname, join } from "node:path";
import { AppError } from "../../ground/errors.ts";
import {
	publishOver,
	readHead,
	syncFile,
	writeNewFile,
} from "../../ground/files.ts";
import { exists } from "../../ground/paths.ts";
import { makeScratch } from "../../ground/scratch.ts";
import type { Health } from "./check.ts";

/** The exporter is another user's process, and nothing here is secret. */
const METRICS_MODE = 0o644;

/** What every file of ours begins with. */
const START = "# HELP vpo_";

/**
 * Lets pass what may be replaced: nothing, an empty file, or metrics that were written before.
 * @throws AppError OPERATION_FAILED: it is anything else
 */
export async function requireMetricsFile(path: string): Promise<void> {
	if (!(await exists(path))) return;
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

function formatMetrics(health: Health, status: number, now: Date): string {
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
	return gauges
		.filter(([, , value]) => typeof value === "number")
		.map(
			([name, help, value]) =>
				`# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`,
		)
		.join("");
}

async function* one(text: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
	yield new TextEncoder().encode(text);
}
