// The flags that commands share, and the one place where their strings become typed values.

import type { ArgsDef } from "citty";
import { AppError } from "../../ground/errors.ts";
import { fromHere, isAddress } from "../../ground/paths.ts";
import {
	type Environment,
	expandHome,
	homeFolder,
	type Settings,
	withoutSlash,
} from "../../ground/settings.ts";
import { type Duration, parseDuration } from "../../ground/units.ts";

/** Flags that every command has. */
export const commonArgs = {
	json: { type: "boolean", description: "Print one JSON document to stdout" },
	help: { type: "boolean", alias: "h", description: "Show this help" },
} as const satisfies ArgsDef;

export const databaseArg = {
	database: {
		type: "string",
		valueHint: "PATH",
		description: "The library (default: ~/.vpo/library.db)",
	},
} as const satisfies ArgsDef;

export const pathArg = {
	path: {
		type: "string",
		alias: "p",
		valueHint: "LOCATION",
		description:
			"The backups: a folder or s3://BUCKET/PREFIX (default: ~/.vpo/backups)",
	},
} as const satisfies ArgsDef;

export const newLocationArg = {
	"new-location": {
		type: "boolean",
		description:
			"The backups are at another place than before, and that is right",
	},
} as const satisfies ArgsDef;

export const backupArg = {
	backup: {
		type: "positional",
		required: true,
		description:
			"A path, a name or unique prefix of one in the backup folder, or latest",
	},
} as const satisfies ArgsDef;

export const lockTimeoutArg = {
	"lock-timeout": {
		type: "string",
		valueHint: "SECONDS",
		description: "How long to wait for a locked library (default: 10)",
	},
} as const satisfies ArgsDef;

export const DEFAULT_LOCK_TIMEOUT_S = 10;
/** A night's backup, and a night on which it took longer. */
export const DEFAULT_MAX_AGE = "26h";
const MOST_SECONDS = 86_400;
const MOST_NOTE_CHARACTERS = 1000;

/** A path as a person writes it: relative to the working directory, `~` expanded. */
export function toPath(text: string, environment: Environment): string {
	return fromHere(expandHome(text, () => homeFolder(environment)));
}

/** A path as `toPath` has it, or an address in a bucket. */
export function toPlace(text: string, environment: Environment): string {
	return isAddress(text) ? withoutSlash(text) : toPath(text, environment);
}

/** What a person calls a backup by, `~` expanded. */
export function toReference(text: string, environment: Environment): string {
	if (text === "") throw usage("BACKUP is empty"); // it would be the prefix of all
	return expandHome(text, () => homeFolder(environment));
}

/** Milliseconds, as the flag, the configuration or the default has it. */
export function toLockTimeoutMs(
	args: { readonly "lock-timeout"?: string | undefined },
	{ backup }: Pick<Settings, "backup">,
): number {
	const otherwise = backup.lock_timeout ?? DEFAULT_LOCK_TIMEOUT_S;
	return toSeconds("lock-timeout", args["lock-timeout"], otherwise) * 1000;
}

/**
 * Seconds, fractions too.
 * @param otherwise where none are given
 */
export function toSeconds(
	flag: string,
	text: string | undefined,
	otherwise: number,
): number {
	if (text === undefined) return otherwise;
	const seconds = Number(text);
	if (!/^\d+(\.\d+)?$/.test(text) || seconds > MOST_SECONDS) {
		throw usage(
			`--${flag} must be a number of seconds from 0 to ${MOST_SECONDS}, not "${text}"`,
		);
	}
	return seconds;
}

/**
 * A duration such as "26h" or "1y6mo".
 * @param isRule whether `m` is months as well, as in restic's keep rules
 */
export function toDuration(
	flag: string,
	text: string,
	isRule = false,
): Duration {
	try {
		return parseDuration(text, isRule);
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		throw usage(`--${flag}: ${error.message}`, error.hint);
	}
}

/** Its milliseconds, counted back from `now` where it has months or years. */
export function toDurationMs(flag: string, text: string, now: Date): number {
	const duration = toDuration(flag, text);
	const end = Temporal.Instant.fromEpochMilliseconds(now.getTime());
	const start = end.toZonedDateTimeISO("UTC").subtract(duration);
	return now.getTime() - start.epochMilliseconds;
}

/**
 * A moment in milliseconds since 1970: a time ago as in "30d", or a local date, with a time or without.
 * @throws AppError USAGE
 */
export function toMoment(flag: string, text: string, now: Date): number {
	const local = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?$/.exec(text);
	if (!local) return now.getTime() - toDurationMs(flag, text, now);
	const [, day = "", time = "00:00"] = local;
	try {
		const options = { overflow: "reject" } as const;
		const moment = Temporal.PlainDateTime.from(`${day}T${time}`, options);
		return moment.toZonedDateTime(Temporal.Now.timeZoneId()).epochMilliseconds;
	} catch (cause) {
		if (!(cause instanceof RangeError)) throw cause;
		throw usage(`--${flag}: no such time: "${text}"`);
	}
}

/** A gzip level, 1 to 9. */
export function toLevel(text: string | undefined, otherwise: number): number {
	if (text === undefined) return otherwise;
	if (!/^[1-9]$/.test(text)) {
		throw usage(`--level must be a whole number from 1 to 9, not "${text}"`);
	}
	return Number(text);
}

/** A whole number from 1 to 999,999, or undefined where none is given. */
export function toCount(
	flag: string,
	text: string | undefined,
): number | undefined {
	if (text === undefined) return undefined;
	if (!/^[1-9]\d{0,5}$/.test(text)) {
		throw usage(
			`--${flag} must be a whole number from 1 to 999999, not "${text}"`,
		);
	}
	return Number(text);
}

/** A note, or null where there is none. */
export function toNote(text: string | undefined): string | null {
	if (text === undefined) return null;
	if (text.length > MOST_NOTE_CHARACTERS) {
		throw usage(`--note must have at most ${MOST_NOTE_CHARACTERS} characters`);
	}
	return text;
}

/** A wrong call: exit code 2, one line. */
export function usage(message: string, hint = "see --help"): AppError {
	return new AppError("USAGE", message, { hint });
}
