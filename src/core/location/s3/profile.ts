// The files in which AWS's tools keep keys and regions: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html

import { readFileSync, statSync } from "node:fs";
import { AppError, isMissing, reasonOf } from "../../../ground/errors.ts";

/** What a profile says, of what we use. */
export interface Profile {
	readonly accessKeyId?: string | undefined;
	readonly secretAccessKey?: string | undefined;
	readonly sessionToken?: string | undefined;
	readonly region?: string | undefined;
	readonly endpointUrl?: string | undefined;
	readonly caBundle?: string | undefined;
	readonly addressingStyle?: string | undefined;
	/** A way to get keys that we don't know: "role_arn", … */
	readonly foreignKeys?: string | undefined;
}

export interface ProfileFiles {
	readonly credentialsFile: string;
	readonly configFile: string;
}

const MOST_BYTES = 1024 * 1024;
const FOREIGN = [
	"credential_process",
	"sso_session",
	"sso_start_url",
	"role_arn",
	"web_identity_token_file",
];

/**
 * Reads one profile; the credentials file goes before the config file.
 * @returns null where neither has it
 * @throws AppError CONFIG_ERROR: a file is there and can't be read
 */
export function readProfile(
	name: string,
	{ credentialsFile, configFile }: ProfileFiles,
): Profile | null {
	const keys = readSections(credentialsFile).get(name);
	const sections = readSections(configFile);
	const config =
		sections.get(`profile ${name}`) ??
		(name === "default" ? sections.get(name) : undefined);
	if (!keys && !config) return null;
	const both = { ...config, ...keys };
	return {
		accessKeyId: both.aws_access_key_id,
		secretAccessKey: both.aws_secret_access_key,
		sessionToken: both.aws_session_token,
		region: both.region,
		endpointUrl: both["s3.endpoint_url"] ?? both.endpoint_url,
		caBundle: both.ca_bundle,
		addressingStyle: both["s3.addressing_style"],
		foreignKeys: FOREIGN.find((key) => both[key] !== undefined),
	};
}

type Section = Record<string, string | undefined>;

function readSections(path: string): Map<string, Section> {
	const sections = new Map<string, Section>();
	let section: Section = {};
	let parent = "";
	for (const line of readLines(path)) {
		if (/^\s*([#;]|$)/.test(line)) continue;
		const header = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)?.[1];
		if (header !== undefined) {
			section = sections.get(header.replace(/\s+/, " ")) ?? {};
			sections.set(header.replace(/\s+/, " "), section);
			parent = "";
			continue;
		}
		const [, indent = "", key = "", value = ""] =
			/^(\s*)([^=\s]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
		if (key === "") continue;
		const isNested = indent !== "" && parent !== "";
		if (!isNested) parent = value === "" ? key : "";
		section[isNested ? `${parent}.${key}` : key] = value.replace(
			/\s[#;].*$/,
			"",
		);
	}
	return sections;
}

function readLines(path: string): string[] {
	try {
		const { size } = statSync(path);
		// A FIFO would keep us waiting for a writer, and has no size.
		if (size === 0 || size > MOST_BYTES) return [];
		return readFileSync(path, "utf8").split(/\r?\n/);
	} catch (cause) {
		if (isMissing(cause)) return [];
		throw new AppError(
			"CONFIG_ERROR",
			`cannot read ${path}: ${reasonOf(cause)}`,
			{ cause, hint: "let this user read it, or set AWS_ACCESS_KEY_ID" },
		);
	}
}
