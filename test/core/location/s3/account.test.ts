// Who we are at a store: environment, [s3] of config.toml, then the profile files, as other tools have them.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveAccount } from "../../../../src/core/location/s3/account.ts";
import { resolveSettings } from "../../../../src/ground/settings.ts";

const home = mkdtempSync(join(tmpdir(), "vpo-test-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const KEYS = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };

function write(name: string, text: string): string {
	const path = join(home, name);
	mkdirSync(join(path, ".."), { recursive: true });
	writeFileSync(path, text);
	return path;
}

async function accountOf(
	environment: Record<string, string>,
	config = "",
	bucket = "bucket",
) {
	write(".vpo/config.toml", config);
	const { s3 } = await resolveSettings({}, { HOME: home, ...environment });
	return resolveAccount(s3, bucket);
}

test("the environment goes before config.toml, and that before the profile", async () => {
	write(
		".aws/credentials",
		"[default]\naws_access_key_id = file\naws_secret_access_key=filesecret # mine\n",
	);
	write(
		".aws/config",
		"[default]\nregion = eu-north-1\nendpoint_url = https://file.example\n",
	);
	const config =
		'[s3]\nregion = "eu-west-3"\nendpoint = "https://config.example"';
	const all = {
		AWS_REGION: "eu-east-9",
		AWS_ENDPOINT_URL: "https://env.example",
	};
	const seen = async (...account: Parameters<typeof accountOf>) => {
		const { region, endpoint, accessKeyId } = await accountOf(...account);
		return [region, endpoint.host, accessKeyId];
	};
	expect(await seen({})).toEqual(["eu-north-1", "file.example", "file"]);
	expect(await seen({}, config)).toEqual([
		"eu-west-3",
		"config.example",
		"file",
	]);
	expect(await seen({ ...all, ...KEYS }, config)).toEqual([
		"eu-east-9",
		"env.example",
		"id",
	]);
	const own = { ...all, AWS_ENDPOINT_URL_S3: "http://s3.example:8080/path" };
	expect((await accountOf(own)).endpoint.href).toBe(
		"http://s3.example:8080/path",
	);
	expect((await accountOf({})).secretAccessKey).toBe("filesecret");
});

test("a profile has sections, comments, nested keys and a name of its own in each file", async () => {
	const env = {
		AWS_PROFILE: "nas",
		AWS_CONFIG_FILE: write(
			"config",
			"# mine\n[default]\nregion=nowhere\n[profile nas]\nregion = garage\ns3 =\n  addressing_style = virtual\n  endpoint_url = https://nas.example\noutput = json\n",
		),
		AWS_SHARED_CREDENTIALS_FILE: write(
			"keys",
			"[other]\naws_access_key_id = no\n\n[nas]\r\naws_access_key_id = yes\r\naws_secret_access_key = a=b\r\naws_session_token = t\r\n",
		),
	};
	expect(await accountOf(env)).toMatchObject({
		region: "garage",
		isPathStyle: false,
		accessKeyId: "yes",
		secretAccessKey: "a=b",
		sessionToken: "t",
		keysOrigin: 'the AWS profile "nas"',
	});
	expect((await accountOf(env)).endpoint.host).toBe("nas.example");
	await expect(accountOf({ ...env, AWS_PROFILE: "none" })).rejects.toThrow(
		'no AWS profile "none"',
	);
});

test("the bucket stands in the path, but at Amazon", async () => {
	const styleOf = async (
		endpoint: string | null,
		bucket = "bucket",
		config = "",
	) => {
		const env = { ...KEYS, ...(endpoint && { AWS_ENDPOINT_URL: endpoint }) };
		return (await accountOf(env, config, bucket)).isPathStyle;
	};
	write(".aws/config", "");
	expect(await styleOf(null)).toBe(false);
	expect(await styleOf(null, "with.dot")).toBe(true);
	expect(await styleOf(null, "Old_Name")).toBe(true);
	expect(await styleOf("http://127.0.0.1:9000")).toBe(true);
	expect(await styleOf("https://minio.example")).toBe(true);
	expect(
		await styleOf(
			"https://minio.example",
			"bucket",
			"[s3]\npath_style = false",
		),
	).toBe(false);
	expect(await styleOf(null, "bucket", "[s3]\npath_style = true")).toBe(true);
});

test("a region that the endpoint tells need not be set", async () => {
	const regionOf = async (endpoint: string) =>
		(await accountOf({ ...KEYS, AWS_ENDPOINT_URL: endpoint })).region;
	expect(await regionOf("https://s3.eu-central-003.backblazeb2.com")).toBe(
		"eu-central-003",
	);
	expect(await regionOf("https://s3.fr-par.scw.cloud/")).toBe("fr-par");
	expect(await regionOf("https://nas.example:9000")).toBe("us-east-1");
	expect(
		(await accountOf({ ...KEYS, AWS_REGION: "eu-west-1" })).endpoint.href,
	).toBe("https://s3.eu-west-1.amazonaws.com/");
});

describe("what is wrong is said before anything is asked", () => {
	test.each([
		[
			{ AWS_ACCESS_KEY_ID: "id", AWS_SHARED_CREDENTIALS_FILE: "/none" },
			"",
			"AWS_SECRET_ACCESS_KEY is missing",
		],
		[
			{ AWS_SHARED_CREDENTIALS_FILE: "/none" },
			"",
			"no keys for the object store",
		],
		[
			{ AWS_SHARED_CREDENTIALS_FILE: "/proc/self/mem" },
			"",
			"cannot read /proc/self/mem",
		],
		[
			{ AWS_SHARED_CREDENTIALS_FILE: "/dev/zero" },
			"",
			"no keys for the object store",
		],
		[KEYS, '[s3]\nendpoint = "ftp://x"', "no http or https URL: ftp://x"],
		[KEYS, '[s3]\nendpoint = "https://u:hush@x"', "must not hold a password"],
		[KEYS, '[s3]\nendpoint = "u:hush@x"', "must not hold a password"],
		[KEYS, '[s3]\nendpoint = "ftp://u:hush@x"', "is no http or https URL"],
		[KEYS, '[s3]\nendpoint = "https://x/?k=hush"', "must end with its path"],
		[{ ...KEYS, AWS_ACCESS_KEY_ID: "id\r" }, "", "the access key id of AWS_"],
		[{ ...KEYS, AWS_SECRET_ACCESS_KEY: "hush\n" }, "", "the secret access key"],
		[{ ...KEYS, AWS_SESSION_TOKEN: "hush\u00a0" }, "", "the session token of"],
		[{ ...KEYS, AWS_REGION: "eu\t1" }, "", 'sent: "eu\\t1"'],
		[
			KEYS,
			'[s3]\nendpoint = "https://x"\nca_file = "none.pem"',
			"cannot read the certificates in",
		],
		[
			{ ...KEYS, AWS_ENDPOINT_URL: "https://x", AWS_CA_BUNDLE: "/etc/passwd" },
			"",
			"no PEM certificate",
		],
		[KEYS, '[s3]\nsecret_key = "hush"', 'unknown key "secret_key" in [s3]'],
		[KEYS, "[s3]\ntimeout = 0", "s3.timeout"],
	] as const)("%j %j", async (env, config, what) => {
		const error = await accountOf({ ...env }, config).catch((error) => error);
		expect(error).toMatchObject({ code: "CONFIG_ERROR" });
		expect(error.message).toInclude(what);
		expect(error.message).not.toInclude("hush");
	});

	test("keys that come by a way that we don't know are named", async () => {
		const file = write("sso", "[default]\nsso_session = work\n");
		const env = { AWS_CONFIG_FILE: file, AWS_SHARED_CREDENTIALS_FILE: "/none" };
		await expect(accountOf(env)).rejects.toThrow(
			"gets its keys by sso_session",
		);
	});
});

test("a CA file is only read where it is used, and found beside config.toml", async () => {
	const pem = "-----BEGIN CERTIFICATE-----\n";
	write(".vpo/own.pem", pem);
	const config = '[s3]\nca_file = "own.pem"\nendpoint = "https://x"';
	expect((await accountOf(KEYS, config)).ca).toBe(pem);
	const plain = config.replace("https", "http");
	expect((await accountOf(KEYS, plain)).ca).toBeUndefined();
});
