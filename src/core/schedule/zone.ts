// The time zone that the system means. ICU, which does our arithmetic of dates, understands names only and takes anything
// else for UTC in silence: a path, ":/etc/localtime", a POSIX rule, an /etc/localtime that is a copy (docker --volume
// /etc/localtime). So what the C library would make of it is worked out here, and found among the names.

import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { type OffsetAt, parsePosixRule } from "./posix-rule.ts";
import { parseTzif } from "./tzif.ts";

const LOCALTIME = "/etc/localtime";
const DATABASE = "/usr/share/zoneinfo";
const UTC = "UTC";
/** A link to one of these needs no second look: ICU follows it as well. */
const USUAL_LINK = /\/zoneinfo\/(?:posix\/)?(?:[A-Z]\w+\/[\w+/-]+|UTC)$/;
/** Asked first, so that a clock that many places share is called by a place that many have heard of. */
const WELL_KNOWN = [
	...["Europe/Berlin", "Europe/London", "Europe/Athens", "Europe/Moscow"],
	...["America/New_York", "America/Chicago", "America/Denver"],
	...["America/Los_Angeles", "America/Sao_Paulo", "Asia/Kolkata"],
	...["Asia/Shanghai", "Australia/Sydney", "Pacific/Auckland"],
];

/** Two zones whose clocks agree at so many instants, and from one year back to two ahead, are one to us. */
const SAMPLES = 120;
const SAMPLE_EVERY_MS = (3 * 365 * 86_400_000) / SAMPLES;
const SAMPLES_BACK = SAMPLES / 3;

export interface Zone {
	/** As ICU and systemd call it. */
	readonly name: string;
	/** Why it may be another one than was meant; null: it is right. */
	readonly warning: string | null;
}

/**
 * Lets this process keep to the zone that is meant: sets TZ where ICU would take it for another one.
 * @param environment the process's own
 * @returns why times may be in another zone all the same; null: they are not
 */
export function settleZone(
	environment: { TZ?: string | undefined },
	now: Date,
): string | null {
	const { TZ } = environment;
	if (!TZ && USUAL_LINK.test(targetOf(LOCALTIME) ?? "")) return null;
	const { name, warning } = meantZone(TZ, now);
	if (name !== (TZ || UTC)) environment.TZ = name;
	return warning;
}

/**
 * The zone that TZ means.
 * @param tz the variable TZ; empty counts as unset, which is the system's own
 */
export function meantZone(tz: string | undefined, now: Date): Zone {
	if (!tz) return { name: systemZone(now), warning: null };
	const value = tz.replace(/^:/, "");
	const named = nameIn(value);
	if (named !== null) return { name: named, warning: null };
	const clock = value.startsWith("/")
		? clockIn(value)
		: (clockIn(join(DATABASE, value)) ?? parsePosixRule(value));
	const name = clock && nameOf(clock, now);
	if (name !== null) return { name, warning: null };
	const what =
		clock === null ? "is no time zone" : "is a time zone without a name";
	return {
		name: UTC,
		warning: `TZ=${tz} ${what}: times are in UTC; name one, such as TZ=Europe/Berlin`,
	};
}

/** The zone of the machine, which cron keeps to whatever TZ says; UTC where it has none. */
export function systemZone(now: Date): string {
	const named = linkedName(LOCALTIME);
	if (named !== null) return named;
	const clock = clockIn(LOCALTIME);
	return (clock && nameOf(clock, now)) ?? UTC;
}

/** Whether two zones show the same time, from a year ago until two years ahead. */
export function isSameZone(one: string, other: string, now: Date): boolean {
	return one === other || agrees(one, clockOf(other), samplesAround(now));
}

/** The name that such a value is or ends in: "Europe/Berlin", "/usr/share/zoneinfo/posix/Europe/Berlin". */
function nameIn(value: string): string | null {
	const name = value.startsWith("/")
		? nameOfPath(value)
		: value.replace(/^(posix|right)\//, "");
	return name !== null && isName(name) ? name : null;
}

function nameOfPath(path: string): string | null {
	if (path === LOCALTIME) return linkedName(path);
	return /\/zoneinfo\/(?:(?:posix|right)\/)?(.+)$/.exec(path)?.[1] ?? null;
}

function linkedName(path: string): string | null {
	const target = targetOf(path);
	const name = target === null ? null : nameOfPath(target);
	return name !== null && isName(name) ? name : null;
}

function targetOf(path: string): string | null {
	try {
		return readlinkSync(path);
	} catch {
		return null; // no link, or nothing there
	}
}

function isName(text: string): boolean {
	try {
		return Intl.DateTimeFormat("en", { timeZone: text }) !== null;
	} catch {
		return false;
	}
}

function clockIn(path: string): OffsetAt | null {
	try {
		return parseTzif(readFileSync(path));
	} catch {
		return null; // not there, or not for us
	}
}

/** The name of a zone that keeps this clock; of several one without a city, if it has no summer time. */
function nameOf(clock: OffsetAt, now: Date): string | null {
	const samples = samplesAround(now);
	const hours = -clock(now.getTime() / 1000) / 3600;
	const plain = hours === 0 ? UTC : `Etc/GMT${hours < 0 ? "" : "+"}${hours}`;
	const names = [
		...(isName(plain) ? [plain] : []),
		...WELL_KNOWN,
		...Intl.supportedValuesOf("timeZone"),
	];
	return names.find((name) => agrees(name, clock, samples)) ?? null;
}

function samplesAround(now: Date): number[] {
	return Array.from(
		{ length: SAMPLES },
		(_, index) => now.getTime() + (index - SAMPLES_BACK) * SAMPLE_EVERY_MS,
	);
}

function agrees(
	name: string,
	clock: OffsetAt,
	samples: readonly number[],
): boolean {
	const own = clockOf(name);
	return samples.every((ms) => own(ms / 1000) === clock(Math.floor(ms / 1000)));
}

function clockOf(name: string): OffsetAt {
	return (epochSeconds) =>
		Temporal.Instant.fromEpochMilliseconds(
			Math.floor(epochSeconds) * 1000,
		).toZonedDateTimeISO(name).offsetNanoseconds / 1e9;
}
