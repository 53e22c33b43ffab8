// The flags that commands share, and the one place where their strings become typed values. Nothing unknown passes.

import { resolve } from "node:path";
import { parseArgs as tokenize } from "node:util";
import type { ArgDef, ArgsDef } from "citty";
import { closest, distance } from "fastest-levenshtein";
import { parseDuration } from "../core/policy.ts";
import { AppError } from "../errors.ts";
import { type Environment, expandHome, homeFolder } from "../settings.ts";

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
		valueHint: "DIR",
		description: "The backup folder (default: ~/.vpo/backups)",
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
const MOST_LOCK_TIMEOUT_S = 86_400;
const MOST_NOTE_CHARACTERS = 1000;

/**
 * Rejects everything that a command does not define.
 * @throws AppError USAGE: an unknown flag, a flag without its value, a value where none belongs, a surplus or missing argument
 */
export function requireKnownArgs(rawArgs: string[], args: ArgsDef): void {
	const { tokens } = tokenize({
		args: rawArgs,
		options: optionsOf(args),
		strict: false,
		tokens: true,
		allowPositionals: true,
	});
	const surplus: string[] = [];
	for (const token of tokens) {
		if (token.kind === "positional") surplus.push(token.value);
		if (token.kind === "option") requireKnownOption(token, args);
	}
	for (const [name, definition] of Object.entries(args)) {
		if (definition.type !== "positional") continue;
		if (surplus.shift() === undefined && definition.required !== false) {
			throw usage(`missing ${name.toUpperCase()}`);
		}
	}
	if (surplus[0] !== undefined)
		throw usage(`unexpected argument: ${surplus[0]}`);
}

interface OptionToken {
	readonly name: string;
	readonly rawName: string;
	readonly value?: string | undefined;
	readonly inlineValue?: boolean | undefined;
}

function requireKnownOption(token: OptionToken, args: ArgsDef): void {
	const { name, rawName, value, inlineValue } = token;
	const definition = Object.hasOwn(args, name) ? args[name] : undefined;
	if (definition && definition.type !== "positional") {
		if (definition.type === "boolean" && value !== undefined) {
			throw usage(`${rawName} takes no value`);
		}
		const swallowed = !inlineValue && /^-./.test(value ?? "");
		if (definition.type === "string" && (!value || swallowed)) {
			throw usage(`${rawName} needs a value`);
		}
		return;
	}
	const positive = args[name.replace(/^no-/, "")];
	if (positive?.type === "boolean" && positive.default === true) {
		if (value !== undefined) throw usage(`${rawName} takes no value`);
		return;
	}
	throw usage(`unknown flag ${rawName}`, nearestHint(rawName, flagsOf(args)));
}

function optionsOf(
	args: ArgsDef,
): Record<string, { type: "boolean" | "string"; short?: string }> {
	return Object.fromEntries(
		Object.entries(args)
			.filter(([, definition]) => definition.type !== "positional")
			.map(([name, definition]) => [name, optionOf(definition)]),
	);
}

function optionOf(definition: ArgDef): {
	type: "boolean" | "string";
	short?: string;
} {
	const type = definition.type === "boolean" ? "boolean" : "string";
	const alias = "alias" in definition ? definition.alias : undefined;
	return typeof alias === "string" ? { type, short: alias } : { type };
}

function flagsOf(args: ArgsDef): string[] {
	return Object.entries(args)
		.filter(([, { type }]) => type !== "positional")
		.map(([name, definition]) =>
			definition.default === true ? `--no-${name}` : `--${name}`,
		);
}

/** "did you mean --json?", or how to see all that there is. */
export function nearestHint(word: string, known: readonly string[]): string {
	const nearest = closest(word, [...known]);
	return distance(word, nearest) <= Math.max(2, word.length / 3)
		? `did you mean ${nearest}?`
		: "see --help";
}

/** A path as a person writes it: relative to the working directory, `~` expanded. */
export function toPath(text: string, environment: Environment): string {
	return resolve(expandHome(text, () => homeFolder(environment)));
}

/**
 * Milliseconds.
 * @param otherwise the configured seconds
 */
export function toLockTimeoutMs(
	text: string | undefined,
	otherwise = DEFAULT_LOCK_TIMEOUT_S,
): number {
	if (text === undefined) return otherwise * 1000;
	const seconds = Number(text);
	if (!/^\d+(\.\d+)?$/.test(text) || seconds > MOST_LOCK_TIMEOUT_S) {
		throw usage(
			`--lock-timeout must be a number of seconds from 0 to ${MOST_LOCK_TIMEOUT_S}, not "${text}"`,
		);
	}
	return seconds * 1000;
}

/** Milliseconds of a duration such as "26h", counted back from `now` where it has months or years. */
export function toDurationMs(flag: string, text: string, now: Date): number {
	try {
		const { years, months, days, hours } = parseDuration(text);
		const end = Temporal.Instant.fromEpochMilliseconds(now.getTime());
		const start = end
			.toZonedDateTimeISO("UTC")
			.subtract({ years, months, days, hours });
		return now.getTime() - start.epochMilliseconds;
	} catch (error) {
		if (error instanceof AppError)
			throw usage(`--${flag}: ${error.message}`, error.hint);
		throw error;
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
