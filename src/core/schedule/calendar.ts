// Cron's calendar in systemd's words: "0 3 * * MON" is OnCalendar=Mon *-*-* 03:00:00.
// Every field is spelled out as the numbers it stands for, so that the two can't read a step or a range differently.

interface Field {
	readonly min: number;
	readonly max: number;
	readonly names: readonly string[];
}

const MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
const WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split(" ");

const FIELDS = {
	minute: { min: 0, max: 59, names: [] },
	hour: { min: 0, max: 23, names: [] },
	day: { min: 1, max: 31, names: [] },
	month: { min: 1, max: 12, names: MONTHS },
	weekday: { min: 0, max: 7, names: WEEKDAYS },
} as const satisfies Record<string, Field>;

/**
 * systemd's OnCalendar values (systemd.time(7)) for a cron expression of five valid fields. Two where cron means a day of the
 * month or a weekday, as systemd would mean both at once.
 */
export function toOnCalendar(expression: string): string[] {
	const [minute = "*", hour = "*", day = "*", month = "*", weekday = "*"] =
		expression.split(" ");
	const time = `${spell(hour, FIELDS.hour)}:${spell(minute, FIELDS.minute)}:00`;
	const months = spell(month, FIELDS.month);
	const onDays = `*-${months}-${spell(day, FIELDS.day)} ${time}`;
	if (weekday === "*") return [onDays];
	const onWeekdays = `${weekdays(weekday)} *-${months}-* ${time}`;
	return day === "*" ? [onWeekdays] : [onDays, onWeekdays];
}

function spell(text: string, field: Field): string {
	return text === "*" ? "*" : expand(text, field).map(twoDigits).join(",");
}

/** Cron's Sunday is 0 and 7. */
function weekdays(text: string): string {
	const days = new Set(expand(text, FIELDS.weekday).map((day) => day % 7));
	return [...days]
		.map((day) => WEEKDAYS[day] ?? "")
		.map((name) => `${name.charAt(0)}${name.slice(1).toLowerCase()}`)
		.join(",");
}

/** The numbers that a field stands for, ascending. */
function expand(text: string, field: Field): number[] {
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
	return [...new Set(numbers)].sort((a, b) => a - b);
}

function numberOf(text: string, { names, min }: Field): number {
	const index = names.indexOf(text);
	return index < 0 ? Number(text) : index + min;
}

function twoDigits(number: number): string {
	return String(number).padStart(2, "0");
}
