// What a verification found, as a table and as JSON.

import { shortName } from "../../core/location/names.ts";
import type { Verdict } from "../../core/upkeep/verdict.ts";
import type { Verification } from "../../core/upkeep/verify.ts";
import { AppError, withoutPath } from "../../ground/errors.ts";
import { ownCommand } from "../../ground/program.ts";
import type { Paint } from "../colour.ts";
import {
	type Column,
	formatCount,
	formatSeconds,
	formatSize,
	formatTable,
	printableLine,
} from "../format.ts";
import type { Result } from "../output.ts";

/** The rest is in the table and in the document. */
const MOST_NAMED = 3;

const COLUMNS: readonly Column[] = [
	{ title: "RESULT", align: "left" },
	{ title: "ARCHIVE", align: "right" },
	{ title: "FILES", align: "right" },
	{ title: "TIME", align: "right" },
	{ title: "NAME", align: "left", mayMove: true },
];

const PAINT: Paint = [
	[/^good(?= )/gm, "green"],
	[/^not read(?= )/gm, "yellow"],
	[/^(BAD(?= )| +!(?= ))/gm, "red"],
];

/** A line for each archive, what is wrong below it, and a failure if any is bad. */
export function verifyResult(
	{ directory, verdicts, warnings }: Verification,
	seconds: number,
): Result {
	const bad = verdicts.filter(({ isValid }) => !isValid);
	const mendedCount = verdicts.filter(({ repair }) => repair?.isMended).length;
	const total = [
		countBackups(verdicts.length),
		bad.length === 0 ? "all good" : `${formatCount(bad.length)} bad`,
		...(mendedCount > 0 ? [`${formatCount(mendedCount)} repaired`] : []),
	].join(", ");
	return {
		text: [
			formatTable(
				COLUMNS,
				verdicts.map((verdict) => toRow(verdict, directory)),
				verdicts.map(toRemarks),
			),
			`${total}, in ${formatSeconds(seconds)}`,
		].join("\n"),
		paint: PAINT,
		json: {
			...(bad.length === 0 && { success: true }),
			directory,
			total_count: verdicts.length,
			bad_count: bad.length,
			repaired_count: mendedCount,
			duration_seconds: rounded(seconds),
			results: verdicts.map(toJson),
			warnings,
		},
		warnings,
		...(bad.length > 0 && { failure: badBackups(bad, verdicts.length) }),
	};
}

// Damage counts more than what could not be read this time.
function badBackups(bad: readonly Verdict[], totalCount: number): AppError {
	const errors = bad.flatMap(({ error }) => error ?? []);
	const worst =
		errors.find(({ code }) => code === "INVALID_ARCHIVE") ?? errors[0];
	const named = bad.slice(0, MOST_NAMED).map(({ filename, path, error }) => {
		const what = withoutPath(error?.message ?? "", path);
		return `${filename} (${what})`;
	});
	const more = bad.length - named.length;
	const list = [...named, ...(more > 0 ? [`${more} more`] : [])].join(", ");
	const verb = bad.length === 1 ? "is" : "are";
	return new AppError(
		worst?.code ?? "INVALID_ARCHIVE",
		`${formatCount(bad.length)} of ${countBackups(totalCount)} ${verb} bad: ${list}`,
		{
			hint:
				worst?.code === "INVALID_ARCHIVE"
					? `make a good one: ${ownCommand("backup")}; a bad one stays until you remove it`
					: worst?.hint,
		},
	);
}

function toRow(
	{ filename, path, isValid, verifiedAt, ...verdict }: Verdict,
	directory: string,
): string[] {
	const isHere = path === `${directory}/${filename}`;
	const failed = verifiedAt === null ? "not read" : "BAD";
	return [
		verdict.repair?.isMended ? "repaired" : isValid ? "good" : failed,
		formatSize(verdict.archiveSizeBytes),
		verdict.metadata ? formatCount(verdict.metadata.fileCount) : "?",
		formatSeconds(verdict.durationSeconds),
		printableLine(isHere ? shortName(filename) : path),
	];
}

// What a person should know of this one, below its line.
function toRemarks({ path, error, warnings, repair }: Verdict): string[] {
	const errors = error ? [`! ${withoutPath(error.message, path)}`] : [];
	return [...errors, ...warnings, ...repairRemarks(repair)].map(printableLine);
}

function repairRemarks(repair: Verdict["repair"]): string[] {
	if (repair === null) return [];
	if (!repair.isMended) return [`! not repaired: ${repair.problem}`];
	return [`from ${repair.from}`, `the damaged one is kept: ${repair.kept}`];
}

function toJson(verdict: Verdict): object {
	const { error, metadata, repair } = verdict;
	return {
		filename: verdict.filename,
		path: verdict.path,
		valid: verdict.isValid,
		error: error?.message ?? null,
		code: error?.code ?? null,
		verified_at: verdict.verifiedAt,
		duration_seconds: rounded(verdict.durationSeconds),
		archive_size_bytes: verdict.archiveSizeBytes,
		file_count: metadata?.fileCount ?? null,
		schema_version: metadata?.schemaVersion ?? null,
		warnings: verdict.warnings,
		repaired_from: repair?.isMended ? repair.from : null,
		damaged_kept_as: repair?.isMended ? repair.kept : null,
		repair_error: repair && !repair.isMended ? repair.problem : null,
	};
}

function countBackups(count: number): string {
	return `${formatCount(count)} ${count === 1 ? "backup" : "backups"}`;
}

function rounded(seconds: number): number {
	return Math.round(seconds * 1000) / 1000;
}
