// A schedule as a container that keeps it by itself: there is no cron in there.

import { dirname } from "node:path";
import type { AppError } from "../../ground/errors.ts";
import type { Environment } from "../../ground/settings.ts";
import { usage } from "../arguments/args.ts";
import { AUTHORITIES, type Call } from "./call.ts";
import { shellWords } from "./quote.ts";
import { storeEnvironment, storeMounts } from "./store.ts";
import { type Timing, zoneName } from "./timing.ts";

/** Any image with glibc will do; the program brings everything else. */
const IMAGE = "debian:stable-slim";
const PROGRAM = "/usr/local/bin/vpo";

/** A `docker run` command, or why there is none. */
export function toContainer(
	call: Call,
	timing: Timing,
	environment: Environment,
): string | AppError {
	const { program, flags, folders, hasConfig, settings, pingUrl } = call;
	const [binary, ...others] = program;
	if (binary === undefined || others.length > 0) {
		return usage(
			"a container needs the compiled program, and this runs from source",
			"bun run build, then call dist/vpo",
		);
	}
	const { configPath, databasePath, location, tempDir } = settings;
	const authorities = AUTHORITIES.flatMap((name) =>
		call.environment[name] ? [[name, call.environment[name]] as const] : [],
	);
	const store = storeMounts(settings, call.outputDir, environment);
	const variables = {
		TZ: zoneName(),
		...(hasConfig ? { VPO_CONFIG_PATH: configPath } : {}),
		VPO_DATABASE_PATH: databasePath,
		VPO_BACKUP_DIR: location,
		...(tempDir === null ? {} : { VPO_TEMP_DIR: tempDir }),
		...Object.fromEntries(authorities),
		...storeEnvironment(settings, call.outputDir, environment),
		...(store.files.length > 0
			? {
					AWS_SHARED_CREDENTIALS_FILE: settings.s3.credentialsFile.path,
					AWS_CONFIG_FILE: settings.s3.configFile.path,
				}
			: {}),
	};
	const isInside = folders.some((at) => configPath.startsWith(`${at}/`));
	const own = dirname(databasePath);
	const mounts = [
		`${binary}:${PROGRAM}:ro`,
		...folders.map((folder) => `${folder}:${folder}`),
		...(folders.some((at) => `${own}/`.startsWith(`${at}/`))
			? []
			: [`${own}:${own}`]),
		...(hasConfig && !isInside ? [`${configPath}:${configPath}:ro`] : []),
		...call.copyFolders.map((folder) => `${folder}:${folder}`),
		...authorities.map(([, path]) => `${path}:${path}:ro`),
		...store.files.map((path) => `${path}:${path}:ro`),
	];
	// Without a value docker takes it from the environment, and no secret is printed.
	const hasPing = pingUrl || environment.VPO_BACKUP_PING_URL;
	const secrets = [
		...(hasPing ? ["VPO_BACKUP_PING_URL"] : []),
		...store.secrets,
	];
	const user = `${process.getuid?.()}:${process.getgid?.()}`;
	const assignments = Object.entries(variables).map(([k, v]) => `${k}=${v}`);
	const rest = flags.length === 0 ? [] : ["--", ...flags];
	return [
		"docker run --detach --init --restart unless-stopped --name vpo-backup",
		`--user ${user}`,
		...[...assignments, ...secrets].map((it) => `--env ${shellWords([it])}`),
		...mounts.map((mount) => `--volume ${shellWords([mount])}`),
		IMAGE,
		shellWords([
			PROGRAM,
			"library",
			"schedule",
			"--run",
			...timing.flags,
			...rest,
		]),
	].join(" \\\n  ");
}
