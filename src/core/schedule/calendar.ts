// Cron's calendar as the numbers that it stands for, so that no two readers can read a step, a range or a name differently.

interface Field {
	readonly min: number;
	readonly max: number;
	readonly names: readonly string[];
}

const MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
export const WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split(" ");

const FIELDS = {
	minute: { min: 0, max: 59, names: [] },
	hour: { min: 0, max: 23, names: [] },
	day: { min: 1, max: 31, names: [] },
	month: { min: 1, max: 12, names: MONTHS },
	weekday: { min: 0, max: 7, names: WEEKDAYS },
} as const satisfies Record<string, Field>;

/** Ascending numbers of each field; null: whatever it is. Sunday is 0. */
export interface Calendar {
	readonly minutes: readonly number[] | null;
	readonly hours: readonly number[] | null;
	readonly days: readonly number[] | null;
	readonly months: readonly number[] | null;
	readonly weekdays: readonly number[] | null;
}

/**
 * What a cron expression of five valid fields stands for. Where it names both, a day counts if its number or its weekday does.
 */
export function toCalendar(expression: string): Calendar {
	const [minute = "*", hour = "*", day = "*", month = "*", weekday = "*"] =
		expression.split(" ");
	const weekdays = expand(weekday, FIELDS.weekday)?.map((number) => number % 7);
	return {
		minutes: expand(minute, FIELDS.minute),
		hours: expand(hour, FIELDS.hour),
		days: expand(day, FIELDS.day),
		months: expand(month, FIELDS.month),
		weekdays: weekdays ? ascending(weekdays) : null,
	};
}

/**
 * The same expression as every cron reads it alike. Debian's takes 5/15 for 5 alone, and a day that begins with a star, such
 * as star/2, for any day if a weekday is named; BusyBox's has no Sunday 7.
 */
export function toPlainCron(expression: string): string {
	const { minutes, hours, days, months, weekdays } = toCalendar(expression);
	return [
		spellSteps(minutes, FIELDS.minute),
		spellSteps(hours, FIELDS.hour),
		spell(days),
		spell(months),
		spell(weekdays),
	].join(" ");
}

/** Every quarter of an hour stays that. */
function spellSteps(numbers: readonly number[] | null, { max }: Field): string {
	const [first, second] = numbers ?? [];
	const isEven =
		first === 0 &&
		second !== undefined &&
		second > 1 &&
		(max + 1) % second === 0 &&
		numbers?.length === (max + 1) / second &&
		numbers.every((number, index) => number === index * second);
	return isEven ? `*/${second}` : spell(numbers);
}

/** "1-5,7" */
function spell(numbers: readonly number[] | null): string {
	if (numbers === null) return "*";
	const ranges: [first: number, last: number][] = [];
	for (const number of numbers) {
		const open = ranges.at(-1);
		if (open && open[1] === number - 1) open[1] = number;
		else ranges.push([number, number]);
	}
	return ranges
		.map(([first, last]) => (first === last ? first : `${first}-${last}`))
		.join(",");
}

function expand(text: string, field: Field): number[] | null {
	if (text === "*") return null;
	const numbers = text.split(",").flatMap((part) => {
		const [range = "*", step] = part.split("/");
		const [first = "*", last] = range.split("-");
		const from = first === "*" ? field.min : numberOf(first, field);
		const isOpen = first === "*" || (last === undefined && step !== undefined);
		const end = last === undefined ? from : numberOf(last, field);
		const to = isOpen ? field.max : end;
		const length = Math.max(0, to - from + 1);
		return Array.from({ length }, (_, index) => from + index).filter(
			(number) => (number - from) % Number(step ?? 1) === 0,
		);
	});
	return ascending(numbers);
}

function ascending(numbers: readonly number[]): number[] {
	return [...new Set(numbers)].sort((a, b) => a - b);
}

function numberOf(text: string, { names, min }: Field): number {
	const index = names.indexOf(text);
	return index < 0 ? Number(text) : index + min;
}
