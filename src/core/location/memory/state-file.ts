// The state file as it lies on the disk: its schema, and a parser that trusts nothing in it.

import { join } from "node:path";
import * as v from "valibot";
import { isoSeconds } from "../../archive/metadata.ts";
import { readMemo } from "./memo.ts";

export const STATE_NAME = ".vpo-state.json";
/** Some 40,000 archives. */
const MOST_STATE_BYTES = 16 * 1024 * 1024;

/** By this a file is known to be the one that was verified. */
export interface Identity {
	readonly sizeBytes: number;
	/** Whole milliseconds: file systems and shares keep different fractions. */
	readonly modifiedMs: number;
}

/** What is remembered of one archive. Text in it is untrusted: it may hold control characters. */
export interface Remembered {
	/** ISO 8601; null: never. */
	readonly verifiedAt: string | null;
	/** What was wrong with it then; null: nothing. */
	readonly verifiedError: string | null;
	readonly pinned: boolean;
	/** The pin's. */
	readonly note: string | null;
	/** When the library was last seen to equal it, and it was read to its last byte; null: not since it was made. */
	readonly confirmedAt: string | null;
}

export interface Entry extends Identity, Remembered {}

/** By file name. */
export type Entries = Map<string, Entry>;

/** All that is remembered of one location. */
export interface StateContent {
	/** A random name that tells this location from others; null: it has none yet. */
	locationId: string | null;
	readonly entries: Entries;
}

const count = v.pipe(v.number(), v.safeInteger());
const text = v.nullable(v.string());
const time = v.pipe(
	v.string(),
	v.regex(/^\d{4}-/),
	v.check((iso) => !Number.isNaN(Date.parse(iso)), "not a date"),
	v.transform((iso) => isoSeconds(new Date(iso))),
);

/** What ids are made of: a UUID, or what other versions may make. */
export const randomName = v.pipe(v.string(), v.regex(/^[\w-]{8,64}$/));

const StateFile = v.object({
	location_id: v.optional(v.nullable(randomName), null),
	archives: v.record(
		v.string(),
		v.object({
			size_bytes: count,
			modified_ms: count,
			verified_at: v.nullable(time),
			verified_error: text,
			pinned: v.boolean(),
			note: text,
			confirmed_at: v.optional(v.nullable(time), null),
		}),
	),
});

/**
 * Reads the state file of a folder.
 * @returns what it holds, or what is wrong with it
 * @throws AppError OPERATION_FAILED: it can't be read, and nobody knows what is in it
 */
export async function readStateFile(
	folder: string,
): Promise<StateContent | string> {
	const path = join(folder, STATE_NAME);
	const json = await readMemo(path, MOST_STATE_BYTES);
	if (json === null) return { locationId: null, entries: new Map() };
	try {
		const { locationId, entries } = parseOnce(json);
		return { locationId, entries: new Map(entries) };
	} catch {
		return `${path} is not what vpo writes; it does not count: no pins, no verifications`;
	}
}

// A backup reads it three times, and parsing ten thousand entries takes longer than all else that it does with them.
let latest: (Readonly<StateContent> & { readonly json: string }) | null = null;

function parseOnce(json: string): Readonly<StateContent> {
	if (latest?.json !== json) latest = { ...parseState(json), json };
	return latest;
}

function parseState(json: string): StateContent {
	const { location_id, archives } = v.parse(StateFile, JSON.parse(json));
	const entries = Object.entries(archives).map(
		([name, entry]): [string, Entry] => [
			name,
			{
				sizeBytes: entry.size_bytes,
				modifiedMs: entry.modified_ms,
				verifiedAt: entry.verified_at,
				verifiedError: entry.verified_error,
				pinned: entry.pinned,
				note: entry.note,
				confirmedAt: entry.confirmed_at,
			},
		],
	);
	return { locationId: location_id, entries: new Map(entries) };
}

/** The bytes of a state file. */
export function encodeState({ locationId, entries }: StateContent): string {
	const archives = Object.fromEntries(
		entries.entries().map(([name, entry]) => [
			name,
			{
				size_bytes: entry.sizeBytes,
				modified_ms: entry.modifiedMs,
				verified_at: entry.verifiedAt,
				verified_error: entry.verifiedError,
				pinned: entry.pinned,
				note: entry.note,
				confirmed_at: entry.confirmedAt,
			},
		]),
	);
	const json: v.InferOutput<typeof StateFile> = {
		location_id: locationId,
		archives,
	};
	return `${JSON.stringify(json, null, 2)}\n`;
}
