// A failure of a store for people: what, where, why in the store's own word, and the way out.

import { AppError } from "../../../ground/errors.ts";
import {
	SILENCE,
	type StoreFailure,
	triesFor,
	UNREACHABLE,
	WRONG_ANSWER,
} from "./failure.ts";

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

/** The failure as an error: OPERATION_FAILED, or NOT_FOUND for a bucket, or INSUFFICIENT_SPACE. */
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
	if (code === WRONG_ANSWER || isStrange(failure)) {
		return error(
			`${host} does not answer as a store does: ${at} (${said || code})`,
			"correct the endpoint, or see what stands between",
		);
	}
	const often = tries > 1 ? `, ${tries} times` : "";
	const what = code === SILENCE ? "the store is silent" : "the store failed";
	return error(`${what}${often}: ${at} (${reason})`, "try again later");
}

/** A refusal without a word of a store's own is that of a server which is none: a page, a redirection, a login. */
function isStrange(failure: StoreFailure): boolean {
	return (
		failure.code === `HTTP ${failure.status}` && triesFor(failure, 1) === 0
	);
}
