// What pruning says: a table for each location, what was removed, and what is left.

import { hiddenWarning, type Pruned } from "../../core/upkeep/prune.ts";
import type { PrunePlan } from "../../core/upkeep/pruning/plan.ts";
import { ATTENTION_EXIT_CODE } from "../../ground/errors.ts";
import type { Paint } from "../colour.ts";
import {
	formatBytes,
	formatCount,
	formatTable,
	printableLine,
} from "../format.ts";
import type { Result } from "../output.ts";

export const PLAN_PAINT: Paint = [[/^(remove|leave)(?= )/gm, "yellow"]];

/** A plan that was carried out. */
export interface DonePlan {
	readonly plan: PrunePlan;
	readonly pruned: Pruned;
}

/** The tables of all plans; where there are several, each is named. */
export function formatPlans(plans: readonly PrunePlan[]): string {
	return plans.map((plan) => formatPlan(plan, plans.length > 1)).join("\n\n");
}

function formatPlan(
	{ location, keep, remove, untouched }: PrunePlan,
	isNamed: boolean,
): string {
	const rows = [
		...keep.map(({ name, reasons }) => ["keep", name, reasons.join(", ")]),
		...remove.map(({ name, reason }) => ["remove", name, reason]),
		...untouched.map(({ name, reason }) => ["leave", name, reason]),
	];
	const columns = ["PLAN", "BACKUP", "REASON"].map((title) => ({
		title,
		align: "left" as const,
	}));
	const table = formatTable(
		columns,
		rows.map((row) => row.map(printableLine)),
	);
	return isNamed ? `In ${printableLine(location.address)}:\n${table}` : table;
}

/** Of a dry run. @param problems why a location could not be looked at */
export function planResult(
	plans: readonly PrunePlan[],
	problems: readonly string[],
): Result {
	const removeCount = plans.reduce((sum, { remove }) => sum + remove.length, 0);
	const keepCount = plans.reduce((sum, { keep }) => sum + keep.length, 0);
	const bytes = plans.reduce((sum, plan) => sum + bytesOf(plan), 0);
	const obstacles = plans.flatMap(({ obstacle }) => obstacle ?? []);
	const but =
		obstacles.length > 0 ? ", but not while the clock must be wrong" : "";
	const warnings = [...obstacles, ...problems];
	const total = `Dry run, nothing is removed: ${countBackups(removeCount)} of ${formatCount(removeCount + keepCount)} would go, ${formatBytes(bytes)}${but}`;
	const [first, ...copies] = plans.map((plan) => ({
		directory: plan.location.address,
		...planJson(plan),
		freed_bytes: bytesOf(plan),
	}));
	return {
		text: `${formatPlans(plans)}\n${total}`,
		paint: PLAN_PAINT,
		warnings,
		exitCode: problems.length > 0 ? ATTENTION_EXIT_CODE : 0,
		json: { dry_run: true, ...first, copies, warnings },
	};
}

/** Of what was removed. @param problems why a location could not be looked at */
export function prunedResult(
	done: readonly DonePlan[],
	problems: readonly string[],
): Result {
	const warnings = [...done.flatMap(warningsOf), ...problems];
	const isLeft = done.some(
		({ plan, pruned }) => pruned.isStuck || plan.obstacle !== null,
	);
	const [first, ...copies] = done.map(prunedJson);
	return {
		text: [formatPlans(done.map(({ plan }) => plan)), ...done.map(lineOf)].join(
			"\n",
		),
		paint: PLAN_PAINT,
		warnings,
		exitCode: isLeft || problems.length > 0 ? ATTENTION_EXIT_CODE : 0,
		json: { success: true, ...first, copies, warnings },
	};
}

function warningsOf({ plan, pruned }: DonePlan): string[] {
	return [
		...(plan.obstacle === null ? [] : [plan.obstacle]),
		...pruned.left.map(({ name, reason }) => `left ${name}: ${reason}`),
		...[hiddenWarning(pruned) ?? []].flat(),
	];
}

function lineOf({ plan, pruned }: DonePlan): string {
	const { removed, hidden, left, freedBytes } = pruned;
	const count = removed.length + hidden.length;
	const what =
		count === 0
			? `Nothing ${left.length > 0 ? "removed" : "to remove"}`
			: `Removed ${countBackups(count)}, ${formatBytes(freedBytes)}`;
	const where = printableLine(plan.location.address);
	return `${what}; ${formatCount(plan.keep.length)} kept in ${where}`;
}

function prunedJson({ plan, pruned }: DonePlan): object {
	const { removed, hidden, left, freedBytes } = pruned;
	return {
		directory: plan.location.address,
		...planJson(plan),
		removed: [...removed, ...hidden].map(({ name }) => name),
		hidden: hidden.map(({ name }) => name),
		left,
		freed_bytes: freedBytes,
	};
}

function planJson({ keep, remove, untouched }: PrunePlan): object {
	return {
		keep,
		remove: remove.map(({ name, reason, file, createdAt }) => ({
			name,
			reason,
			path: file.path,
			created_at: createdAt,
			archive_size_bytes: file.sizeBytes,
		})),
		untouched,
	};
}

function bytesOf({ remove }: PrunePlan): number {
	return remove.reduce((sum, { file }) => sum + file.sizeBytes, 0);
}

export function countBackups(count: number): string {
	return `${formatCount(count)} ${count === 1 ? "backup" : "backups"}`;
}
