// What is remembered of archives in a bucket: one small object for each mark, since no store's conditional writes can be
// relied on. What a mark says stands in its key, so that one list tells all of them; a long one is read.

import * as v from "valibot";
import { AppError } from "../../../ground/errors.ts";
import { isoSeconds } from "../../archive/metadata.ts";
import {
	type Entries,
	type Entry,
	type Identity,
	type Remembered,
	State,
} from "../memory/state.ts";
import { randomName } from "../memory/state-file.ts";
import { encodeStrictly } from "./address.ts";
import type { Bucket } from "./bucket.ts";
import { type StoredObject, textBody } from "./objects.ts";

const FOLDER = ".vpo/";
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
/** The key of the object that tells which location this is ends with its id. */
const LOCATION = `${FOLDER}location~`;

type Kind = keyof typeof KINDS;

/** An object that is a mark. */
interface Mark {
	readonly object: StoredObject;
	readonly kind: Kind;
	readonly archive: string;
	/** When it was made, in milliseconds: of two of a kind the later one counts. */
	readonly at: number;
	/** What it says, in base64url; "": its body does. */
	readonly content: string;
}

/** Reads what is remembered; nothing and a warning where the marks can't be read. */
export async function readMarkState(
	bucket: Bucket,
	signal?: AbortSignal,
): Promise<State> {
	try {
		return await readMarks(bucket, signal);
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
		return new State(new Map(), error.message);
	}
}

async function readMarks(
	bucket: Bucket,
	signal: AbortSignal | undefined,
): Promise<State> {
	const entries: Entries = new Map();
	const malformed: string[] = [];
	const objects = await listFolder(bucket, signal);
	for (const mark of latest(objects.flatMap(toMark))) {
		const { archive, object } = mark;
		const known = entries.get(archive) ?? NOTHING;
		const changes = decode(mark.kind, await textOf(mark, bucket, signal));
		if (changes)
			entries.set(archive, { ...keptOf(known, changes), ...changes });
		else malformed.push(bucket.at(object.name));
	}
	const warning =
		malformed.length === 0
			? null
			: `not what vpo writes, so it does not count: ${malformed.join(", ")}`;
	return new State(entries, warning, locationIdIn(objects));
}

// What was known of another content says nothing of this one; a pin is that of the name.
function keptOf(known: Entry, changes: Partial<Entry>): Entry {
	const isSame =
		changes.sizeBytes === undefined ||
		(changes.sizeBytes === known.sizeBytes &&
			changes.modifiedMs === known.modifiedMs);
	const { pinned, note } = known;
	return isSame ? known : { ...NOTHING, pinned, note };
}

/**
 * Gives a prefix its location id, if it has none yet.
 * @returns the one that it has now
 * @throws AppError OPERATION_FAILED
 */
export async function identifyBucket(
	bucket: Bucket,
	signal?: AbortSignal,
): Promise<string> {
	const known = locationIdIn(await listFolder(bucket, signal));
	if (known !== null) return known;
	const id = crypto.randomUUID();
	await bucket.putOver(LOCATION + id, textBody(id), signal);
	return locationIdIn(await listFolder(bucket, signal)) ?? id;
}

// Where two made one at the same moment, both take the first.
function locationIdIn(objects: readonly StoredObject[]): string | null {
	const ids = objects
		.filter(({ name }) => name.startsWith(LOCATION))
		.map(({ name }) => name.slice(LOCATION.length));
	return ids.filter((id) => v.is(randomName, id)).sort()[0] ?? null;
}

const NOTHING = {
	sizeBytes: -1,
	modifiedMs: -1,
	verifiedAt: null,
	verifiedError: null,
	pinned: false,
	note: null,
	confirmedAt: null,
};

/**
 * Changes what is remembered of one archive and keeps the rest.
 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE: all is remembered as it was
 */
export async function putMark(
	bucket: Bucket,
	archive: string,
	identity: Identity,
	changes: Partial<Remembered>,
	signal?: AbortSignal,
): Promise<void> {
	const marks = (await listMarks(bucket, signal)).filter(
		(mark) => mark.archive === archive,
	);
	const ofKind = (kind: Kind) => marks.filter((mark) => mark.kind === kind);
	if (changes.pinned === false) await removeAll(bucket, ofKind("pin"), signal);
	if (changes.pinned === true) {
		const state = await readMarks(bucket, signal);
		const { note } = { ...state.of(archive, identity), ...changes };
		const content = { note } satisfies v.InferOutput<typeof Pin>;
		await replaceAll(bucket, "pin", archive, content, ofKind("pin"), signal);
	}
	const ofContent = {
		size_bytes: identity.sizeBytes,
		modified_ms: identity.modifiedMs,
	};
	const { confirmedAt } = changes;
	if (confirmedAt !== undefined && confirmedAt !== null) {
		const content = { ...ofContent, confirmed_at: confirmedAt };
		const before = ofKind("confirmed");
		await replaceAll(bucket, "confirmed", archive, content, before, signal);
	}
	if (changes.verifiedAt !== undefined) {
		const content = {
			...ofContent,
			verified_at: changes.verifiedAt,
			verified_error: changes.verifiedError ?? null,
		} satisfies v.InferOutput<typeof Verification>;
		const before = ofKind("verified");
		await replaceAll(bucket, "verified", archive, content, before, signal);
	}
}

/** Removes the marks of archives that are gone; what can't be removed does no harm. */
export async function forgetMarks(
	bucket: Bucket,
	archives: readonly string[],
	signal?: AbortSignal,
): Promise<void> {
	const gone = new Set(archives);
	try {
		const marks = await listMarks(bucket, signal);
		const ofGone = marks.filter(({ archive }) => gone.has(archive));
		await removeAll(bucket, ofGone, signal);
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
	}
}

async function replaceAll(
	bucket: Bucket,
	kind: Kind,
	archive: string,
	content: object,
	before: readonly Mark[],
	signal: AbortSignal | undefined,
): Promise<void> {
	const text = JSON.stringify(content);
	const newest = Math.max(0, ...before.map(({ at }) => at));
	const at = Math.max(Date.now(), newest + 1); // a clock that went back hides nothing
	const start = `${FOLDER}${kind}~${encodeArchive(archive)}~${at}`;
	const whole = `${start}~${Buffer.from(text).toString("base64url")}`;
	const fits = Buffer.byteLength(whole) <= MOST_NAME_BYTES;
	await bucket.putOver(fits ? whole : `${start}~`, textBody(text), signal);
	// Older ones count no more, whether they can be removed or not.
	await removeAll(bucket, before, signal).catch((error) => {
		signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
	});
}

async function removeAll(
	bucket: Bucket,
	marks: readonly Mark[],
	signal: AbortSignal | undefined,
): Promise<void> {
	for (const { object } of marks) await bucket.remove(object.name, signal);
}

async function listMarks(
	bucket: Bucket,
	signal: AbortSignal | undefined,
): Promise<Mark[]> {
	return (await listFolder(bucket, signal)).flatMap(toMark);
}

async function listFolder(
	bucket: Bucket,
	signal: AbortSignal | undefined,
): Promise<StoredObject[]> {
	return (await Array.fromAsync(bucket.list(FOLDER, signal))).flat();
}

function toMark(object: StoredObject): Mark[] {
	const [kind = "", name = "", at = "", content = ""] = object.name
		.slice(FOLDER.length)
		.split("~");
	const archive = decodeArchive(name);
	if (!isKind(kind) || archive === null || !/^\d{1,15}$/.test(at)) return [];
	return [{ object, kind, archive, at: Number(at), content }];
}

function latest(marks: readonly Mark[]): Iterable<Mark> {
	const newest = new Map<string, Mark>();
	for (const mark of marks) {
		const about = `${mark.kind}~${mark.archive}`;
		if ((newest.get(about)?.at ?? -1) < mark.at) newest.set(about, mark);
	}
	return [...newest.values()].sort((a, b) => a.at - b.at);
}

async function textOf(
	{ content, object }: Mark,
	bucket: Bucket,
	signal: AbortSignal | undefined,
): Promise<string> {
	if (content !== "") return Buffer.from(content, "base64url").toString();
	const bytes = await bucket.range(object, 0, MOST_CONTENT_BYTES, signal);
	return new TextDecoder().decode(bytes);
}

function decode(
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
