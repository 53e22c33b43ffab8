// s3://BUCKET/PREFIX: what it names, and how keys are written into URLs. What a URL would quietly change is refused.

import { AppError } from "../../../ground/errors.ts";

/** A place in an object store. */
export interface Address {
	readonly bucket: string;
	/** Without slashes at its ends; "" is the whole bucket. */
	readonly prefix: string;
}

const SCHEME = /^s3:\/\//i;
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MOST_KEY_BYTES = 1024;
/** Room for the names that stand below a prefix. */
const MOST_PREFIX_BYTES = MOST_KEY_BYTES - 512;
// Older buckets and other stores have names that AWS allows no more.
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Reads s3://BUCKET/PREFIX.
 * @throws AppError USAGE: no bucket, or a prefix that URLs and other tools would take for another one
 */
export function parseAddress(text: string): Address {
	const rest = text.replace(SCHEME, "");
	const slash = rest.indexOf("/");
	const bucket = slash < 0 ? rest : rest.slice(0, slash);
	const prefix = slash < 0 ? "" : rest.slice(slash + 1).replace(/\/$/, "");
	if (!BUCKET.test(bucket) || bucket.includes("..")) {
		const what = bucket === "" ? "no bucket" : `no name for a bucket`;
		throw wrong(text, what);
	}
	if (prefix === "") return { bucket, prefix };
	const parts = prefix.split("/");
	if (parts.includes("")) throw wrong(text, "two slashes in a row");
	if (parts.includes(".") || parts.includes("..")) {
		throw wrong(text, `"." and ".." mean nothing in a bucket`);
	}
	if (CONTROL.test(prefix) || !prefix.isWellFormed()) {
		throw wrong(text, "a character that no key may hold");
	}
	if (Buffer.byteLength(prefix) > MOST_PREFIX_BYTES) {
		throw wrong(text, `longer than ${MOST_PREFIX_BYTES} bytes`);
	}
	return { bucket, prefix };
}

/** The address as a person writes it; with a name, that of an object below it. */
export function formatAddress({ bucket, prefix }: Address, name = ""): string {
	return `s3://${[bucket, prefix, name].filter((part) => part !== "").join("/")}`;
}

/** The key of an object below the prefix. */
export function keyOf({ prefix }: Address, name: string): string {
	return prefix === "" ? name : `${prefix}/${name}`;
}

/** A key as it stands in the path of a URL; slashes stay. */
export function encodeKey(key: string): string {
	return key.split("/").map(encodeStrictly).join("/");
}

/** Percent-encoded but for what RFC 3986 calls unreserved, as signatures have it. */
export function encodeStrictly(text: string): string {
	return encodeURIComponent(text).replace(
		/[!'()*]/g,
		(character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
	);
}

function wrong(text: string, what: string): AppError {
	return new AppError("USAGE", `not an address in a bucket, ${what}: ${text}`, {
		hint: "write it as s3://BUCKET/PREFIX",
	});
}
