// The backup that a schedule starts, as words that mean the same wherever they are started: absolute paths, and the
// environment that cron, systemd or a container would not have. The ping URL is a secret and is never among them.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ArgsDef, parseArgs } from "citty";
import { isAddress, isFound, resolveLinks } from "../../ground/paths.ts";
import { programPath } from "../../ground/program.ts";
import type { Environment, Settings } from "../../ground/settings.ts";
import { toPlace, usage } from "../arguments/args.ts";
import { backupArgs, readRequest } from "../arguments/backup.ts";
import type { NotifyArgs } from "../arguments/notify.ts";
import { flagsIn, requireKnownArgs } from "../arguments/strict.ts";
import type { Context } from "../context.ts";
import { storeEnvironment } from "./store.ts";

/** A call of `vpo library backup`. */
export interface Call {
	/** The program: one word, or two where it runs from source. */
	readonly program: readonly string[];
	/** Without --ping-url. */
	readonly flags: readonly string[];
	/** VPO's variables that are set now, their paths absolute. */
	readonly environment: Readonly<Record<string, string>>;
	readonly pingUrl: string | undefined;
	readonly notify: NotifyArgs;
	readonly settings: Settings;
	/** The folder of the backups. */
	readonly outputDir: string;
	/** Where a backup writes; none of them lies in another. */
	readonly folders: readonly string[];
	/** Those of them that are not there. */
	readonly missing: readonly string[];
	/** Whether there is a config.toml. */
	readonly hasConfig: boolean;
	/** Where its copies go; one that is not there must not keep the backup from being made. */
	readonly copyFolders: readonly string[];
	readonly isJson: boolean;
}

/** Certificate authorities that the system's store lacks; Bun reads them. */
export const AUTHORITIES = [
	"SSL_CERT_FILE",
	"SSL_CERT_DIR",
	"NODE_EXTRA_CA_CERTS",
];
const PATH_VARIABLES = [
	"VPO_DATA_DIR",
	"VPO_CONFIG_PATH",
	"VPO_DATABASE_PATH",
	"VPO_BACKUP_DIR",
	"VPO_TEMP_DIR",
	...AUTHORITIES,
];
const REFUSED: Readonly<Record<string, string>> = {
	help: "it makes no backup",
	"dry-run": "it makes no backup",
};

/**
 * Settles the call that a schedule makes.
 * @param words what stands after `--`: the flags of a backup
 * @throws AppError as a backup with these flags would before it begins; USAGE also for flags that make no sense time and again
 */
export async function settleCall(
	words: readonly string[],
	context: Context,
): Promise<Call> {
	const { environment } = context;
	requireKnownArgs([...words], backupArgs);
	const args = parseArgs<typeof backupArgs>([...words], backupArgs);
	const { settings, options } = await readRequest(args, context);
	const given = flagsIn(words, backupArgs);
	for (const { name } of given) {
		const reason = REFUSED[name];
		if (reason) throw usage(`--${name} can't be scheduled: ${reason}`);
	}
	if (options.pipe) {
		throw usage("--output - can't be scheduled: nobody reads its stdout");
	}
	const isFile = /\.(tar\.gz|tgz)$/.test(args.output ?? "");
	if (isFile && !args.force) {
		throw usage(
			"--output names one file, which the second backup would find in its way",
			"name a folder, with a slash at its end, or add --force",
		);
	}
	const { output } = options;
	const outputDir =
		output === null ? settings.location : isFile ? dirname(output) : output;
	const folders = await foldersOf(settings, outputDir);
	const there = await Promise.all(folders.map(isFound));
	return {
		program: ownProgram(),
		flags: given.flatMap((flag) => toWords(flag, environment)),
		environment: {
			...ownEnvironment(environment),
			...storeEnvironment(settings, outputDir, environment),
		},
		pingUrl: args["ping-url"],
		notify: args,
		settings,
		outputDir,
		folders,
		missing: folders.filter((_, index) => !there[index]),
		hasConfig: await isFound(settings.configPath),
		copyFolders: settings.copies
			.map(({ to }) => to)
			.filter((to) => !isAddress(to)),
		isJson: args.json ?? false,
	};
}

function ownProgram(): string[] {
	return Bun.isStandaloneExecutable
		? [programPath()]
		: [process.execPath, Bun.main];
}

function toWords(
	{ name, value }: ReturnType<typeof flagsIn>[number],
	environment: Environment,
): string[] {
	if (name === "ping-url") return [];
	if (value === undefined) return [`--${name}`];
	if (!takesPath(name)) {
		return value.startsWith("-")
			? [`--${name}=${value}`]
			: [`--${name}`, value];
	}
	const slash = value.endsWith("/") ? "/" : "";
	const path = `${toPlace(value, environment)}${slash}`;
	return [`--${name}`, path];
}

function takesPath(name: string): boolean {
	const definitions: ArgsDef = backupArgs;
	const hint = definitions[name]?.valueHint ?? "";
	return ["PATH", "LOCATION", "FILE"].includes(hint);
}

function ownEnvironment(environment: Environment): Record<string, string> {
	const given = PATH_VARIABLES.flatMap((name) => {
		const value = environment[name];
		return value ? [[name, toPlace(value, environment)]] : [];
	});
	const { HOME, VPO_DATA_DIR } = environment;
	// Cron and systemd take the home folder of the passwd entry.
	const isForeignHome = HOME && !VPO_DATA_DIR && HOME !== passwdEntry()?.home;
	return {
		...(isForeignHome ? { VPO_DATA_DIR: join(HOME, ".vpo") } : {}),
		...Object.fromEntries(given),
	};
}

/** The user's own line of /etc/passwd; Bun's userInfo() believes HOME and USER. */
export function passwdEntry(): { name: string; home: string } | null {
	const uid = String(process.getuid?.());
	const lines = existsSync("/etc/passwd")
		? readFileSync("/etc/passwd", "utf8").split("\n")
		: [];
	const entry = lines.map((line) => line.split(":")).find((f) => f[2] === uid);
	return entry ? { name: entry[0] ?? uid, home: entry[5] ?? "" } : null;
}

async function foldersOf(
	{ databasePath, tempDir }: Settings,
	outputDir: string,
): Promise<string[]> {
	const paths = [
		dirname(await resolveLinks(databasePath)),
		...(isAddress(outputDir) ? [] : [outputDir]),
		...(tempDir === null ? [] : [tempDir]),
	];
	const folders = await Promise.all(paths.map(resolveLinks));
	const unique = [...new Set(folders)];
	return unique.filter(
		(folder) => !unique.some((other) => folder.startsWith(`${other}/`)),
	);
}
