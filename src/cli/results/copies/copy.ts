// What copying says when it is done, by itself and after a backup: one line for each location, one for each problem.

import type { CopyOutcome } from "../../../core/upkeep/copies/copy.ts";
import { ATTENTION_EXIT_CODE } from "../../../ground/errors.ts";
import { formatBytes, formatCount, printableLine } from "../../format.ts";
import type { Result } from "../../output.ts";

/** Of `vpo library copy`. */
export function copyResult(
	outcomes: readonly CopyOutcome[],
	isDryRun: boolean,
): Result {
	const warnings = outcomes.flatMap(warningsOf);
	const head = isDryRun ? ["Dry run, nothing is copied"] : [];
	return {
		text: [
			...head,
			...outcomes.flatMap((each) => linesOf(each, isDryRun)),
		].join("\n"),
		json: {
			...(isDryRun && { dry_run: true }),
			...verdictOf(warnings, isDryRun),
			copies: outcomes.map(toJson),
			warnings,
		},
		warnings,
		exitCode: warnings.length > 0 ? ATTENTION_EXIT_CODE : 0,
	};
}

/** Adds what the copying after a backup did. One that failed leaves a good backup, and something to look at. */
export function withCopies(
	result: Result,
	outcomes: readonly CopyOutcome[] | string,
): Result {
	if (typeof outcomes === "string") return withoutCopies(result, outcomes);
	if (outcomes.length === 0) return result;
	const found = outcomes.flatMap(warningsOf);
	const warnings = [...(result.warnings ?? []), ...found];
	const lines = outcomes.flatMap((outcome) => linesOf(outcome, false));
	return {
		...result,
		text: [result.text, ...lines].join("\n"),
		json: { ...result.json, copies: outcomes.map(toJson), warnings },
		warnings,
		exitCode: found.length > 0 ? ATTENTION_EXIT_CODE : (result.exitCode ?? 0),
	};
}

function withoutCopies(result: Result, problem: string): Result {
	const found = `nothing was copied: ${problem}`;
	const warnings = [...(result.warnings ?? []), found];
	const json = { ...result.json, copies: [], warnings };
	return { ...result, json, warnings, exitCode: ATTENTION_EXIT_CODE };
}

function verdictOf(warnings: readonly string[], isDryRun: boolean): object {
	const [error] = warnings;
	if (error === undefined) return isDryRun ? {} : { success: true };
	return { success: false, error, exit_code: ATTENTION_EXIT_CODE };
}

function linesOf(
	{ location, copied, presentCount, problems }: CopyOutcome,
	isDryRun: boolean,
): string[] {
	const bytes = copied.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
	const address = printableLine(location.address);
	const verb = isDryRun ? "Would copy to" : "Copied to";
	const what =
		copied.length > 0
			? `${countBackups(copied.length)}, ${formatBytes(bytes)}`
			: problems.length > 0
				? "nothing, see the warning"
				: `nothing, all is there (${countBackups(presentCount)})`;
	// After a backup it is nearly always the one that has just been named.
	const names = copied.length > 1 || isDryRun ? copied : [];
	return [
		`${verb} ${address}: ${what}`,
		...names.map(({ name }) => `  ${printableLine(name)}`),
	];
}

function warningsOf({ location, problems }: CopyOutcome): string[] {
	return problems.map((problem) =>
		problem.includes(location.address)
			? `copy: ${problem}`
			: `copy to ${location.address}: ${problem}`,
	);
}

function toJson({
	location,
	copied,
	presentCount,
	problems,
}: CopyOutcome): object {
	return {
		to: location.address,
		copied: copied.map(({ name }) => name),
		copied_bytes: copied.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
		present_count: presentCount,
		problems,
	};
}

function countBackups(count: number): string {
	return `${formatCount(count)} ${count === 1 ? "backup" : "backups"}`;
}
