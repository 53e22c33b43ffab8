// One mark of an archive: an object whose key says all, or where that is too long, whose body does.

import * as v from "valibot";
import { isoSeconds } from "../../archive/metadata.ts";
import type { Identity, Remembered } from "../memory/state.ts";
import { encodeStrictly } from "./address.ts";
import type { Bucket } from "./bucket.ts";
import type { StoredObject } from "./objects.ts";

export const FOLDER = ".vpo/";
/** Of the 1,024 bytes of a key; a prefix may have the other half. */
const MOST_NAME_BYTES = 500;
const MOST_CONTENT_BYTES = 16 * 1024;

const time = v.pipe(
	v.string(),
	v.check((iso) => !Number.isNaN(Date.parse(iso)), "not a date"),
	v.transform((iso) => isoSeconds(new Date(iso))),
);
const integer = v.pipe(v.number(), v.safeInteger());

/** A pin is that of a name, whatever has it. */
const Pin = v.object({ note: v.nullable(v.string()) });
/** A verification is that of one content. */
const Verification = v.object({
	size_bytes: integer,
	modified_ms: integer,
	verified_at: v.nullable(time),
	verified_error: v.nullable(v.string()),
});
/** So is what was seen to equal the library. */
const Confirmation = v.object({
	size_bytes: integer,
	modified_ms: integer,
	confirmed_at: time,
});
const KINDS = { pin: Pin, verified: Verification, confirmed: Confirmation };
export type Kind = keyof typeof KINDS;

/** An object that is a mark. */
export interface Mark {
	readonly object: StoredObject;
	readonly kind: Kind;
	readonly archive: string;
	/** When it was made, in milliseconds: of two of a kind the later one counts. */
	readonly at: number;
	/** What it says, in base64url; "": its body does. */
	readonly content: string;
}

/** The mark that an object is; none where it is another's. */
export function toMark(object: StoredObject): Mark[] {
	const [kind = "", name = "", at = "", content = ""] = object.name
		.slice(FOLDER.length)
		.split("~");
	const archive = decodeArchive(name);
	if (!isKind(kind) || archive === null || !/^\d{1,15}$/.test(at)) return [];
	return [{ object, kind, archive, at: Number(at), content }];
}

/** The latest of each kind of each archive, in the order of their times. */
export function newestOfEach(marks: readonly Mark[]): Iterable<Mark> {
	const newest = new Map<string, Mark>();
	for (const mark of marks) {
		const about = `${mark.kind}~${mark.archive}`;
		if ((newest.get(about)?.at ?? -1) < mark.at) newest.set(about, mark);
	}
	return [...newest.values()].sort((a, b) => a.at - b.at);
}

/** What a mark says, as it was written. */
export async function textOfMark(
	{ content, object }: Mark,
	bucket: Bucket,
	signal: AbortSignal | undefined,
): Promise<string> {
	if (content !== "") return Buffer.from(content, "base64url").toString();
	const bytes = await bucket.range(object, 0, MOST_CONTENT_BYTES, signal);
	return new TextDecoder().decode(bytes);
}

/** What a mark says; null where that makes no sense. */
export function decodeMark(
	kind: Kind,
	text: string,
): Partial<Remembered & Identity> | null {
	try {
		const content: unknown = JSON.parse(text);
		if (kind === "pin") return { pinned: true, ...v.parse(Pin, content) };
		if (kind === "confirmed") {
			const found = v.parse(Confirmation, content);
			return { ...identityOf(found), confirmedAt: found.confirmed_at };
		}
		const found = v.parse(Verification, content);
		return {
			...identityOf(found),
			verifiedAt: found.verified_at,
			verifiedError: found.verified_error,
		};
	} catch {
		return null; // reported by who asked
	}
}

function identityOf(found: {
	readonly size_bytes: number;
	readonly modified_ms: number;
}): Identity {
	return { sizeBytes: found.size_bytes, modifiedMs: found.modified_ms };
}

function isKind(text: string): text is Kind {
	return Object.hasOwn(KINDS, text);
}

function encodeArchive(name: string): string {
	return encodeStrictly(name).replaceAll("~", "%7E");
}

function decodeArchive(text: string): string | null {
	try {
		return decodeURIComponent(text);
	} catch {
		return null;
	}
}

/** The key of a mark, below the prefix. */
export function nameOfMark(
	kind: Kind,
	archive: string,
	at: number,
	text: string,
): string {
	const start = `${FOLDER}${kind}~${encodeArchive(archive)}~${at}`;
	const whole = `${start}~${Buffer.from(text).toString("base64url")}`;
	const fits = Buffer.byteLength(whole) <= MOST_NAME_BYTES;
	return fits ? whole : `${start}~`;
}

/** What a pin says. */
export function pinContent(note: string | null): object {
	return { note } satisfies v.InferOutput<typeof Pin>;
}

/** What a verification says. */
export function verificationContent(
	identity: Identity,
	verifiedAt: string | null,
	verifiedError: string | null,
): object {
	return {
		...ofContent(identity),
		verified_at: verifiedAt,
		verified_error: verifiedError,
	} satisfies v.InferOutput<typeof Verification>;
}

/** What a confirmation says. */
export function confirmationContent(
	identity: Identity,
	confirmedAt: string,
): object {
	return {
		...ofContent(identity),
		confirmed_at: confirmedAt,
	} satisfies v.InferOutput<typeof Confirmation>;
}

function ofContent({ sizeBytes, modifiedMs }: Identity) {
	return { size_bytes: sizeBytes, modified_ms: modifiedMs };
}
