// Numbers as people write and read them, for every layer: sizes, and durations in one grammar.

import { AppError } from "./errors.ts";

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

/** "52.4 MB": decimal units, one digit behind the point from KB on. */
export function formatBytes(bytes: number): string {
	let value = bytes;
	let unit = 0;
	while (value >= 999.95 && unit < UNITS.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Calendar years, months, weeks and days, and hours of 60 minutes: whole numbers from 0, not all 0. */
export interface Duration {
	readonly years: number;
	readonly months: number;
	readonly weeks: number;
	readonly days: number;
	readonly hours: number;
	readonly minutes: number;
	readonly seconds: number;
}

const TIMES = ["y", "mo", "w", "d", "h", "min", "s"] as const;

/**
 * Reads `30d`, `26h`, `1h30min`, `2y5mo7d3h`: units in this order, at most six digits each.
 * @param isRule whether `m` is months as well, as in restic's keep rules; anywhere else it could be minutes
 * @throws AppError USAGE if the text is anything else, or no time at all (`0d`)
 */
export function parseDuration(text: string, isRule = false): Duration {
	const units = TIMES.map((unit) => (isRule && unit === "mo" ? "mo?" : unit));
	const pattern = units.map((unit) => `(?:(\\d{1,6})${unit})?`).join("");
	const [
		years = 0,
		months = 0,
		weeks = 0,
		days = 0,
		hours = 0,
		minutes = 0,
		seconds = 0,
	] =
		new RegExp(`^${pattern}$`)
			.exec(text)
			?.slice(1)
			.map((digits) => Number(digits ?? 0)) ?? [];
	const duration = { years, months, weeks, days, hours, minutes, seconds };
	if (formatDuration(duration) !== "") return duration;
	throw new AppError("USAGE", `not a duration: "${text}"`, {
		hint: hintAt(text),
	});
}

function hintAt(text: string): string {
	const either = ["min", "mo"].map((unit) =>
		text.replace(/(?<=\d)m(?!in|o)/, unit),
	);
	return /\dm(?!in|o)/.test(text)
		? `m could be minutes or months: write ${either.join(" or ")}`
		: `write ${TIMES.join(", ")} in this order: 30d, 26h, 90min, 1y6mo`;
}

/** The shortest text that parseDuration reads back: `1y6mo`, `30d`; "" for no time at all. */
export function formatDuration(duration: Duration): string {
	const { years, months, weeks, days, hours, minutes, seconds } = duration;
	return [years, months, weeks, days, hours, minutes, seconds]
		.map((count, index) => (count > 0 ? `${count}${TIMES[index]}` : ""))
		.join("");
}
