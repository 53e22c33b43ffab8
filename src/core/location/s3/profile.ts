// The files in which AWS's tools keep keys and regions: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html

import { AppError, isMissing, reasonOf } from "../../../ground/errors.ts";
import type { S3Settings, TextFile } from "../../../ground/s3/settings.ts";

/** What a profile says, of what we use. */
export interface Profile {
	readonly accessKeyId?: string | undefined;
	readonly secretAccessKey?: string | undefined;
	readonly sessionToken?: string | undefined;
	readonly region?: string | undefined;
	readonly endpointUrl?: string | undefined;
	readonly addressingStyle?: string | undefined;
	/** A way to get keys that we don't know: "role_arn", … */
	readonly foreignKeys?: string | undefined;
}

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
	{ credentialsFile, configFile }: S3Settings,
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
		addressingStyle: both["s3.addressing_style"],
		foreignKeys: FOREIGN.find((key) => both[key] !== undefined),
	};
}

type Section = Record<string, string | undefined>;

function readSections(file: TextFile): Map<string, Section> {
	const sections = new Map<string, Section>();
	let section: Section = {};
	let parent = "";
	for (const line of linesOf(file)) {
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

function linesOf({ path, text, problem }: TextFile): string[] {
	if (problem === null || isMissing(problem)) return text.split(/\r?\n/);
	throw new AppError(
		"CONFIG_ERROR",
		`cannot read ${path}: ${reasonOf(problem)}`,
		{
			cause: problem,
			hint: "let this user read it, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
		},
	);
}
