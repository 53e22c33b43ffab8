// What goes wrong at a store: what its answers tell of it, and whether it may pass.

import { errnoOf } from "../../../ground/errors.ts";
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
/** An answer to another question: of a proxy that is no store, or of a store that has lost its way. */
export const WRONG_ANSWER = "wrong answer";
/** The connection can't even be made: whoever waits for it would rather know. */
export const UNREACHABLE = [
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
	const isRare = [SILENCE, WRONG_ANSWER, ...UNREACHABLE].includes(code);
	if (isRare) return Math.min(2, most);
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
	if (!error && status < 300) {
		return new StoreFailure(status, WRONG_ANSWER, { said: "no S3 at all" });
	}
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
