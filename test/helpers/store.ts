// Object stores that the tests start themselves, and what a test does to one behind the program's back.

import { AwsClient } from "aws4fetch";
import type { Account } from "../../src/core/location/s3/account.ts";

/** A server that runs for one test file. */
export interface Store extends AsyncDisposable {
	readonly endpoint: string;
	/** The same over TLS, and the certificate of its authority. */
	readonly tls: { readonly endpoint: string; readonly ca: string } | null;
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
}

/** What the program's environment must hold to reach a store. */
export function environmentOf(store: Store): Record<string, string> {
	return {
		AWS_ENDPOINT_URL_S3: store.endpoint,
		AWS_ACCESS_KEY_ID: store.accessKeyId,
		AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
		AWS_REGION: "us-east-1",
	};
}

/** The account with which tests of the client itself come. */
export function accountOf(
	store: Store,
	changes: Partial<Account> = {},
): Account {
	return {
		endpoint: new URL(store.endpoint),
		region: "us-east-1",
		isPathStyle: true,
		accessKeyId: store.accessKeyId,
		secretAccessKey: store.secretAccessKey,
		sessionToken: undefined,
		keysOrigin: "the test",
		ca: undefined,
		silenceMs: 10_000,
		...changes,
	};
}

/** Sends one signed request, as an administrator would. */
export async function ask(
	store: Store,
	method: string,
	path: string,
	body = "",
	headers: Record<string, string> = {},
): Promise<Response> {
	const { accessKeyId, secretAccessKey } = store;
	const client = new AwsClient({
		accessKeyId,
		secretAccessKey,
		service: "s3",
		region: "us-east-1",
		retries: 0,
	});
	const response = await client.fetch(`${store.endpoint}/${path}`, {
		method,
		headers,
		...(body && { body }),
	});
	if (!response.ok)
		throw new Error(
			`${method} ${path}: ${response.status} ${await response.text()}`,
		);
	return response;
}

let count = 0;

/** Makes a bucket that nobody else uses. */
export async function makeBucket(
	store: Store,
	headers: Record<string, string> = {},
): Promise<string> {
	const name = `tests-${++count}`;
	await ask(store, "PUT", name, "", headers);
	return name;
}
