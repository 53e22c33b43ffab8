// A schedule kept by a clock that tests set: sleep, jumps, long runs, signals.

import { beforeAll, describe, expect, test } from "bun:test";
import {
	cronSchedule,
	intervalSchedule,
	type Schedule,
} from "../../../src/core/schedule/schedule.ts";
import {
	followSchedule,
	systemClock,
} from "../../../src/core/schedule/scheduler.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START = Date.parse("2026-02-05T12:00:00Z");

beforeAll(() => {
	process.env.TZ = "UTC";
});

/** What happens to the clock while the program sleeps; called once for each sleep. */
type Events = Record<number, (clock: TestClock) => void>;

class TestClock {
	ms = START;
	sleeps = 0;
	readonly #events: Events;

	constructor(events: Events = {}) {
		this.#events = events;
	}

	now = () => new Date(this.ms);

	sleep = async (ms: number) => {
		this.ms += ms;
		this.sleeps += 1;
		this.#events[this.sleeps]?.(this);
	};
}

interface Kept {
	/** When each run began. */
	readonly runs: readonly string[];
	readonly events: readonly string[];
}

/** Keeps a schedule for so many runs; `work` is what a run does to the clock. */
async function keep(
	schedule: Schedule,
	runCount: number,
	clock: TestClock,
	work: (clock: TestClock) => void = () => undefined,
	firstAt?: Date,
): Promise<Kept> {
	const controller = new AbortController();
	const runs: string[] = [];
	const events: string[] = [];
	let isRunning = false;
	const run = async () => {
		expect(isRunning).toBe(false);
		isRunning = true;
		runs.push(iso(clock.now()));
		await Promise.resolve();
		work(clock);
		isRunning = false;
		if (runs.length === runCount) controller.abort(new Error("enough"));
	};
	const following = followSchedule(schedule, run, {
		clock,
		signal: controller.signal,
		firstAt,
		onEvent: ({ kind, at }) => events.push(`${kind} ${iso(at)}`),
	});
	expect(await following.catch((error: Error) => error.message)).toBe("enough");
	return { runs, events };
}

function iso(date: Date): string {
	return date.toISOString().slice(8, 19);
}

const daily = cronSchedule(["0 3 * * *"]);

describe("followSchedule", () => {
	test("runs at each time", async () => {
		const { runs, events } = await keep(daily, 3, new TestClock());
		expect(runs).toEqual(["06T03:00:00", "07T03:00:00", "08T03:00:00"]);
		expect(events).toEqual([
			"next 06T03:00:00",
			"next 07T03:00:00",
			"next 08T03:00:00",
		]);
	});

	test("runs at once when the first run is due", async () => {
		const first = new Date(START);
		const { runs } = await keep(daily, 2, new TestClock(), undefined, first);
		expect(runs).toEqual(["05T12:00:00", "06T03:00:00"]);
	});

	test("leaves out the times that pass during a run", async () => {
		const hourly = intervalSchedule(HOUR_MS, new Date(START));
		const { runs, events } = await keep(hourly, 2, new TestClock(), (clock) => {
			clock.ms += 2.5 * HOUR_MS;
		});
		expect(runs).toEqual(["05T13:00:00", "05T16:00:00"]);
		expect(events).toContain("skipped 05T14:00:00");
	});

	test("runs once for all the times that the machine slept through", async () => {
		const asleep = new TestClock({
			3: (clock) => {
				clock.ms += 70 * HOUR_MS;
			},
		});
		const { runs, events } = await keep(daily, 2, asleep);
		expect(runs).toEqual(["08T10:01:30", "09T03:00:00"]);
		expect(events).toContain("missed 06T03:00:00");
	});

	test("does not run again when the clock is set back a little after a run", async () => {
		const { runs } = await keep(daily, 3, new TestClock(), (clock) => {
			clock.ms -= 30 * MINUTE_MS;
		});
		expect(runs).toEqual(["06T03:00:00", "07T03:00:00", "08T03:00:00"]);
	});

	test("does not run early when the clock is set back a little while it waits", async () => {
		const clock = new TestClock({
			5: (clock) => {
				clock.ms -= HOUR_MS;
			},
		});
		expect((await keep(daily, 1, clock)).runs).toEqual(["06T03:00:00"]);
	});

	test("a clock that was years ahead does not keep it waiting for years", async () => {
		const clock = new TestClock({
			5: (clock) => {
				clock.ms -= 1000 * 24 * HOUR_MS;
			},
		});
		const { runs } = await keep(daily, 1, clock);
		expect(clock.ms).toBeLessThan(START - 998 * 24 * HOUR_MS);
		expect(runs).toHaveLength(1);
	});

	test("nor one that is set back so during a run", async () => {
		let isFirst = true;
		const clock = new TestClock();
		await keep(daily, 2, clock, (clock) => {
			if (isFirst) clock.ms -= 1000 * 24 * HOUR_MS;
			isFirst = false;
		});
		expect(clock.ms).toBeLessThan(START - 998 * 24 * HOUR_MS);
	});

	test("never sleeps so long that it would not notice a machine that slept", async () => {
		const clock = new TestClock();
		await keep(daily, 1, clock);
		expect(clock.sleeps).toBe((15 * HOUR_MS) / 30_000);
	});

	test("a signal ends its wait with the signal's reason", async () => {
		const controller = new AbortController();
		const following = followSchedule(
			intervalSchedule(HOUR_MS, new Date()),
			() => Promise.reject(new Error("it ran")),
			{
				clock: systemClock,
				signal: controller.signal,
				onEvent: () => controller.abort(new Error("stop")),
			},
		);
		await expect(following).rejects.toThrow("stop");
	});

	test("after a signal it does not begin", async () => {
		const following = followSchedule(
			daily,
			() => Promise.reject(new Error("it ran")),
			{
				clock: systemClock,
				signal: AbortSignal.abort(new Error("stop")),
				firstAt: new Date(0),
				onEvent: () => undefined,
			},
		);
		await expect(following).rejects.toThrow("stop");
	});
});
