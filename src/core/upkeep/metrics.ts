// The health of library and backups as a Prometheus textfile (https://prometheus.io/docs/instrumenting/exposition_formats/).

import type { Health } from "./check.ts";
import type { PlaceStanding } from "./copies/overview.ts";

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
