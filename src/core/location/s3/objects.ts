// Objects as answers of a store describe them: lists, headers, parts. What an answer says is held against what was asked.

import {
	childrenOf,
	type Element,
	elementOf,
	piecesOf,
	readText,
	textOf,
} from "./answer.ts";
import { failureIn, StoreFailure, WRONG_ANSWER } from "./failure.ts";

/** An object as a list, or a look at it, tells. */
export interface StoredObject {
	/** Its key, without the prefix. */
	readonly name: string;
	readonly sizeBytes: number;
	/** Changes whenever the content does; means nothing else. */
	readonly etag: string;
	/** Whole seconds, as headers have them. */
	readonly modifiedMs: number;
}

/** One answer's worth of a list. */
export interface Page {
	readonly objects: readonly StoredObject[];
	/** What the next one is asked for by; null: this was the last. */
	readonly token: string | null;
}

/** An object's own header in which we find out who wrote it, and how much. */
export const WRITER_HEADER = "x-amz-meta-vpo-writer";

/** What nobody else writes there. */
export function writerOf(sizeBytes: number): string {
	return `${crypto.randomUUID()} ${sizeBytes}`;
}

/** Whether this is all that we wrote in one PUT, which a store takes whole or not at all. */
export function isOurs({ sizeBytes }: StoredObject, headers: Headers): boolean {
	const writer = headers.get(WRITER_HEADER) ?? "";
	return /^[0-9a-f-]{36} \d+$/.test(writer) && writer.endsWith(` ${sizeBytes}`);
}

const MOST_LIST_BYTES = 8 * 1024 * 1024;
const MOST_SHORT_BYTES = 64 * 1024;

/**
 * Reads an answer to LIST.
 * @param prefix which the keys begin with, and the names don't
 * @throws StoreFailure: it is anything else
 */
export async function readPage(
	response: Response,
	prefix: string,
): Promise<Page> {
	const text = await readText(response, MOST_LIST_BYTES);
	const list = elementOf(text, "ListBucketResult");
	if (!list) throw failureIn(text, response.status, response.headers);
	const decode = textOf(list, "EncodingType") === "url" ? decodeKey : asIs;
	const objects = childrenOf(list, "Contents").flatMap((entry) => {
		const key = decode(textOf(entry, "Key"));
		if (!key.startsWith(prefix)) throw wrongAnswer("a list of other keys");
		const name = key.slice(prefix.length);
		return name === "" ? [] : [toObject(name, entry)];
	});
	const isLast = textOf(list, "IsTruncated") !== "true";
	const token = textOf(list, "NextContinuationToken");
	if (!isLast && token === "") throw wrongAnswer("a list that goes nowhere");
	return { objects, token: isLast ? null : token };
}

function toObject(name: string, entry: Element): StoredObject {
	const size = textOf(entry, "Size");
	const modifiedAt = Date.parse(textOf(entry, "LastModified"));
	if (!/^\d+$/.test(size) || Number.isNaN(modifiedAt)) {
		throw wrongAnswer("a list without sizes or times");
	}
	return {
		name,
		sizeBytes: Number(size),
		etag: withoutQuotes(textOf(entry, "ETag")),
		modifiedMs: wholeSeconds(modifiedAt),
	};
}

// Forms, in which "+" is a space, are what "url" means there.
function decodeKey(text: string): string {
	try {
		return decodeURIComponent(text.replaceAll("+", "%20"));
	} catch {
		return text; // a foreign key that is no UTF-8: nothing of ours
	}
}

function asIs(text: string): string {
	return text;
}

/**
 * What the headers of an answer say of an object.
 * @throws StoreFailure: nothing, so that it is none
 */
export function objectIn(name: string, headers: Headers): StoredObject {
	const size = headers.get("content-length") ?? "";
	const etag = withoutQuotes(headers.get("etag") ?? "");
	const modifiedAt = Date.parse(headers.get("last-modified") ?? "");
	if (!/^\d+$/.test(size) || etag === "" || Number.isNaN(modifiedAt)) {
		throw wrongAnswer("an object without size, time or ETag");
	}
	const modifiedMs = wholeSeconds(modifiedAt);
	return { name, sizeBytes: Number(size), etag, modifiedMs };
}

/**
 * Reads an answer that must be this part of this object.
 * @param into as long as the part
 * @param moved called whenever something arrives
 * @throws StoreFailure: it is another part, another object, or too short
 */
export async function readPart(
	response: Response,
	{ etag, sizeBytes }: StoredObject,
	start: number,
	into: Uint8Array,
	moved: () => void,
): Promise<void> {
	const { status, headers } = response;
	const found = withoutQuotes(headers.get("etag") ?? "");
	if (found !== etag) throw wrongAnswer("it changed while it was read");
	const count = into.byteLength;
	const range = `bytes ${start}-${start + count - 1}/${sizeBytes}`;
	if (status !== 206 || headers.get("content-range") !== range) {
		throw wrongAnswer("another part than was asked for");
	}
	let length = 0;
	for await (const piece of piecesOf(response)) {
		moved();
		if (length + piece.byteLength > count) {
			throw wrongAnswer("more than was asked for");
		}
		into.set(piece, length);
		length += piece.byteLength;
	}
	if (length === count) return;
	const said = `${length} bytes of ${count}`;
	throw new StoreFailure(0, "ECONNRESET", { said });
}

/**
 * Reads the body of a success, which may hold an error all the same.
 * @throws StoreFailure: it does
 */
export async function requireSuccess(response: Response): Promise<void> {
	const text = await readText(response, MOST_SHORT_BYTES);
	if (elementOf(text, "Error")) {
		throw failureIn(text, response.status, response.headers);
	}
}

/** The store answered what nobody asked. */
export function wrongAnswer(said: string): StoreFailure {
	return new StoreFailure(200, WRONG_ANSWER, { said });
}

function withoutQuotes(etag: string): string {
	return etag.replace(/^(W\/)?"(.*)"$/, "$2");
}

function wholeSeconds(ms: number): number {
	return Math.floor(ms / 1000) * 1000;
}
