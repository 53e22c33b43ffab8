// Flags, environment and VPO's config.toml become one Settings value, in that order of precedence.

import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { AppError, errnoOf } from "./errors.ts";

/** Where things are. All paths are absolute; links are not resolved. */
export interface Settings {
	readonly databasePath: string;
	readonly backupDir: string;
	/** The scratch folder that the user chose, or null: beside the library. */
	readonly tempDir: string | null;
}

/** The command line's own answers; they win over everything else. */
export interface SettingsFlags {
	readonly database?: string | undefined;
	readonly backupDir?: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Settles where the library, the backups and the scratch folder are.
 * @throws AppError CONFIG_ERROR: config.toml is unreadable or wrong, or no home folder is known where one is needed
 */
export function resolveSettings(
	flags: SettingsFlags,
	environment: Environment,
): Settings {
	const env = (name: string) => environment[name] || undefined;
	const home = () => homeFolder(environment);
	const path = (text: string, base = process.cwd()) =>
		resolve(base, expandHome(text, home));
	const dataDir = () => path(env("VPO_DATA_DIR") ?? "~/.vpo");

	const chosen = env("VPO_CONFIG_PATH");
	const configPath = chosen ? path(chosen) : join(dataDir(), "config.toml");
	const config = readConfig(configPath, chosen !== undefined);
	const configured = (value: string | undefined) =>
		value ? path(value, dirname(configPath)) : undefined;
	const given = (value: string | undefined) =>
		value ? path(value) : undefined;

	return {
		databasePath:
			given(flags.database) ??
			given(env("VPO_DATABASE_PATH")) ??
			configured(config.databasePath) ??
			join(dataDir(), "library.db"),
		backupDir:
			given(flags.backupDir) ??
			given(env("VPO_BACKUP_DIR")) ??
			configured(config.backupDir) ??
			join(dataDir(), "backups"),
		tempDir: given(env("VPO_TEMP_DIR")) ?? configured(config.tempDir) ?? null,
	};
}

/** Expands a leading `~`; `~name` is left as it is. */
export function expandHome(text: string, home: () => string): string {
	return text === "~" || text.startsWith("~/")
		? join(home(), text.slice(1))
		: text;
}

/**
 * The home folder: HOME, else the passwd entry, as cron and containers may run without HOME.
 * @throws AppError CONFIG_ERROR: a container may lack /etc/passwd as well
 */
export function homeFolder({ HOME }: Environment): string {
	return HOME || passwdHome();
}

function passwdHome(): string {
	let home = "";
	try {
		home = userInfo().homedir;
	} catch (cause) {
		throw noHome(cause);
	}
	if (!home.startsWith("/")) throw noHome(undefined);
	return home;
}

function noHome(cause: unknown): AppError {
	return new AppError("CONFIG_ERROR", "the home folder is not known", {
		hint: "set HOME, or VPO_DATA_DIR to VPO's data folder",
		cause,
	});
}

interface Config {
	readonly databasePath: string | undefined;
	readonly backupDir: string | undefined;
	readonly tempDir: string | undefined;
}

function readConfig(path: string, required: boolean): Config {
	const table = parseConfig(path, required);
	const text = (section: string | null, key: string) => {
		const scope = section === null ? table : (table[section] ?? {});
		const name = section === null ? key : `[${section}] ${key}`;
		if (typeof scope !== "object" || scope === null || Array.isArray(scope)) {
			throw wrongConfig(path, `[${section}] must be a table`);
		}
		const value = (scope as Record<string, unknown>)[key];
		if (value === undefined || typeof value === "string") return value;
		throw wrongConfig(path, `${name} must be a string`);
	};
	return {
		databasePath: text(null, "database_path"),
		backupDir: text("backup", "directory"),
		tempDir: text("jobs", "temp_directory"),
	};
}

function parseConfig(path: string, required: boolean): Record<string, unknown> {
	let source: string;
	try {
		source = readFileSync(path, "utf8");
	} catch (cause) {
		const missing = ["ENOENT", "ENOTDIR"].includes(errnoOf(cause));
		if (missing && !required) return {};
		const reason = missing ? "no such file" : errnoOf(cause);
		throw new AppError("CONFIG_ERROR", `cannot read ${path}: ${reason}`, {
			hint: required ? "correct VPO_CONFIG_PATH, or unset it" : undefined,
			cause,
		});
	}
	try {
		return Bun.TOML.parse(source) as Record<string, unknown>;
	} catch (cause) {
		const { line, column } = cause as { line?: number; column?: number };
		const at = line === undefined ? "" : ` (line ${line}, column ${column})`;
		const reason = String((cause as Error).message).replace(
			/^TOML Parse error: /,
			"",
		);
		throw wrongConfig(path, `not valid TOML: ${reason}${at}`, cause);
	}
}

function wrongConfig(path: string, what: string, cause?: unknown): AppError {
	return new AppError("CONFIG_ERROR", `${path}: ${what}`, {
		hint: "correct the file, or name another one in VPO_CONFIG_PATH",
		cause,
	});
}
