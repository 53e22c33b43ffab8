// What leads to an object store, as it was found: only who uses one needs it to be right. Read with the rights with which
// the program was started, as config.toml is. Holds secrets.

import { constants, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config } from "../config.ts";

export interface S3Settings {
	/** The [s3] table of config.toml. */
	readonly configured: Config["s3"];
	/** The AWS_… variables that are set to something. */
	readonly environment: Variables;
	readonly credentialsFile: TextFile;
	readonly configFile: TextFile;
	/** The certificates that were named; null: none were. */
	readonly caFile: TextFile | null;
	readonly patience: Patience;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** A file that may be missing, or be something else. */
export interface TextFile {
	readonly path: string;
	/** "" where there is none. */
	readonly text: string;
	/** Why it could not be read: a system error; null if nothing is wrong. */
	readonly problem: unknown;
}

/** How often to try again what may pass, and how long to wait before: twice as long each time. */
export interface Patience {
	readonly retries: number;
	readonly firstPauseMs: number;
	readonly mostPauseMs: number;
}

/** A store that restarts is back within this. */
const PATIENCE: Patience = {
	retries: 5,
	firstPauseMs: 500,
	mostPauseMs: 10_000,
};

const MOST_BYTES = 1024 * 1024;

/**
 * Reads what leads to a store; nothing that is wrong there is an error yet.
 * @param expand makes an absolute path of a text that may begin with `~`, or at a base
 */
export async function readS3Settings(
	configured: Config["s3"],
	configPath: string,
	all: Variables,
	expand: (text: string, ...base: string[]) => string,
): Promise<S3Settings> {
	const environment: Variables = Object.fromEntries(
		Object.entries(all).filter(
			([name, value]) => name.startsWith("AWS_") && value,
		),
	);
	const {
		AWS_SHARED_CREDENTIALS_FILE: credentials = "~/.aws/credentials",
		AWS_CONFIG_FILE: config = "~/.aws/config",
		AWS_CA_BUNDLE: bundle,
	} = environment;
	const ca = bundle
		? expand(bundle)
		: configured.ca_file && expand(configured.ca_file, dirname(configPath));
	const [credentialsFile, configFile, caFile] = await Promise.all([
		readText(expand(credentials)),
		readText(expand(config)),
		ca ? readText(ca) : null,
	]);
	return {
		configured,
		environment,
		credentialsFile,
		configFile,
		caFile,
		patience: PATIENCE,
	};
}

/** An endpoint as it may be shown: behind these characters a password or a token may stand. */
export function shownEndpoint(text: string): string {
	return /[@?#]/.test(text) ? "(not shown, it may hold a secret)" : text;
}

async function readText(path: string): Promise<TextFile> {
	try {
		// A FIFO would keep us waiting for a writer.
		const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
		await using file = await open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
		const found = await file.stat();
		const isText = found.isFile() && found.size <= MOST_BYTES;
		const text = isText ? await file.readFile("utf8") : "";
		return { path, text, problem: null };
	} catch (problem) {
		return { path, text: "", problem };
	}
}
