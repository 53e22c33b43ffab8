// Reports a run to a monitor by the healthchecks.io protocol (https://healthchecks.io/docs/http_api/).
// The URL is a secret: no message holds any part of it, and neither does anything a server or fetch says.

import { errnoOf } from "../../ground/errors.ts";

/** `success` goes to the URL itself, the others below it. */
export type Ping = "start" | "success" | "fail";

export interface PingOptions {
	/** For each attempt. */
	readonly timeoutMs: number;
	/** The pauses between the attempts; none: one attempt. */
	readonly retryDelaysMs: readonly number[];
	/** "vpo-library/1.2.3" */
	readonly userAgent: string;
	readonly signal?: AbortSignal | undefined;
}

/** healthchecks.io keeps 100 kB, others less. */
const MOST_BODY_CHARACTERS = 10_000;

const REASONS: Readonly<Record<string, string>> = {
	ECONNREFUSED: "connection refused",
	ECONNRESET: "the connection was closed without an answer",
	EHOSTUNREACH: "no way leads there",
	ENETUNREACH: "no way leads there",
	ENOTFOUND: "its name can't be resolved",
	EAI_AGAIN: "its name can't be resolved",
	EPROTO: "no TLS connection could be made",
	AbortError: "interrupted",
	INTERRUPTED: "interrupted",
};

/** Reads an http:// or https:// address; null if it is none. */
export function parsePingUrl(text: string): URL | null {
	const url = URL.parse(text.trim());
	return url?.hostname && /^https?:$/.test(url.protocol) ? url : null;
}

/**
 * Why nobody can be told of a run, if an address is given.
 * @param origin where it comes from; the address itself is a secret
 */
export function pingUrlProblem(
	text: string | null,
	origin: string,
): string | null {
	if (!text || parsePingUrl(text)) return null;
	const where = origin === "config.toml" ? "ping_url in config.toml" : origin;
	return `${where} must be an http:// or https:// address`;
}

/**
 * Sends one ping. Redirects are not followed: a login page behind one would pass for an answer.
 * @returns null once a server has taken it, else why none did
 */
export async function sendPing(
	url: URL,
	ping: Ping,
	body: string,
	options: PingOptions,
): Promise<string | null> {
	const target = addressOf(url, ping);
	for (const delayMs of [...options.retryDelaysMs, null]) {
		const { reason, isFinal } = await attempt(target, body, options);
		if (reason === null || isFinal || delayMs === null) return reason;
		if (!(await pause(delayMs, options.signal))) return reason;
	}
	return null;
}

function addressOf(url: URL, ping: Ping): string {
	const address = new URL(url);
	const path = address.pathname.replace(/\/+$/, "");
	address.pathname = ping === "success" ? path : `${path}/${ping}`;
	address.hash = "";
	return address.href;
}

interface Attempt {
	readonly reason: string | null;
	/** Whether asking again would be answered the same. */
	readonly isFinal: boolean;
}

async function attempt(
	address: string,
	body: string,
	{ timeoutMs, userAgent, signal }: PingOptions,
): Promise<Attempt> {
	const timeout = AbortSignal.timeout(timeoutMs);
	try {
		const response = await fetch(address, {
			method: "POST",
			body: body.slice(0, MOST_BODY_CHARACTERS),
			headers: {
				"Content-Type": "text/plain; charset=utf-8",
				"User-Agent": userAgent,
			},
			redirect: "manual",
			signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
		});
		await response.body?.cancel();
		return judge(response.status);
	} catch (error) {
		return {
			reason: reasonOf(error, timeoutMs),
			isFinal: signal?.aborted ?? false,
		};
	}
}

function judge(status: number): Attempt {
	if (status >= 200 && status < 300) return { reason: null, isFinal: true };
	if (status >= 300 && status < 400) {
		const reason = `the answer was ${status}, and redirects are not followed: give the address that it leads to`;
		return { reason, isFinal: true };
	}
	const isPassing = status >= 500 || status === 408 || status === 429;
	return { reason: `the answer was ${status}`, isFinal: !isPassing };
}

// Only words of our own: what fetch says may hold the address.
function reasonOf(error: unknown, timeoutMs: number): string {
	const code = errnoOf(error);
	const name = error instanceof Error ? error.name : "";
	if (name === "TimeoutError") return `no answer within ${timeoutMs / 1000} s`;
	const known = REASONS[code] ?? REASONS[name];
	if (known) return known;
	return /CERT|SIGNATURE/.test(code)
		? `its certificate is not trusted (${code}); SSL_CERT_FILE may name an authority of your own`
		: `no connection (${code || "unknown"})`;
}

async function pause(
	ms: number,
	signal: AbortSignal | undefined,
): Promise<boolean> {
	const { promise, resolve } = Promise.withResolvers<boolean>();
	const timer = setTimeout(resolve, ms, true);
	const stop = () => resolve(false);
	signal?.addEventListener("abort", stop, { once: true });
	if (signal?.aborted) stop();
	try {
		return await promise;
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener("abort", stop);
	}
}
