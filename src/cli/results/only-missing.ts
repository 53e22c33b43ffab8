// What a restore of what is missing would bring back and has brought back, as people and programs read it.

import {
	isNothing,
	type Missing,
	type MissingPlan,
	type RestoredMissing,
} from "../../core/inside/only-missing.ts";
import {
	formatCount,
	formatFields,
	formatTime,
	printableLine,
} from "../format.ts";
import type { Result } from "../output.ts";
import { formatSpace } from "./space.ts";

/** More tables than these are in the document. */
const MOST_TABLES = 6;

/** What would come back, for the question. */
export function formatMissing(found: MissingPlan): string {
	return formatFields([...sides(found), ...whatIs(found.missing)]);
}

/** Of a dry run. */
export function missingPlanResult(found: MissingPlan): Result {
	const { plan, missing } = found;
	const warnings =
		plan.users === null
			? plan.warnings
			: [
					...plan.warnings,
					`the library is open in ${printableLine(plan.users)}: stop it before the restore`,
				];
	const head = isNothing(missing)
		? "Nothing is missing, and a restore would change nothing:"
		: "Dry run, nothing is changed. A restore would bring back what is missing, and keep all that is there:";
	return {
		warnings,
		text: `${head}\n${formatFields([...sides(found), ...whatIs(missing), ["Space", formatSpace(plan.space)]])}`,
		json: {
			dry_run: true,
			valid: true,
			...foundJson(found),
			free_bytes: plan.space.freeBytes,
			required_bytes: plan.space.requiredBytes,
			warnings,
		},
	};
}

/** @param undo the call that takes it back */
export function missingResult(
	done: RestoredMissing,
	seconds: number,
	undo: string,
): Result {
	const { plan, missing, safetyBackup, warnings } = done;
	const head = isNothing(missing)
		? "Nothing is missing, nothing was changed"
		: "Brought back what was missing";
	return {
		warnings,
		text: `${head}: ${printableLine(plan.libraryPath)}\n${formatFields([
			["From", printableLine(plan.archivePath)],
			...whatIs(missing, true),
			...(isNothing(missing)
				? []
				: [
						[
							"Verified",
							"archive, checksums, integrity check, foreign keys",
						] as const,
					]),
			...(safetyBackup
				? [
						["Safety backup", printableLine(safetyBackup)] as const,
						["Undo", undo] as const,
					]
				: []),
		])}`,
		json: {
			success: true,
			...foundJson(done),
			duration_seconds: Math.round(seconds * 1000) / 1000,
			safety_backup: safetyBackup,
			warnings,
		},
	};
}

type Field = readonly [label: string, value: string];

function sides({ plan, under }: MissingPlan): Field[] {
	return [
		["Library path", printableLine(plan.libraryPath)],
		[
			"Backup path",
			`${printableLine(plan.archivePath)} (${formatTime(plan.metadata.createdAt)})`,
		],
		...(under === null ? [] : [["Under", printableLine(under)] as const]),
	];
}

function whatIs({ files, tables }: Missing, isDone = false): Field[] {
	const comes = isDone ? "came" : files === 1 ? "comes" : "come";
	const back = tables.filter(({ table }) => table !== "files");
	const together = countsOf(back.map(({ table, rows }) => [rows, table]));
	const left = countsOf(tables.map(({ table, leftOut }) => [leftOut, table]));
	return [
		[
			"Files",
			files === 0 ? "none is missing" : `${formatCount(files)} ${comes} back`,
		],
		...(together === "" ? [] : [["With them", together] as const]),
		...(left === ""
			? []
			: [
					[
						"Left out",
						`${left}: the library has its own in their place`,
					] as const,
				]),
	];
}

/** "12 tracks, 3 jobs", the first few of them. */
function countsOf(counts: readonly (readonly [number, string])[]): string {
	const all = counts.filter(([rows]) => rows > 0);
	const shown = all.slice(0, MOST_TABLES);
	const more = all.length - shown.length;
	return [
		...shown.map(
			([rows, table]) => `${formatCount(rows)} ${printableLine(table)}`,
		),
		...(more > 0
			? [`rows of ${formatCount(more)} more ${more === 1 ? "table" : "tables"}`]
			: []),
	].join(", ");
}

function foundJson({ plan, missing, under }: MissingPlan): object {
	return {
		only_missing: true,
		source_path: plan.archivePath,
		database_path: plan.libraryPath,
		created_at: plan.metadata.createdAt,
		schema_version: plan.schemaVersion,
		under,
		files_missing: missing.files,
		tables: missing.tables.map(({ table, rows, leftOut }) => ({
			table,
			rows,
			left_out: leftOut,
		})),
	};
}
