// One signed request after another to one bucket: bounded in silence, tried again where that may help, ended by the signal.

import { setTimeout as sleep } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import type { Patience } from "../../../ground/s3/settings.ts";
import { version } from "../../../ground/version.ts";
import type { Account } from "./account.ts";
import { type Address, encodeKey, encodeStrictly } from "./address.ts";
import type { Body } from "./body.ts";
import { explain } from "./explain.ts";
import {
	failureFrom,
	failureOf,
	SILENCE,
	StoreFailure,
	triesFor,
} from "./failure.ts";

export interface StoreRequest {
	readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
	/** "": the bucket itself. */
	readonly key: string;
	readonly query?: Readonly<Record<string, string>>;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: Body;
	/** Where it happens, for people. */
	readonly at: string;
	/** Failures that are answers, by their status. */
	readonly expects?: readonly number[];
	readonly signal?: AbortSignal | undefined;
}

const EMPTY_SHA256 = new Bun.CryptoHasher("sha256").digest("hex");
/** A store that has all of a body may take its time with it: so much of it in a millisecond, at the least. */
const DIGESTED_BYTES_PER_MS = 2000;

/** A bucket's line to its store. */
export class Connection {
	readonly account: Account;
	readonly #address: Address;
	readonly #patience: Patience;
	readonly #keys = new Map<string, ArrayBuffer>();

	constructor(account: Account, address: Address, patience: Patience) {
		this.account = account;
		this.#address = address;
		this.#patience = patience;
	}

	/**
	 * Sends a request until it has an answer that `take` is content with.
	 * @param take gets a success, or a failure that is expected, and may throw a StoreFailure; `moved` is to be called
	 *   whenever something arrives, `tries` counts from 1
	 * @throws AppError NOT_FOUND: no such bucket; INSUFFICIENT_SPACE; OPERATION_FAILED; the signal's reason
	 */
	async send<T>(
		request: StoreRequest,
		take: (response: Response, moved: () => void, tries: number) => Promise<T>,
	): Promise<T> {
		const { signal, at } = request;
		for (let tries = 1; ; tries++) {
			signal?.throwIfAborted();
			try {
				return await this.#once(request, tries, take);
			} catch (error) {
				signal?.throwIfAborted();
				const failure = failureFrom(error);
				if (tries > triesFor(failure, this.#patience.retries)) {
					throw explain(failure, { ...this.account, at, tries });
				}
				await this.#pause(tries, failure, signal);
			}
		}
	}

	async #once<T>(
		request: StoreRequest,
		tries: number,
		take: (response: Response, moved: () => void, tries: number) => Promise<T>,
	): Promise<T> {
		const { method, body, expects = [], signal } = request;
		const { ca, silenceMs } = this.account;
		const digestMs = (body?.sizeBytes ?? 0) / DIGESTED_BYTES_PER_MS;
		using silence = new Silence(silenceMs + digestMs, signal);
		const moved = () => silence.moved();
		const { url, headers } = await this.#sign(request);
		const response = await fetch(url, {
			method,
			headers,
			...(body && { body: body.open(moved) }),
			...(ca !== undefined && { tls: { ca } }),
			signal: silence.signal,
			redirect: "manual",
			decompress: false,
		});
		const isGood = response.ok || expects.includes(response.status);
		if (!isGood) throw await failureOf(response);
		return await take(response, moved, tries);
	}

	async #sign({
		method,
		key,
		query = {},
		headers = {},
		body,
	}: StoreRequest): Promise<{ url: string; headers: Headers }> {
		const { account } = this;
		const signer = new AwsV4Signer({
			method,
			url: this.#url(key, query),
			headers: {
				...headers,
				"x-amz-content-sha256": body?.sha256 ?? EMPTY_SHA256,
			},
			service: "s3",
			region: account.region,
			accessKeyId: account.accessKeyId,
			secretAccessKey: account.secretAccessKey,
			...(account.sessionToken && { sessionToken: account.sessionToken }),
			cache: this.#keys,
		});
		const signed = await signer.sign();
		signed.headers.set("user-agent", `vpo-library/${version}`);
		if (body) signed.headers.set("content-length", String(body.sizeBytes));
		return { url: signed.url.href, headers: signed.headers };
	}

	#url(key: string, query: Readonly<Record<string, string>>): string {
		const { endpoint, isPathStyle } = this.account;
		const { bucket } = this.#address;
		const host = isPathStyle ? endpoint.host : `${bucket}.${endpoint.host}`;
		const parts = [
			endpoint.pathname.replace(/^\/|\/$/g, ""),
			isPathStyle ? encodeStrictly(bucket) : "",
			encodeKey(key),
		].filter((part) => part !== "");
		const search = Object.entries(query).map(
			([name, value]) => `${name}=${encodeStrictly(value)}`,
		);
		const path = `${endpoint.protocol}//${host}/${parts.join("/")}`;
		return search.length > 0 ? `${path}?${search.join("&")}` : path;
	}

	async #pause(
		tries: number,
		{ retryAfterMs }: StoreFailure,
		signal: AbortSignal | undefined,
	): Promise<void> {
		const { firstPauseMs, mostPauseMs } = this.#patience;
		const growing = Math.min(mostPauseMs, firstPauseMs * 2 ** (tries - 1));
		// Many machines back up at the same full hour, and must not come back together.
		const pauseMs = growing * (0.5 + Math.random() / 2);
		const options = signal ? { signal } : {};
		await sleep(Math.max(pauseMs, retryAfterMs), undefined, options).catch(
			(error) => {
				signal?.throwIfAborted();
				throw error;
			},
		);
	}
}

/** Ends a request in which nothing moves for too long: a total limit would have to know how fast a line is. */
class Silence implements Disposable {
	readonly signal: AbortSignal;
	readonly #mostMs: number;
	readonly #controller = new AbortController();
	#timer: NodeJS.Timeout;

	constructor(mostMs: number, outer: AbortSignal | undefined) {
		this.#mostMs = mostMs;
		const { signal } = this.#controller;
		this.signal = outer ? AbortSignal.any([signal, outer]) : signal;
		this.#timer = this.#start();
	}

	moved(): void {
		clearTimeout(this.#timer);
		this.#timer = this.#start();
	}

	[Symbol.dispose](): void {
		clearTimeout(this.#timer);
	}

	#start(): NodeJS.Timeout {
		return setTimeout(() => {
			const said = `nothing for ${Math.round(this.#mostMs / 1000)} s`;
			this.#controller.abort(new StoreFailure(0, SILENCE, { said }));
		}, this.#mostMs);
	}
}
