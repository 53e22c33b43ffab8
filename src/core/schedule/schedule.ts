// When backups are due: at times of the clock (cron's own rules, by Bun's parser) or every so often.
// Local time; around a change of DST no time is lost and none comes twice.

import { AppError } from "../../ground/errors.ts";
import { type Duration, parseDuration } from "../../ground/units.ts";

/** A rule that names moments. */
export interface Schedule {
	/** The first of its moments after `time`. */
	nextAfter(time: Date): Date;
}

const NICKNAMES: Readonly<Record<string, string>> = {
	"@yearly": "0 0 1 1 *",
	"@annually": "0 0 1 1 *",
	"@monthly": "0 0 1 * *",
	"@weekly": "0 0 * * 0",
	"@daily": "0 0 * * *",
	"@midnight": "0 0 * * *",
	"@hourly": "0 * * * *",
};

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A leap year apart from a month: nobody backs up more rarely. */
const MOST_INTERVAL_MS = 366 * DAY_MS;

/**
 * Reads "03:00" into a cron expression.
 * @throws AppError USAGE
 */
export function parseTimeOfDay(text: string): string {
	const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
	if (hour === undefined) {
		const hint = "write hours and minutes: --at 03:00";
		throw wrong(`--at must be a time of day, not "${text}"`, hint);
	}
	return `${Number(minute)} ${Number(hour)} * * *`;
}

/**
 * Reads "6h", "90min", "1d12h", "1w", "30s" into milliseconds.
 * @throws AppError USAGE: anything else, nothing at all, more than 366 days; months and years, which are of no one length
 */
export function parseInterval(text: string): number {
	const duration = readInterval(text);
	if (duration.years > 0 || duration.months > 0) {
		throw wrong(
			`--every can't count in months or years: "${text}"`,
			'name a day of the calendar: --cron "0 3 1 * *"',
		);
	}
	const ms = Temporal.Duration.from(duration).total({
		unit: "milliseconds",
		relativeTo: "1970-01-01", // a week has 7 days there, as everywhere
	});
	if (ms <= MOST_INTERVAL_MS) return ms;
	throw wrong(
		`--every must be a time from 1s to 366d, not "${text}"`,
		"to back up more rarely, call backup yourself",
	);
}

function readInterval(text: string): Duration {
	try {
		return parseDuration(text);
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		throw wrong(
			`--every must be a time from 1s to 366d, not "${text}"`,
			error.hint ?? "",
		);
	}
}

/**
 * Reads a cron expression or nickname into five fields, its names short and in capitals.
 * @throws AppError USAGE: not one, of a day that never comes, or one that crons read differently
 */
export function parseCron(text: string): string {
	const nickname = NICKNAMES[text.trim().toLowerCase()];
	const fields = (nickname ?? text)
		.trim()
		.replaceAll(/[a-z]+/gi, (name) => name.slice(0, 3).toUpperCase())
		.split(/\s+/)
		.join(" ");
	let next: Date | null = null;
	try {
		// Our own shortening of names must not make an unknown one known.
		Bun.cron.parse(nickname ?? text);
		next = Bun.cron.parse(fields);
	} catch (cause) {
		const reason = String((cause as Error).message)
			.replace(/^Invalid cron expression: /, "")
			.replace(". Bun.cron uses", ": there are");
		throw wrong(
			`--cron "${text}": ${reason}`,
			'for example: --cron "0 3 * * *"',
		);
	}
	requireOneMeaning(fields, text);
	if (next) return fields;
	throw wrong(`--cron "${text}" names a day that never comes`, "see --help");
}

/** Debian's cron takes a field that begins with a star for none, and then asks for day and weekday both; others for either. */
function requireOneMeaning(fields: string, text: string): void {
	const [, , day = "*", , weekday = "*"] = fields.split(" ");
	if (day === "*" || weekday === "*") return;
	const starred = [day, weekday].find((field) => field.startsWith("*"));
	if (starred === undefined) return;
	throw wrong(
		`--cron "${text}": crons differ over ${starred} where a day and a weekday are named`,
		"write its numbers out, such as 1-31/2: then either of the two is enough",
	);
}

/** The moments that any of these expressions names. */
export function cronSchedule(expressions: readonly string[]): Schedule {
	return {
		nextAfter: (time) => {
			const next = expressions.map((expression) => {
				const date = Bun.cron.parse(expression, time);
				if (date === null) throw new RangeError(`never: ${expression}`);
				return date.getTime();
			});
			return new Date(Math.min(...next));
		},
	};
}

/** Every so often, counted from `anchor`, which may lie in the future. */
export function intervalSchedule(everyMs: number, anchor: Date): Schedule {
	return {
		nextAfter: (time) => {
			const passed = time.getTime() - anchor.getTime();
			const count = Math.floor(passed / everyMs) + 1;
			return new Date(anchor.getTime() + count * everyMs);
		},
	};
}

/** The expression that comes closest to an interval; null where cron has none that is even. */
export function intervalToCron(everyMs: number): string | null {
	const minutes = everyMs / MINUTE_MS;
	const hours = everyMs / HOUR_MS;
	if (minutes === 1) return "* * * * *";
	if (Number.isInteger(minutes) && 60 % minutes === 0 && minutes < 60) {
		return `*/${minutes} * * * *`;
	}
	if (hours === 1) return "0 * * * *";
	if (Number.isInteger(hours) && 24 % hours === 0 && hours < 24) {
		return `0 */${hours} * * *`;
	}
	if (everyMs === 7 * DAY_MS) return "0 0 * * 0";
	return everyMs === DAY_MS ? "0 0 * * *" : null;
}

function wrong(message: string, hint: string): AppError {
	return new AppError("USAGE", message, { hint });
}
