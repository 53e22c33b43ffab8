// When to back up, as a person says it: --at, --every or --cron, each once read for everybody who prints or follows it.

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

const NEXT_RUNS = 5;

/** A rule in every form that somebody needs. */
export interface Timing {
	/** The flags that say it: "--at 03:00". */
	readonly flags: readonly string[];
	/** For cron; null where an interval fits no clock evenly. */
	readonly expressions: readonly string[] | null;
	readonly everyMs: number | null;
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
			everyMs,
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
	return { flags, expressions, everyMs: null, schedule: () => schedule };
}

/** The local time zone, which is UTC in a container that was not told of another. */
export function zoneName(): string {
	return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * The next five times.
 * @param isClock whether who keeps the time goes by the clock, as cron and systemd do where they can, or counts from now
 */
export function nextTimes(timing: Timing, isClock: boolean, now: Date): Date[] {
	const { expressions } = timing;
	const schedule =
		isClock && expressions ? cronSchedule(expressions) : timing.schedule(now);
	const times: Date[] = [];
	for (let last = now; times.length < NEXT_RUNS; ) {
		last = schedule.nextAfter(last);
		times.push(last);
	}
	return times;
}
