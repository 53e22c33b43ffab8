// When to back up, as a person says it: --at, --every or --cron, each once read for everybody who prints or follows it.

import {
	cronOnCalendar,
	intervalOnCalendar,
	type OnCalendar,
	onCalendarSchedule,
} from "../../core/schedule/on-calendar.ts";
import {
	cronSchedule,
	intervalSchedule,
	intervalToCron,
	parseCron,
	parseInterval,
	parseTimeOfDay,
	type Schedule,
} from "../../core/schedule/schedule.ts";
import { ownCommand } from "../../ground/program.ts";
import { usage } from "../arguments/args.ts";

export { zoneName } from "../format.ts";

const NEXT_RUNS = 5;

/** Who keeps to a schedule that is printed. */
export type Format = "crontab" | "systemd" | "container";

/** A rule in every form that somebody needs. */
export interface Timing {
	/** The flags that say it: "--at 03:00". */
	readonly flags: readonly string[];
	/** For cron; null where an interval fits no clock evenly. */
	readonly expressions: readonly string[] | null;
	/** For systemd; null likewise, as a timer that counts begins anew whenever the machine does. */
	readonly onCalendar: readonly OnCalendar[] | null;
	/** @param anchor what an interval counts from */
	schedule(anchor: Date): Schedule;
}

export interface TimingArgs {
	readonly at: readonly string[];
	readonly every?: string | undefined;
	readonly cron?: string | undefined;
}

/** @throws AppError USAGE: none of the three, two of them, or one that can't be read */
export function readTiming({ at, every, cron }: TimingArgs): Timing {
	const given = [at[0] && "--at", every && "--every", cron && "--cron"];
	const [first, second] = given.filter(Boolean);
	if (second) throw usage(`${first} and ${second} exclude each other`);
	if (every !== undefined) {
		const everyMs = parseInterval(every);
		const expression = intervalToCron(everyMs);
		return {
			flags: ["--every", every],
			expressions: expression === null ? null : [expression],
			onCalendar: intervalOnCalendar(everyMs),
			schedule: (anchor) => intervalSchedule(everyMs, anchor),
		};
	}
	if (cron !== undefined) {
		return ofClock(["--cron", cron], [parseCron(cron)]);
	}
	if (at.length === 0) {
		throw usage(
			"say when: --at, --every or --cron",
			`for example: ${ownCommand("schedule --at 03:00")}`,
		);
	}
	const flags = at.flatMap((time) => ["--at", time]);
	return ofClock(flags, [...new Set(at.map(parseTimeOfDay))]);
}

function ofClock(
	flags: readonly string[],
	expressions: readonly string[],
): Timing {
	const schedule = cronSchedule(expressions);
	const onCalendar = expressions.flatMap(cronOnCalendar);
	return { flags, expressions, onCalendar, schedule: () => schedule };
}

/** The next five times, as who keeps to them will: cron and systemd by the clock where they can, a container from now. */
export function nextTimes(timing: Timing, format: Format, now: Date): Date[] {
	const schedule = scheduleOf(timing, format, now);
	const times: Date[] = [];
	for (let last = now; times.length < NEXT_RUNS; ) {
		last = schedule.nextAfter(last);
		times.push(last);
	}
	return times;
}

function scheduleOf(timing: Timing, format: Format, now: Date): Schedule {
	const { expressions, onCalendar } = timing;
	if (format === "crontab" && expressions) return cronSchedule(expressions);
	if (format === "systemd" && onCalendar) return onCalendarSchedule(onCalendar);
	return timing.schedule(now);
}
