// What a benchmark says: targets with what was measured, tables of details, as Markdown that also reads well on a
// terminal.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Timing } from "./measure.ts";

/** One promise and what came of it. */
export type Target = {
	readonly what: string;
	readonly against: string;
	readonly measured: string;
	readonly target: string;
	readonly isMet: boolean;
};

/** Details beside the targets. */
export type Table = {
	readonly title: string;
	readonly columns: readonly string[];
	readonly rows: readonly (readonly string[])[];
};

/** What one part of the benchmark found. */
export type Findings = {
	readonly targets?: readonly Target[];
	readonly tables?: readonly Table[];
};

const start = "<!-- bench:start -->";
const end = "<!-- bench:end -->";

/** A target that bounds a ratio. */
export function ratioTarget(
	what: string,
	against: string,
	ratio: number,
	limit: number,
): Target {
	return {
		what,
		against,
		measured: ratio.toFixed(2),
		target: `≤ ${limit.toFixed(2)}`,
		isMet: ratio <= limit,
	};
}

/**
 * A target that bounds our median time by the peer's. The ratio of the fastest runs stands beside it: on a busy
 * machine that is the steadier one.
 */
export function timeTarget(
	what: string,
	ours: Timing,
	peer: Timing,
	limit: number,
	remark = "",
): Target {
	const against = peer.name + remark;
	const ratio = ours.medianSeconds / peer.medianSeconds;
	const fastest = (ours.minSeconds / peer.minSeconds).toFixed(2);
	const target = ratioTarget(what, against, ratio, limit);
	return { ...target, measured: `${target.measured} (fastest ${fastest})` };
}

/** A table of what a race gave. */
export function timingTable(title: string, timings: readonly Timing[]): Table {
	const columns = ["with", "median", "from – to", "CPU", "archive"];
	const rows = timings.map((timing) => [
		timing.name,
		seconds(timing.medianSeconds),
		`${seconds(timing.minSeconds)} – ${seconds(timing.maxSeconds)}`,
		seconds(timing.cpuSeconds),
		...(timing.madeBytes > 0 ? [megabytes(timing.madeBytes)] : []),
	]);
	const width = Math.max(...rows.map((row) => row.length));
	return { title, columns: columns.slice(0, width), rows };
}

/** Seconds for people. */
export function seconds(value: number): string {
	return value < 0.1
		? `${(value * 1000).toFixed(1)} ms`
		: `${value.toFixed(2)} s`;
}

/** Bytes for people, in decimal units. */
export function megabytes(bytes: number): string {
	return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
}

/** The whole report as Markdown. */
export function renderReport(
	machine: readonly string[],
	findings: readonly Findings[],
): string {
	const targets = findings.flatMap((found) => found.targets ?? []);
	const tables = findings.flatMap((found) => found.tables ?? []);
	const verdicts: Table = {
		title: "Targets",
		columns: ["what", "against", "measured", "target", ""],
		rows: targets.map((target) => [
			target.what,
			target.against,
			target.measured,
			target.target,
			target.isMet ? "met" : "**missed**",
		]),
	};
	const parts = [verdicts, ...tables].filter(({ rows }) => rows.length > 0);
	return `${[machine.join("  \n"), ...parts.map(renderTable)].join("\n\n")}\n`;
}

/** Puts a report between the markers of a Markdown file. Returns false, and changes nothing, where there are none. */
export function insertReport(path: string, report: string): boolean {
	if (!existsSync(path)) return false;
	const text = readFileSync(path, "utf8");
	const from = text.indexOf(start);
	const to = text.indexOf(end);
	if (from < 0 || to < from) return false;
	const head = text.slice(0, from + start.length);
	writeFileSync(path, `${head}\n${report}${text.slice(to)}`);
	return true;
}

function renderTable({ title, columns, rows }: Table): string {
	const all = [columns, ...rows];
	const widths = columns.map((_, index) =>
		Math.max(3, ...all.map((row) => (row[index] ?? "").length)),
	);
	const line = (row: readonly string[]) =>
		`| ${widths.map((width, index) => (row[index] ?? "").padEnd(width)).join(" | ")} |`;
	const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
	return [`**${title}**`, "", line(columns), rule, ...rows.map(line)].join(
		"\n",
	);
}
