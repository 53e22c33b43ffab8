// A time zone as POSIX writes it: "CET-1CEST,M3.5.0,M10.5.0/3" (https://pubs.opengroup.org/onlinepubs/9799919799/, "TZ").
// So stands it in TZ now and then, and at the end of every TZif file. Offsets count seconds east, where the text counts west.

/** How far local time is ahead of UTC at an instant; both in seconds. */
export type OffsetAt = (epochSeconds: number) => number;

const DAY = 86_400;
const NAME = "(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)";
const TIME = "([+-]?\\d{1,3}(?::\\d{1,2}){0,2})";
const DATE = `(M\\d{1,2}\\.[1-5]\\.[0-6]|J\\d{1,3}|\\d{1,3})(?:/${TIME})?`;
const RULE = new RegExp(
	`^${NAME}${TIME}(?:${NAME}${TIME}?(?:,${DATE},${DATE})?)?$`,
);
/** Whether summer time is named at all. */
const HAS_SUMMER = new RegExp(`^${NAME}${TIME}${NAME}`);
/** Where a rule has summer time but no dates, glibc takes those of the United States. */
const DEFAULT_START = "M3.2.0";
const DEFAULT_END = "M11.1.0";

/** Reads such a rule; null if the text is none. */
export function parsePosixRule(text: string): OffsetAt | null {
	const match = RULE.exec(text);
	if (match === null) return null;
	const [, west = "0", summerWest, start, startTime, end, endTime] = match;
	const standard = 0 - secondsOf(west); // never -0
	if (!HAS_SUMMER.test(text)) return () => standard;
	const summer =
		summerWest === undefined ? standard + 3600 : 0 - secondsOf(summerWest);
	const change = (date: string, time: string | undefined, offset: number) => {
		const seconds = secondsOf(time ?? "2");
		return (year: number) => dayOf(date, year) * DAY + seconds - offset;
	};
	const begins = change(start ?? DEFAULT_START, startTime, standard);
	const ends = change(end ?? DEFAULT_END, endTime, summer);
	return (epochSeconds) => {
		const local = new Date((epochSeconds + standard) * 1000);
		const year = local.getUTCFullYear();
		const [from, to] = [begins(year), ends(year)];
		const isSummer =
			from < to
				? epochSeconds >= from && epochSeconds < to
				: epochSeconds >= from || epochSeconds < to;
		return isSummer ? summer : standard;
	};
}

function secondsOf(text: string): number {
	const [hours = 0, minutes = 0, seconds = 0] = text
		.replace(/^[+-]/, "")
		.split(":")
		.map(Number);
	const total = hours * 3600 + minutes * 60 + seconds;
	return text.startsWith("-") ? -total : total;
}

/** The day, counted from 1970-01-01, that a rule's date is in a year. */
function dayOf(date: string, year: number): number {
	const first = (month: number) => Date.UTC(year, month, 1) / DAY / 1000;
	if (date.startsWith("M")) {
		const [month = 1, week = 1, weekday = 0] = date
			.slice(1)
			.split(".")
			.map(Number);
		const start = first(month - 1);
		const wanted = start + ((weekday - ((start + 4) % 7) + 7) % 7); // day 0 was a Thursday
		const day = wanted + (week - 1) * 7;
		return day < first(month) ? day : day - 7;
	}
	const isJulian = date.startsWith("J");
	const count = Number(date.replace("J", ""));
	if (!isJulian) return first(0) + count;
	const isAfterLeapDay = count >= 60 && first(2) - first(1) === 29;
	return first(0) + count - 1 + Number(isAfterLeapDay);
}
