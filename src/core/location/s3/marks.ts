// What is remembered of archives in a bucket: one small object for each mark, since no store's conditional writes can be
// relied on. What a mark says stands in its key, so that one list tells all of them; a long one is read.

import * as v from "valibot";
import { AppError } from "../../../ground/errors.ts";
import {
	type Entries,
	type Entry,
	type Identity,
	type Remembered,
	State,
} from "../memory/state.ts";
import { randomName } from "../memory/state-file.ts";
import { formatAddress } from "./address.ts";
import { textBody } from "./body.ts";
import type { Bucket } from "./bucket.ts";
import {
	confirmationContent,
	decodeMark,
	FOLDER,
	type Kind,
	type Mark,
	nameOfMark,
	newestOfEach,
	pinContent,
	textOfMark,
	toMark,
	verificationContent,
} from "./mark.ts";
import type { StoredObject } from "./objects.ts";

/** The key of the object that tells which location this is ends with its id. */
const LOCATION = `${FOLDER}location~`;

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
	for (const mark of newestOfEach(objects.flatMap(toMark))) {
		const { archive, object } = mark;
		const known = entries.get(archive) ?? NOTHING;
		const changes = decodeMark(
			mark.kind,
			await textOfMark(mark, bucket, signal),
		);
		if (changes)
			entries.set(archive, { ...keptOf(known, changes), ...changes });
		else malformed.push(formatAddress(bucket.address, object.name));
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
		const content = pinContent(note);
		await replaceAll(bucket, "pin", archive, content, ofKind("pin"), signal);
	}
	const { confirmedAt } = changes;
	if (confirmedAt !== undefined && confirmedAt !== null) {
		const content = confirmationContent(identity, confirmedAt);
		const before = ofKind("confirmed");
		await replaceAll(bucket, "confirmed", archive, content, before, signal);
	}
	if (changes.verifiedAt !== undefined) {
		const { verifiedAt, verifiedError = null } = changes;
		const content = verificationContent(identity, verifiedAt, verifiedError);
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
	const name = nameOfMark(kind, archive, at, text);
	await bucket.putOver(name, textBody(text), signal);
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
