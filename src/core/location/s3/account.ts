// Who we are at which store: the environment first, then [s3] of config.toml, then a profile, as other tools have them.
// Secrets live in this value alone; nothing prints it.

import { isIP } from "node:net";
import { AppError, reasonOf } from "../../../ground/errors.ts";
import {
	type S3Settings,
	shownEndpoint,
	type TextFile,
} from "../../../ground/s3/settings.ts";
import { type Profile, readProfile } from "./profile.ts";

/** What opens a store. */
export interface Account {
	/** http or https; may have a path. */
	readonly endpoint: URL;
	readonly region: string;
	/** Whether the bucket stands in the path, and not in the host's name. */
	readonly isPathStyle: boolean;
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
	readonly sessionToken: string | undefined;
	/** Where the keys come from, for people. */
	readonly keysOrigin: string;
	/** PEM; undefined: the certificates that come with the program. */
	readonly ca: string | undefined;
	/** How long the store may be silent. */
	readonly silenceMs: number;
}

const DEFAULT_REGION = "us-east-1";
const DEFAULT_SILENCE_S = 60;

/**
 * Settles who we are.
 * @throws AppError CONFIG_ERROR: no keys, a profile that is not there, an endpoint that is no URL, a CA file that can't be read
 */
export function resolveAccount(settings: S3Settings, bucket: string): Account {
	const { configured, environment: env } = settings;
	const profileName = env.AWS_PROFILE ?? configured.profile;
	const profile = readProfile(profileName ?? "default", settings);
	if (profile === null && profileName !== undefined) {
		throw new AppError("CONFIG_ERROR", `no AWS profile "${profileName}"`, {
			hint: "correct AWS_PROFILE or [s3] profile, or add it to ~/.aws/credentials",
		});
	}
	const endpointText =
		env.AWS_ENDPOINT_URL_S3 ??
		env.AWS_ENDPOINT_URL ??
		configured.endpoint ??
		profile?.endpointUrl;
	const given =
		env.AWS_REGION ??
		env.AWS_DEFAULT_REGION ??
		configured.region ??
		profile?.region;
	const region = given ?? regionIn(endpointText) ?? DEFAULT_REGION;
	const endpoint = parseEndpoint(
		endpointText ?? `https://s3.${region}.amazonaws.com`,
	);
	return {
		endpoint,
		region: requireRegion(region),
		isPathStyle: isPathStyle(endpoint, bucket, configured, profile),
		...requireKeys(keysOf(env, profile, profileName ?? "default")),
		ca:
			endpoint.protocol === "https:" && settings.caFile
				? certificatesIn(settings.caFile)
				: undefined,
		silenceMs: (configured.timeout ?? DEFAULT_SILENCE_S) * 1000,
	};
}

function keysOf(
	env: S3Settings["environment"],
	profile: Profile | null,
	profileName: string,
) {
	const {
		AWS_ACCESS_KEY_ID: accessKeyId,
		AWS_SECRET_ACCESS_KEY: secretAccessKey,
		AWS_SESSION_TOKEN: sessionToken,
	} = env;
	if (accessKeyId && secretAccessKey) {
		const keysOrigin = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
		return { accessKeyId, secretAccessKey, sessionToken, keysOrigin };
	}
	if (accessKeyId || secretAccessKey) {
		const missing = accessKeyId ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID";
		throw noKeys(`${missing} is missing`);
	}
	const keysOrigin = `the AWS profile "${profileName}"`;
	if (profile?.accessKeyId && profile.secretAccessKey) {
		return {
			accessKeyId: profile.accessKeyId,
			secretAccessKey: profile.secretAccessKey,
			sessionToken: profile.sessionToken,
			keysOrigin,
		};
	}
	if (profile?.foreignKeys) {
		throw noKeys(`${keysOrigin} gets its keys by ${profile.foreignKeys}`);
	}
	throw noKeys(profile ? `${keysOrigin} holds none` : "none is set");
}

/** What a request can carry. A file with Windows' line ends leaves a character there that nobody sees. */
const UNSENDABLE = /[^\x20-\x7e]/;

function requireRegion(region: string): string {
	if (!UNSENDABLE.test(region)) return region;
	throw new AppError(
		"CONFIG_ERROR",
		`the store's region holds a character that can't be sent: ${JSON.stringify(region)}`,
		{ hint: "correct [s3] region of config.toml or AWS_REGION" },
	);
}

function requireKeys(keys: ReturnType<typeof keysOf>) {
	const { accessKeyId, secretAccessKey, sessionToken, keysOrigin } = keys;
	const all = {
		"access key id": accessKeyId,
		"secret access key": secretAccessKey,
		"session token": sessionToken,
	};
	for (const [name, text] of Object.entries(all)) {
		if (!UNSENDABLE.test(text ?? "")) continue;
		throw new AppError(
			"CONFIG_ERROR",
			`the ${name} of ${keysOrigin} holds a character that no key has: a line break, or another that is not seen`,
			{ hint: "write it anew; a file with Windows' line ends does this" },
		);
	}
	return keys;
}

function noKeys(what: string): AppError {
	return new AppError("CONFIG_ERROR", `no keys for the object store: ${what}`, {
		hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put aws_access_key_id and aws_secret_access_key into ~/.aws/credentials",
	});
}

/** The region that a host's name tells, as in s3.eu-central-003.backblazeb2.com. */
function regionIn(endpoint: string | undefined): string | undefined {
	return /^https?:\/\/s3[.-]([a-z0-9-]+)\.[a-z0-9-]+\.[a-z.]+(?:[:/]|$)/i.exec(
		endpoint ?? "",
	)?.[1];
}

function parseEndpoint(text: string): URL {
	const withScheme = text.includes("://") ? text : `https://${text}`;
	const url = URL.parse(withScheme);
	const wrong = (what: string) =>
		new AppError("CONFIG_ERROR", `the store's endpoint ${what}`, {
			hint: "write it as https://HOST[:PORT], in [s3] endpoint of config.toml or in AWS_ENDPOINT_URL_S3",
		});
	if (!url || !/^https?:$/.test(url.protocol)) {
		throw wrong(`is no http or https URL: ${shownEndpoint(text)}`);
	}
	if (url.username || url.password) throw wrong("must not hold a password");
	if (url.search || url.hash) throw wrong("must end with its path");
	return url;
}

// A bucket in the host's name needs a DNS entry of its own, which a server at home has not; AWS's newer regions want it.
function isPathStyle(
	{ hostname }: URL,
	bucket: string,
	{ path_style: configured }: S3Settings["configured"],
	profile: Profile | null,
): boolean {
	if (configured !== undefined) return configured;
	const style = profile?.addressingStyle;
	if (style === "path" || style === "virtual") return style === "path";
	if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0) return true;
	// A dot would fall out of what a certificate for *.s3.… covers.
	const mayBeHost = /^[a-z0-9][a-z0-9-]+[a-z0-9]$/.test(bucket);
	return !(mayBeHost && hostname.endsWith(".amazonaws.com"));
}

function certificatesIn({ path, text, problem }: TextFile): string {
	const hint = "correct [s3] ca_file or AWS_CA_BUNDLE";
	if (problem !== null) {
		const what = `cannot read the certificates in ${path}: ${reasonOf(problem)}`;
		throw new AppError("CONFIG_ERROR", what, { cause: problem, hint });
	}
	if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
	throw new AppError("CONFIG_ERROR", `no PEM certificate in ${path}`, { hint });
}
