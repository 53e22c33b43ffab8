// Flags, environment and VPO's config.toml become one Settings value, in that order of precedence.

import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { type Config, type RuleKeys, readConfig } from "./config.ts";
import { fromHere, isAddress } from "./paths.ts";
import { readS3Settings, type S3Settings } from "./s3/settings.ts";

/** Where things are, and what the user wants where no flag says otherwise. Paths are absolute; links are not resolved. */
export interface Settings {
	readonly databasePath: string;
	/** VPO's folder; it need not exist. */
	readonly dataDir: string;
	/** Where the backups are: a folder's absolute path, or an address. It is opened by `openLocation` alone. */
	readonly location: string;
	/** The scratch folder that the user chose, or null: beside the library. */
	readonly tempDir: string | null;
	readonly configPath: string;
	/** The [backup] table of config.toml. */
	readonly backup: Config["backup"];
	/** Where copies of the backups go, and what is kept there. */
	readonly copies: readonly CopySettings[];
	readonly s3: S3Settings;
	/** Where to report runs to; a secret. */
	readonly pingUrl: string | null;
	/** Where `check` writes its metrics each time, or null. */
	readonly metricsPath: string | null;
	/** What is wrong in [backup] of config.toml, where that was let pass. */
	readonly problems: readonly string[];
	/** Where each value comes from: "--database", "VPO_DATABASE_PATH", "config.toml" or "default". */
	readonly origins: Readonly<
		Record<"databasePath" | "location" | "tempDir" | "pingUrl", string>
	>;
}

/** A [[backup.copy]] of config.toml. */
export interface CopySettings {
	/** As `Settings.location`. */
	readonly to: string;
	readonly rules: RuleKeys;
}

/** The command line's own answers; they win over everything else. */
export interface SettingsFlags {
	readonly database?: string | undefined;
	/** A folder or an address as a person writes it. */
	readonly location?: string | undefined;
	readonly pingUrl?: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A value and where it comes from. */
type Choice = readonly [origin: string, value: string | null | undefined];

/**
 * Settles where the library, the backups and the scratch folder are.
 * @param letsPass whether a wrong key of [backup] that says nothing of that is only reported
 * @throws AppError CONFIG_ERROR: config.toml is unreadable or wrong
 */
export async function resolveSettings(
	flags: SettingsFlags,
	environment: Environment,
	letsPass = false,
): Promise<Settings> {
	const env = (name: string) => environment[name] || undefined;
	const path = (text: string, ...base: string[]) =>
		fromHere(
			...base,
			expandHome(text, () => homeFolder(environment)),
		);
	const dataDir = () => dataDirOf(environment);

	const configPath = configPathOf(environment);
	const isNamed = env("VPO_CONFIG_PATH") !== undefined;
	const { config, problems } = await readConfig(configPath, isNamed);
	if (problems[0] && !letsPass) throw problems[0];
	const { backup, jobs } = config;

	const place = (text: string, ...base: string[]) =>
		isAddress(text) ? withoutSlash(text) : path(text, ...base);
	const given = (
		origin: string,
		value: string | undefined,
		read = path,
	): Choice => [origin, value ? read(value) : undefined];
	const configured = (value: string | undefined, read = path): Choice => [
		"config.toml",
		value ? read(value, dirname(configPath)) : undefined,
	];
	const databasePath = choose(
		given("--database", flags.database),
		given("VPO_DATABASE_PATH", env("VPO_DATABASE_PATH")),
		configured(config.database_path),
	);
	const location = choose(
		given("--path", flags.location, place),
		given("VPO_BACKUP_DIR", env("VPO_BACKUP_DIR"), place),
		configured(backup.directory, place),
	);
	const tempDir = choose(
		given("VPO_TEMP_DIR", env("VPO_TEMP_DIR")),
		configured(jobs.temp_directory),
	);
	const pingUrl = choose(
		["--ping-url", flags.pingUrl],
		["VPO_BACKUP_PING_URL", env("VPO_BACKUP_PING_URL")],
		["config.toml", backup.ping_url],
	);
	return {
		dataDir: dataDir(),
		databasePath: databasePath.value ?? join(dataDir(), "library.db"),
		location: location.value ?? join(dataDir(), "backups"),
		tempDir: tempDir.value,
		configPath,
		backup,
		copies: backup.copy.map(({ to, ...rules }) => ({
			to: place(to, dirname(configPath)),
			rules,
		})),
		s3: await readS3Settings(config.s3, configPath, environment, path),
		pingUrl: pingUrl.value,
		metricsPath: configured(backup.metrics)[1] ?? null,
		problems: problems.map(({ message }) => message),
		origins: {
			databasePath: databasePath.origin,
			location: location.origin,
			tempDir: tempDir.origin,
			pingUrl: pingUrl.origin,
		},
	};
}

/** The config file's absolute path, whether it is there or not. */
export function configPathOf(environment: Environment): string {
	const chosen = environment.VPO_CONFIG_PATH;
	return chosen
		? toAbsolute(chosen, environment)
		: join(dataDirOf(environment), "config.toml");
}

function dataDirOf(environment: Environment): string {
	return toAbsolute(environment.VPO_DATA_DIR || "~/.vpo", environment);
}

function toAbsolute(text: string, environment: Environment): string {
	return fromHere(expandHome(text, () => homeFolder(environment)));
}

function choose(...choices: readonly Choice[]): {
	origin: string;
	value: string | null;
} {
	const [origin, value] = choices.find(([, value]) => value) ?? ["default"];
	return { origin, value: value ?? null };
}

/** An address without the slash that it may be written with at its end. */
export function withoutSlash(address: string): string {
	return address.replace(/([^/])\/$/, "$1");
}

/** Expands a leading `~`; `~name` is left as it is. */
export function expandHome(text: string, home: () => string): string {
	return text === "~" || text.startsWith("~/")
		? join(home(), text.slice(1))
		: text;
}

/** The home folder: HOME, else the passwd entry (cron), else / as container engines have it for a user without an entry. */
export function homeFolder({ HOME }: Environment): string {
	return HOME || passwdHome();
}

function passwdHome(): string {
	try {
		const { homedir } = userInfo();
		return homedir.startsWith("/") ? homedir : "/";
	} catch {
		return "/"; // no entry, or no /etc/passwd at all
	}
}
