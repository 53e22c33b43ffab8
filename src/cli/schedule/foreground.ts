// Keeps a schedule in the foreground: each backup is a process of its own, which leaves no memory behind and takes
// nobody with it when it crashes. One at a time; the log is for people, on stderr.

import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { readCatalog } from "../../core/location/catalog.ts";
import { openLocation } from "../../core/location/open.ts";
import { viewerOf } from "../../core/location/standing.ts";
import {
	type Clock,
	followSchedule,
	type ScheduleEvent,
	systemClock,
} from "../../core/schedule/scheduler.ts";
import { AppError, isMissing } from "../../ground/errors.ts";
import { childReaper } from "../../ground/libc.ts";
import { becomeOwner } from "../../ground/rights/user.ts";
import type { Context } from "../context.ts";
import { tellFailure } from "../notify.ts";
import type { Result } from "../output.ts";
import { failureJson } from "../results/document.ts";
import type { Call } from "./call.ts";
import { type Timing, zoneName } from "./timing.ts";

const STDERR = 2;

/** How the signals are called that end a schedule as it is meant to end. */
const STOPS: Readonly<Record<number, string>> = {
	129: "SIGHUP",
	130: "SIGINT",
	143: "SIGTERM",
};

/**
 * Backs up whenever the schedule says so, and at once if the newest backup is older than that; a failed backup is logged.
 * Resolves when a signal ends it.
 */
export async function keepSchedule(
	call: Call,
	timing: Timing,
	catchesUp: boolean,
	context: Context,
): Promise<Result> {
	const { output, signal } = context;
	const log = (text: string) =>
		output.info(`[${formatSecond(new Date())}] ${text}`);
	await becomeOwner(call.settings.databasePath);
	const startedAt = systemClock.now();
	const newest = catchesUp ? await newestTime(call) : startedAt;
	const isLate =
		newest === null || timing.schedule(newest).nextAfter(newest) <= startedAt;
	// An interval goes on counting over a restart, or a machine that is often restarted would never back up.
	const schedule = timing.schedule(isLate ? startedAt : newest);
	if (isLate) {
		const what = newest ? formatSecond(newest) : "none";
		log(`the newest backup is too old (${what}): backing up now`);
	}
	const folder = process.cwd();
	let isGone = false;
	const reap = process.pid === 1 ? await childReaper() : () => undefined;
	const run = async () => {
		reap();
		const wasGone = isGone;
		isGone = !enter(folder);
		if (isGone && !wasGone) log(`${folder} is gone: backing up in / for now`);
		await backUp(call, context, log);
	};
	try {
		return await followSchedule(schedule, run, {
			clock: reapingClock(reap),
			signal,
			firstAt: isLate ? startedAt : undefined,
			onEvent: (event) => log(describe(event)),
		});
	} catch (error) {
		const { reason } = signal;
		if (!(reason instanceof AppError)) throw error;
		return stopped(reason.exitCode, log);
	}
}

// It does so by nothing else: to be stopped is no error of it.
function stopped(exitCode: number, log: (text: string) => void): Result {
	const message = `stopped by ${STOPS[exitCode]}`;
	log(message);
	const end = new AppError("INTERRUPTED", message, { exitCode });
	return { text: "", json: failureJson(end), exitCode };
}

/**
 * What the commands of the user's leave behind falls to process 1, as we are in a container without an init: its ends are
 * taken note of between two backups, when we wait for no child of our own.
 */
function reapingClock(reap: () => void): Clock {
	return {
		now: systemClock.now,
		sleep: async (ms, signal) => {
			await systemClock.sleep(ms, signal);
			reap();
		},
	};
}

/** A program can't start in a folder that was removed, not even where another one has taken its name since then. */
function enter(folder: string): boolean {
	try {
		process.chdir(folder);
		return true;
	} catch {
		process.chdir("/");
		return false;
	}
}

/** When the newest undamaged backup was made, whatever made it; null if there is none, or if the folder can't be read. */
async function newestTime({ outputDir, settings }: Call): Promise<Date | null> {
	const viewer = await viewerOf(settings, systemClock.now());
	const location = openLocation(outputDir, settings);
	const catalog = await readCatalog(location, viewer).catch(() => null);
	const newest = catalog?.backups.find(
		({ doubt }) => doubt === null || doubt.kind === "shrunk",
	);
	return newest?.currentAt ? new Date(newest.currentAt) : null;
}

async function backUp(
	call: Call,
	context: Context,
	log: (text: string) => void,
): Promise<void> {
	const failure = await runBackup(call, context).catch(cannotStart);
	if (context.signal.aborted || failure === null) return;
	if (typeof failure === "number") {
		log(`the backup ended with exit code ${failure}`);
		return;
	}
	// It could say nothing itself.
	log(failure.message);
	await tellFailure(failure, call.notify, context);
}

/** @returns null, its exit code where it is another than 0, or an error for what it could not report */
async function runBackup(
	{ program, flags, pingUrl, environment: paths }: Call,
	{ environment, output, signal }: Context,
): Promise<number | AppError | null> {
	// As an argument everybody on this machine could read it.
	const secret = pingUrl ? { VPO_BACKUP_PING_URL: pingUrl } : {};
	const [path = "", ...words] = program;
	const command = [await runnable(path), ...words, "library", "backup"];
	const child = Bun.spawn([...command, ...flags], {
		argv0: path,
		env: { ...environment, ...paths, ...secret },
		stdin: "ignore",
		stdout: output.isJson ? STDERR : "inherit",
		stderr: "inherit",
		// In a process group of its own a terminal's Ctrl-C reaches it only through us.
		detached: true,
	});
	const end = () => child.kill("SIGTERM");
	signal.addEventListener("abort", end, { once: true });
	if (signal.aborted) end();
	process.once("exit", end);
	const exitCode = await child.exited;
	process.off("exit", end);
	signal.removeEventListener("abort", end);
	if (child.signalCode === null) return exitCode === 0 ? null : exitCode;
	return new AppError(
		"OPERATION_FAILED",
		`the backup was ended by ${child.signalCode}`,
		{ hint: "SIGKILL often means that memory ran out" },
	);
}

// The user that root has become may have no way to where the program stands; as a running one it is at hand. One that is
// gone is not started once more.
async function runnable(path: string): Promise<string> {
	return access(path, constants.X_OK).then(
		() => path,
		(cause) => (isMissing(cause) ? path : "/proc/self/exe"),
	);
}

function cannotStart(cause: unknown): AppError {
	const reason = (cause as Error).message;
	const message = `the backup could not be started: ${reason}`;
	return new AppError("OPERATION_FAILED", message, { cause });
}

function describe({ kind, at }: ScheduleEvent): string {
	const time = formatSecond(at);
	if (kind === "next") return `next backup: ${time} (${zoneName()})`;
	if (kind === "missed") return `the backup of ${time} was missed: it runs now`;
	return `the backup of ${time} is left out: the one before took until now`;
}

/** "2026-02-05 15:30:12", local time */
function formatSecond(date: Date): string {
	return date.toLocaleString("sv-SE");
}
