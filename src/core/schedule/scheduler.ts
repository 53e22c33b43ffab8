// Follows a schedule in this process: one run at a time, none twice, and a time that was slept through runs once.

import type { Schedule } from "./schedule.ts";

/** The time, and a way to let it pass; a parameter, as tests have clocks of their own. */
export interface Clock {
	now(): Date;
	/** Resolves after so long, or soon after the signal. */
	sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** What a person who reads the log wants to know. */
export type ScheduleEvent =
	/** The next run. */
	| { readonly kind: "next"; readonly at: Date }
	/** This one is late: the machine slept, or its clock was set. */
	| { readonly kind: "missed"; readonly at: Date }
	/** It came while a run was under way. */
	| { readonly kind: "skipped"; readonly at: Date };

export interface SchedulerOptions {
	readonly clock: Clock;
	readonly signal: AbortSignal;
	/** The first run, where it is another than the schedule's next. */
	readonly firstAt?: Date | undefined;
	readonly onEvent: (event: ScheduleEvent) => void;
}

/** A timer doesn't count the time that the machine sleeps, so none may be long. */
const LONGEST_SLEEP_MS = 30_000;
const LATE_MS = 60_000;
/** As cron does: a clock set back by less only waits, by more it counts anew. */
const SET_BACK_MS = 3 * 3600 * 1000;

export const systemClock: Clock = {
	now: () => new Date(),
	sleep: (ms, signal) => {
		const { promise, resolve } = Promise.withResolvers<void>();
		const timer = setTimeout(resolve, ms);
		const wake = () => resolve();
		signal.addEventListener("abort", wake, { once: true });
		if (signal.aborted) wake();
		return promise.finally(() => {
			clearTimeout(timer);
			signal.removeEventListener("abort", wake);
		});
	},
};

/**
 * Calls `run` at each moment of the schedule until the signal.
 * @param run must not throw
 * @throws the signal's reason
 */
export async function followSchedule(
	schedule: Schedule,
	run: () => Promise<void>,
	{ clock, signal, firstAt, onEvent }: SchedulerOptions,
): Promise<never> {
	let next = firstAt ?? schedule.nextAfter(clock.now());
	for (;;) {
		if (next > clock.now()) onEvent({ kind: "next", at: next });
		if (!(await reach(next, clock, signal))) {
			next = schedule.nextAfter(clock.now());
			continue;
		}
		const startedAt = clock.now();
		if (Number(startedAt) - Number(next) > LATE_MS) {
			onEvent({ kind: "missed", at: next });
		}
		await run();
		signal.throwIfAborted();
		const endedAt = clock.now();
		const passed = schedule.nextAfter(latest(next, startedAt));
		if (passed <= endedAt) onEvent({ kind: "skipped", at: passed });
		const isSetBack = Number(next) - Number(endedAt) > SET_BACK_MS;
		next = schedule.nextAfter(isSetBack ? endedAt : latest(next, endedAt));
	}
}

/** Waits until a moment has come; false if the clock is set back so far that it counts no longer. */
async function reach(
	at: Date,
	clock: Clock,
	signal: AbortSignal,
): Promise<boolean> {
	let last = Number(clock.now());
	while (last < Number(at)) {
		await clock.sleep(Math.min(Number(at) - last, LONGEST_SLEEP_MS), signal);
		signal.throwIfAborted();
		const now = Number(clock.now());
		if (last - now > SET_BACK_MS) return false;
		last = now;
	}
	signal.throwIfAborted();
	return true;
}

function latest(one: Date, other: Date): Date {
	return one > other ? one : other;
}
