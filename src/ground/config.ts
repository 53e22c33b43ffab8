// VPO's config.toml: our few keys of it, checked by type. What is not ours is ignored, except in [backup] and [s3], which are.

import { closest } from "fastest-levenshtein";
import * as v from "valibot";
import { readToml, wrongConfig } from "./config/file.ts";
import type { AppError } from "./errors.ts";

const text = v.optional(
	v.pipe(v.string(), v.excludes("\0", "it holds a NUL character")),
);
const whole = v.safeInteger("must be a whole number");
const count = v.custom<number | "unlimited">(
	(value) =>
		value === "unlimited" || (Number.isSafeInteger(value) && Number(value) > 0),
	'must be a whole number from 1, or "unlimited"',
);
const keep = v.optional(count);

const rules = {
	keep_last: keep,
	keep_hourly: keep,
	keep_daily: keep,
	keep_weekly: keep,
	keep_monthly: keep,
	keep_yearly: keep,
	keep_within: text,
	keep_within_hourly: text,
	keep_within_daily: text,
	keep_within_weekly: text,
	keep_within_monthly: text,
	keep_within_yearly: text,
};

const CopyTable = v.object({
	to: v.pipe(
		v.string("must name a folder or s3://BUCKET/PREFIX"),
		v.nonEmpty("must name a folder or s3://BUCKET/PREFIX"),
		v.excludes("\0", "it holds a NUL character"),
	),
	...rules,
});

// valibot takes an array for an object as well.
const table = v.custom<object>(isTable, "must be a table");

const BackupTable = v.object({
	directory: text,
	...rules,
	copy: v.optional(
		v.array(v.pipe(table, CopyTable), "must be written as [[backup.copy]]"),
		[],
	),
	level: v.optional(v.pipe(v.number(), whole, v.minValue(1), v.maxValue(9))),
	lock_timeout: v.optional(
		v.pipe(v.number(), v.minValue(0), v.maxValue(86_400)),
	),
	skip_unchanged: v.optional(v.boolean()),
	fail_on_shrink: v.optional(v.boolean()),
	utc: v.optional(v.boolean()),
	max_age: text,
	metrics: text,
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

const Config = v.object({
	database_path: text,
	backup: v.optional(v.pipe(table, BackupTable), { copy: [] }),
	jobs: v.optional(v.pipe(table, v.object({ temp_directory: text })), {}),
	s3: v.optional(v.pipe(table, S3Table), {}),
});

/** The tables that nobody else writes to. */
const OWN_TABLES = { backup: BackupTable, s3: S3Table };

/** The keep_… keys of a table. */
export type RuleKeys = Omit<v.InferOutput<typeof CopyTable>, "to">;

/** Our part of config.toml, with its own names. */
export type Config = v.InferOutput<typeof Config>;

/** What config.toml says, and what is wrong in it that only a backup's own rules rest on. */
export interface ReadConfig {
	readonly config: Config;
	/** Each about a key of [backup], which then counts as not there. */
	readonly problems: readonly AppError[];
}

/**
 * Reads config.toml; a missing one is an empty one, unless somebody named it.
 * @throws AppError CONFIG_ERROR: unreadable, no text, not TOML; a wrong key that says where things are
 */
export async function readConfig(
	path: string,
	isRequired: boolean,
): Promise<ReadConfig> {
	const table = await readToml(path, isRequired);
	const unknown = unknownKeys(table);
	const elsewhere = unknown.find(({ name }) => name !== "backup");
	if (elsewhere) throw wrongConfig(path, elsewhere.what);
	const problems = unknown.map(({ what }) => wrongConfig(path, what));
	for (;;) {
		const result = v.safeParse(Config, table);
		if (result.success) return { config: result.output, problems };
		const issue = result.issues[0];
		const dotted = v.getDotPath(issue) ?? "";
		const what = issue.message.replace(/^Invalid [\w ]+: E/, "e");
		const problem = wrongConfig(path, `${dotted}: ${what}`);
		const [name, key] = dotted.split(".");
		if (name !== "backup" || key === undefined || key === "directory") {
			throw problem;
		}
		problems.push(problem);
		table.backup = { ...(table.backup as object), [key]: undefined };
	}
}

function isTable(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface UnknownKey {
	/** The table that it is in, or in whose part it is. */
	readonly name: string;
	readonly what: string;
}

function unknownKeys(config: Record<string, unknown>): UnknownKey[] {
	const { backup } = config;
	const copies = isTable(backup) && "copy" in backup ? [backup.copy] : [];
	return [
		...Object.entries(OWN_TABLES).flatMap(([name, { entries }]) =>
			unknownIn(config[name], entries, `[${name}]`).map((what) => ({
				name,
				what,
			})),
		),
		...copies.flat().flatMap((table) =>
			unknownIn(table, CopyTable.entries, "[[backup.copy]]").map((what) => ({
				name: "backup",
				what,
			})),
		),
	];
}

function unknownIn(table: unknown, entries: object, where: string): string[] {
	const known = Object.keys(entries);
	const keys = isTable(table) ? Object.keys(table) : [];
	return keys
		.filter((key) => !known.includes(key))
		.map(
			(key) =>
				`unknown key "${key}" in ${where}, the nearest is "${closest(key, known)}"`,
		);
}
