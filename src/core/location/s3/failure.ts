// What goes wrong at a store, in its own words and in ours: whether it may pass, and what to do about it if it does not.

import { AppError, errnoOf } from "../../../ground/errors.ts";
import { elementOf, readText, textOf } from "./answer.ts";

/** One request that did not do what it should; `connect.ts` decides whether to try again. */
export class StoreFailure extends Error {
	override readonly name = "StoreFailure";
	/** 0: there was no answer. */
	readonly status: number;
	/** The server's own ("NoSuchKey"), that of the connection ("ECONNRESET"), or "HTTP 503". */
	readonly code: string;
	/** What else the answer says: its message, the region it wants. */
	readonly said: string;
	readonly region: string | null;
	readonly retryAfterMs: number;

	constructor(
		status: number,
		code: string,
		more: {
			said?: string;
			region?: string | null;
			retryAfterMs?: number;
			cause?: unknown;
		} = {},
	) {
		super(`${code}${more.said ? `: ${more.said}` : ""}`, {
			cause: more.cause,
		});
		this.status = status;
		this.code = code;
		this.said = more.said ?? "";
		this.region = more.region ?? null;
		this.retryAfterMs = more.retryAfterMs ?? 0;
	}
}

/** There was no answer for too long. */
export const SILENCE = "silence";
/** The connection can't even be made: whoever waits for it would rather know. */
const UNREACHABLE = [
	"ECONNREFUSED",
	"ENOTFOUND",
	"EAI_AGAIN",
	"EHOSTUNREACH",
	"ENETUNREACH",
];
const BROKEN = ["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNABORTED", SILENCE];
const PASSING_STATUS = [408, 425, 429, 500, 502, 503, 504];
const PASSING_CODES = [
	"SlowDown",
	"RequestTimeout",
	"InternalError",
	"OperationAborted",
	"ConditionalRequestConflict",
	"IncompleteBody",
	"BadDigest",
	"XAmzContentSHA256Mismatch",
];
const MOST_ERROR_BYTES = 64 * 1024;
const MOST_SAID = 200;
const MOST_RETRY_AFTER_S = 30;

/** How many more times something like this is worth a try, at most. */
export function triesFor({ status, code }: StoreFailure, most: number): number {
	if (UNREACHABLE.includes(code) || code === SILENCE) return Math.min(2, most);
	const mayPass =
		BROKEN.includes(code) ||
		PASSING_CODES.includes(code) ||
		PASSING_STATUS.includes(status);
	return mayPass ? most : 0;
}

/** The failure that an answer of the server tells of. */
export async function failureOf(response: Response): Promise<StoreFailure> {
	const { status, headers } = response;
	const text = await readText(response, MOST_ERROR_BYTES).catch(() => "");
	return failureIn(text, status, headers);
}

/** The failure in the body of an answer; a success may turn out to be one. */
export function failureIn(
	text: string,
	status: number,
	headers: Headers,
): StoreFailure {
	const error = elementOf(text, "Error");
	const seconds = Number(headers.get("retry-after") ?? 0);
	const said = error ? textOf(error, "Message") : "";
	return new StoreFailure(
		status,
		(error && textOf(error, "Code")) || `HTTP ${status}`,
		{
			said: said.length > MOST_SAID ? `${said.slice(0, MOST_SAID)}…` : said,
			region:
				(error && textOf(error, "Region")) ||
				headers.get("x-amz-bucket-region"),
			retryAfterMs: Math.min(MOST_RETRY_AFTER_S, seconds || 0) * 1000,
		},
	);
}

/** The failure of a request that got no answer, or half of one. Anything else is thrown as it is. */
export function failureFrom(error: unknown): StoreFailure {
	if (error instanceof StoreFailure) return error;
	if (error instanceof DOMException && error.name === "TimeoutError") {
		return new StoreFailure(0, SILENCE, { cause: error });
	}
	const code = errnoOf(error);
	const isOfNetwork = error instanceof TypeError && code !== "";
	if (!isOfNetwork || code.startsWith("ERR_INVALID")) throw error;
	return new StoreFailure(0, code, { cause: error });
}

/** What errors need to know of the account. */
export interface Wording {
	/** Where it happened: an address, or a URL. */
	readonly at: string;
	readonly endpoint: URL;
	readonly region: string;
	readonly keysOrigin: string;
	/** How often it was tried. */
	readonly tries: number;
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|HOSTNAME_MISMATCH/;
const WRONG_KEYS = [
	"InvalidAccessKeyId",
	"SignatureDoesNotMatch",
	"InvalidClientTokenId",
	"ExpiredToken",
	"InvalidToken",
	"TokenRefreshRequired",
	"UnrecognizedClientException",
];
const WRONG_REGION = [
	"PermanentRedirect",
	"TemporaryRedirect",
	"AuthorizationHeaderMalformed",
	"IllegalLocationConstraintException",
	"HTTP 301",
	"HTTP 307",
];
const FULL = [
	"QuotaExceeded",
	"XMinioStorageFull",
	"InsufficientStorage",
	"HTTP 507",
];

/** The failure for people: what, where, why in the server's own word, and the way out. */
export function explain(failure: StoreFailure, wording: Wording): AppError {
	const { code, status, said, region } = failure;
	const { at, endpoint, tries, keysOrigin } = wording;
	const host = endpoint.origin;
	const reason = said ? `${code}: ${said}` : code;
	const error = (message: string, hint?: string) =>
		new AppError("OPERATION_FAILED", message, { hint, cause: failure });
	if (code === "NoSuchBucket") {
		return new AppError(
			"NOT_FOUND",
			`no such bucket at ${host}: ${at} (${code})`,
			{
				hint: "make it, or correct its name or the endpoint",
				cause: failure,
			},
		);
	}
	if (WRONG_KEYS.includes(code)) {
		return error(
			`${host} does not accept the keys of ${keysOrigin}: ${at} (${reason})`,
			"correct the keys, or the endpoint that they are for",
		);
	}
	if (code === "RequestTimeTooSkewed") {
		return error(
			`the clocks of this machine and of ${host} differ too much: ${at} (${reason})`,
			"set this machine's clock: timedatectl",
		);
	}
	if (WRONG_REGION.includes(code)) {
		const right = region && region !== wording.region ? region : null;
		return error(
			`"${wording.region}" is the wrong region${right ? `, "${right}" is right` : ""}, or ${host} the wrong endpoint: ${at} (${reason})`,
			`set region${right ? ` = "${right}"` : ""} in [s3] of config.toml, or AWS_REGION`,
		);
	}
	if (FULL.includes(code)) {
		return new AppError(
			"INSUFFICIENT_SPACE",
			`the store is full: ${at} (${reason})`,
			{
				hint: "free some space there, or raise the quota",
				cause: failure,
			},
		);
	}
	if (status === 403) {
		return error(
			`access denied: ${at} (${reason})`,
			`the keys of ${keysOrigin} need the right to list, read, write and remove there`,
		);
	}
	if (CERTIFICATE.test(code)) {
		return error(
			`the certificate of ${host} is not trusted: ${at} (${code})`,
			"where it is your own, name its authority's file in [s3] ca_file or AWS_CA_BUNDLE",
		);
	}
	if (code === "EPROTO") {
		return error(
			`${host} does not speak TLS: ${at} (${code})`,
			"write http:// in the endpoint if it is meant so",
		);
	}
	if (UNREACHABLE.includes(code)) {
		return error(
			`cannot reach ${host}: ${at} (${code})`,
			"correct the endpoint, or see whether the store and the network are up",
		);
	}
	const often = tries > 1 ? `, ${tries} times` : "";
	const what = code === SILENCE ? "the store is silent" : "the store failed";
	return error(`${what}${often}: ${at} (${reason})`, "try again later");
}
