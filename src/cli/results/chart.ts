// A small chart of how a library grew: one line of blocks for its files, one for its size, the time running from left to right.

import { LINE_CHARACTERS } from "../format.ts";

/** What a library held at some time. */
export interface Point {
	/** ISO 8601 */
	readonly at: string;
	readonly value: number;
}

/** One line of a chart. */
export interface Series {
	readonly title: string;
	readonly points: readonly Point[];
	readonly format: (value: number) => string;
}

const LEVELS = "▁▂▃▄▅▆▇█";
const GAP = "  ";
/** The blocks span at least this part of the highest value, so that small changes look small. */
const SMALLEST_RANGE = 0.2;
/** Room for each of a few points to be seen. */
const MOST_CELLS_A_POINT = 4;

/** The lines of a chart, none wider than 80 columns; the lowest and highest value of each series beside it. */
export function formatChart(series: readonly Series[]): string {
	const labels = series.map(({ points, format }) => {
		const values = points.map(({ value }) => value);
		const [low, high] = [Math.min(...values), Math.max(...values)];
		return low === high ? format(low) : `${format(low)} to ${format(high)}`;
	});
	const titleWidth = longest(series.map(({ title }) => title));
	const room = LINE_CHARACTERS - titleWidth - longest(labels) - 2 * GAP.length;
	return series
		.map(({ title, points }, index) => {
			const cells = Math.min(room, points.length * MOST_CELLS_A_POINT);
			const bars = blocks(points, cells);
			return [title.padEnd(titleWidth), bars, labels[index]].join(GAP);
		})
		.join("\n");
}

// What stood at the end of each cell's time: a line is as long as its time, however many backups were kept of it.
function blocks(points: readonly Point[], cells: number): string {
	const sorted = [...points].sort((a, b) => (a.at < b.at ? -1 : 1));
	const times = sorted.map(({ at }) => Date.parse(at));
	const values = sorted.map(({ value }) => value);
	const [first = 0, last = 0] = [times[0], times.at(-1)];
	const high = Math.max(...values);
	const base = Math.min(...values, high * (1 - SMALLEST_RANGE));
	return Array.from({ length: cells }, (_, cell) => {
		const end = first + ((last - first) * (cell + 1)) / cells;
		const value =
			cell === cells - 1
				? values.at(-1)
				: values[times.findLastIndex((time) => time <= end)];
		const part = high === base ? 1 : ((value ?? base) - base) / (high - base);
		return LEVELS[Math.round(part * (LEVELS.length - 1))];
	}).join("");
}

function longest(texts: readonly string[]): number {
	return Math.max(...texts.map((text) => text.length));
}
