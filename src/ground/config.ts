// VPO's config.toml: our few keys of it, checked by type. What is not ours is ignored, except in [backup] and [s3], which are.

import { readFileSync, statSync } from "node:fs";
import { closest } from "fastest-levenshtein";
import * as v from "valibot";
import { AppError, isMissing, reasonOf } from "./errors.ts";

const text = v.optional(
	v.pipe(v.string(), v.excludes("\0", "it holds a NUL character")),
);
const whole = v.safeInteger("must be a whole number");
const keep = v.optional(v.pipe(v.number(), whole, v.minValue(1)));

const BackupTable = v.object({
	directory: text,
	keep_last: keep,
	keep_hourly: keep,
	keep_daily: keep,
	keep_weekly: keep,
	keep_monthly: keep,
	keep_yearly: keep,
	keep_within: text,
	level: v.optional(v.pipe(v.number(), whole, v.minValue(1), v.maxValue(9))),
	lock_timeout: v.optional(
		v.pipe(v.number(), v.minValue(0), v.maxValue(86_400)),
	),
	skip_unchanged: v.optional(v.boolean()),
	fail_on_shrink: v.optional(v.boolean()),
	ping_url: text,
});

const S3Table = v.object({
	endpoint: text,
	region: text,
	path_style: v.optional(v.boolean()),
	profile: text,
	ca_file: text,
	timeout: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(3600))),
});

// valibot takes an array for an object as well.
const table = v.custom<object>(isTable, "must be a table");

const Config = v.object({
	database_path: text,
	backup: v.optional(v.pipe(table, BackupTable), {}),
	jobs: v.optional(v.pipe(table, v.object({ temp_directory: text })), {}),
	s3: v.optional(v.pipe(table, S3Table), {}),
});

/** The tables that nobody else writes to. */
const OWN_TABLES = { backup: BackupTable, s3: S3Table };

/** Our part of config.toml, with its own names. */
export type Config = v.InferOutput<typeof Config>;

/**
 * Reads config.toml; a missing one is an empty one, unless somebody named it.
 * @throws AppError CONFIG_ERROR: unreadable, not TOML, a key of a wrong type, an unknown key in [backup] or [s3]
 */
export function readConfig(path: string, isRequired: boolean): Config {
	const table = parseToml(path, isRequired);
	requireKnownKeys(path, table);
	const result = v.safeParse(Config, table);
	if (result.success) return result.output;
	const issue = result.issues[0];
	const key = v.getDotPath(issue) ?? "";
	const what = issue.message.replace(/^Invalid [\w ]+: E/, "e");
	throw wrongConfig(path, `${key}: ${what}`);
}

function isTable(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function requireKnownKeys(path: string, config: Record<string, unknown>): void {
	for (const [name, { entries }] of Object.entries(OWN_TABLES)) {
		const table = config[name];
		if (!isTable(table)) continue;
		const known = Object.keys(entries);
		for (const key of Object.keys(table)) {
			if (known.includes(key)) continue;
			const nearest = closest(key, known);
			throw wrongConfig(
				path,
				`unknown key "${key}" in [${name}], the nearest is "${nearest}"`,
			);
		}
	}
}

function parseToml(path: string, isRequired: boolean): Record<string, unknown> {
	let source: string;
	try {
		// A FIFO would keep us waiting for a writer.
		if (statSync(path).isFIFO()) throw wrongConfig(path, "not a regular file");
		source = readFileSync(path, "utf8");
	} catch (cause) {
		if (cause instanceof AppError) throw cause;
		if (isMissing(cause) && !isRequired) return {};
		throw new AppError(
			"CONFIG_ERROR",
			`cannot read ${path}: ${reasonOf(cause)}`,
			{
				hint: isRequired
					? "correct VPO_CONFIG_PATH, or unset it"
					: "let this user read it, or name another one in VPO_CONFIG_PATH",
				cause,
			},
		);
	}
	try {
		return Bun.TOML.parse(source) as Record<string, unknown>;
	} catch (cause) {
		const { message } = cause as Error;
		const reason = message.replace(/^TOML Parse error: /, "");
		const what = `not valid TOML, line ${wrongLine(source, message)}: ${reason}`;
		throw wrongConfig(path, what, cause);
	}
}

// Bun's error has no position in the text, but a beginning of it that holds the wrong line has the same error.
function wrongLine(source: string, message: string): number {
	const lines = source.split("\n");
	let [low, high] = [1, lines.length];
	while (low < high) {
		const middle = Math.floor((low + high) / 2);
		const beginning = `${lines.slice(0, middle).join("\n")}\n`;
		if (tomlError(beginning)?.message === message) high = middle;
		else low = middle + 1;
	}
	return low;
}

function tomlError(source: string): Error | null {
	try {
		Bun.TOML.parse(source);
		return null;
	} catch (error) {
		return error as Error;
	}
}

/** An error of the config file, which names it. */
export function wrongConfig(
	path: string,
	what: string,
	cause?: unknown,
): AppError {
	return new AppError("CONFIG_ERROR", `${path}: ${what}`, {
		hint: "correct the file, or name another one in VPO_CONFIG_PATH",
		cause,
	});
}
