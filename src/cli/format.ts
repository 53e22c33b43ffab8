// Pure text: numbers, dates and tables for people.

import { formatBytes } from "../ground/units.ts";

export { shellQuote } from "../ground/program.ts";
export { formatBytes } from "../ground/units.ts";

/** "1,523" */
export function formatCount(count: number): string {
	return count.toLocaleString("en-US");
}

/** "2026-02-05 15:30", local time */
export function formatTime(iso: string): string {
	const date = new Date(iso);
	const two = (part: number) => String(part).padStart(2, "0");
	const day = [
		date.getFullYear(),
		two(date.getMonth() + 1),
		two(date.getDate()),
	];
	return `${day.join("-")} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The local time zone, which is UTC in a container that was not told of another. */
export function zoneName(): string {
	return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const AGES: readonly (readonly [unit: string, seconds: number])[] = [
	["y", 365 * 86_400],
	["mo", 30 * 86_400],
	["d", 86_400],
	["h", 3600],
	["min", 60],
];

/** "3 d" */
export function formatAge(iso: string, now: Date): string {
	const seconds = (now.getTime() - Date.parse(iso)) / 1000;
	if (seconds < -60) return "future";
	for (const [unit, length] of AGES) {
		if (seconds >= length) return `${Math.floor(seconds / length)} ${unit}`;
	}
	return "now";
}

/** "3 d ago" */
export function formatAgo(iso: string, now: Date): string {
	const age = formatAge(iso, now);
	if (age === "now") return "just now";
	return age === "future" ? "in the future" : `${age} ago`;
}

/** "0.9 s", "3 min 20 s" */
export function formatSeconds(seconds: number): string {
	if (seconds < 60) return `${seconds.toFixed(1)} s`;
	return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** "65% smaller", of a compression ratio. */
export function formatSaving(ratio: number): string {
	const percent = Math.round(Math.abs(ratio) * 100);
	return ratio < 0 ? `${percent}% larger` : `${percent}% smaller`;
}

/** 1 − archive/database, three decimals. */
export function compressionRatio(archive: number, database: number): number {
	return database === 0
		? 0
		: Math.round((1 - archive / database) * 1000) / 1000;
}

/** A size in at most seven characters, for a table: "52.4 MB", "717 KB"; "?" where it is not known. */
export function formatSize(bytes: number | null): string {
	if (bytes === null) return "?";
	const text = formatBytes(bytes);
	if (text.length <= 7) return text;
	return text.replace(/^[\d.]+/, (value) => Number(value).toFixed(0));
}

/** Lines of "  Label:  value", the values in one column. */
export function formatFields(
	fields: readonly (readonly [label: string, value: string])[],
): string {
	const width = Math.max(...fields.map(([label]) => label.length)) + 1;
	return fields
		.map(([label, value]) => `  ${`${label}:`.padEnd(width)}  ${value}`)
		.join("\n");
}

/** What every terminal can show in one line. */
export const LINE_CHARACTERS = 80;

export interface Column {
	readonly title: string;
	readonly align: "left" | "right";
	/** For the last one: whether a cell that does not fit stands on a line of its own. */
	readonly mayMove?: boolean;
}

/** A table, two spaces between its columns; `below[i]` follows row i on lines of its own. */
export function formatTable(
	columns: readonly Column[],
	rows: readonly (readonly string[])[],
	below: readonly (readonly string[])[] = [],
): string {
	const titles = columns.map(({ title }) => title);
	const widths = columns.map((_, index) =>
		Math.max(...[titles, ...rows].map((row) => widthOf(row[index] ?? ""))),
	);
	const line = (row: readonly string[]) =>
		columns
			.map(({ align }, index) => {
				const cell = row[index] ?? "";
				const space = " ".repeat((widths[index] ?? 0) - widthOf(cell));
				return align === "left" ? cell + space : space + cell;
			})
			.join("  ")
			.trimEnd();
	const lines = rows.flatMap((row, index) => {
		const whole = line(row);
		const isMoved = columns.at(-1)?.mayMove && widthOf(whole) > LINE_CHARACTERS;
		const [first, ...moved] = isMoved
			? [line(row.slice(0, -1)), row.at(-1) ?? ""]
			: [whole];
		return [first, ...[...moved, ...(below[index] ?? [])].map(indented)];
	});
	return [line(titles), ...lines].join("\n");
}

function indented(text: string): string {
	const lines = Bun.wrapAnsi(text, LINE_CHARACTERS - 4).split("\n");
	return lines
		.map((line, index) => `${index === 0 ? "  " : "    "}${line}`)
		.join("\n");
}

function widthOf(text: string): number {
	return Bun.stringWidth(text);
}

/** The text in lines, broken between words; a word that is longer has a line to itself. */
export function wrap(text: string, width: number): string[] {
	const lines: string[] = [];
	let line = "";
	for (const word of text.split(" ")) {
		if (line !== "" && line.length + 1 + word.length > width) {
			lines.push(line);
			line = word;
		} else line = line === "" ? word : `${line} ${word}`;
	}
	return [...lines, line];
}

/** Makes foreign text harmless: no control characters, no changes of writing direction. Line breaks stay. */
export function printable(text: string): string {
	return text.replace(UNPRINTABLE, "\ufffd");
}

/** As `printable`, for one line. */
export function printableLine(text: string): string {
	return printable(text.replaceAll(/[\n\t]/g, " "));
}

// C0 without tab and line feed, DEL, C1; marks that reorder text (Unicode Technical Report 36, 2.5).
const UNPRINTABLE =
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is for
	/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g;
