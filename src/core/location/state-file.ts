// The state file as it lies on the disk: its schema, and a parser that trusts nothing in it.

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { errnoOf, fileError } from "../../ground/errors.ts";
import { isoSeconds } from "../archive/metadata.ts";

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
}

export interface Entry extends Identity, Remembered {}

/** By file name. */
export type Entries = Map<string, Entry>;

const count = v.pipe(v.number(), v.safeInteger());
const text = v.nullable(v.string());
const time = v.pipe(
	v.string(),
	v.regex(/^\d{4}-/),
	v.check((iso) => !Number.isNaN(Date.parse(iso)), "not a date"),
	v.transform((iso) => isoSeconds(new Date(iso))),
);

const StateFile = v.object({
	archives: v.record(
		v.string(),
		v.object({
			size_bytes: count,
			modified_ms: count,
			verified_at: v.nullable(time),
			verified_error: text,
			pinned: v.boolean(),
			note: text,
		}),
	),
});

/**
 * Reads the state file of a folder.
 * @returns the entries, or what is wrong with the file
 * @throws AppError OPERATION_FAILED: it can't be read, and nobody knows what is in it
 */
export async function readEntries(folder: string): Promise<Entries | string> {
	const path = join(folder, STATE_NAME);
	const json = await readSmall(path);
	if (json === null) return new Map();
	const wrong = `${path} is not what vpo writes; it does not count: no pins, no verifications`;
	try {
		const { archives } = v.parse(StateFile, JSON.parse(json));
		return new Map(
			Object.entries(archives).map(([name, entry]) => [
				name,
				{
					sizeBytes: entry.size_bytes,
					modifiedMs: entry.modified_ms,
					verifiedAt: entry.verified_at,
					verifiedError: entry.verified_error,
					pinned: entry.pinned,
					note: entry.note,
				},
			]),
		);
	} catch {
		return wrong;
	}
}

async function readSmall(path: string): Promise<string | null> {
	try {
		const found = await stat(path);
		// Anything else than a small file, a FIFO for one, is not ours and might never end.
		if (!found.isFile() || found.size > MOST_STATE_BYTES) return "";
		return await readFile(path, "utf8");
	} catch (cause) {
		if (errnoOf(cause) === "ENOENT") return null;
		throw fileError(`cannot read ${path}`, cause);
	}
}

/** The bytes of a state file. */
export function encodeEntries(
	entries: readonly (readonly [string, Entry])[],
): string {
	const archives: v.InferOutput<typeof StateFile>["archives"] =
		Object.fromEntries(
			entries.map(([name, entry]) => [
				name,
				{
					size_bytes: entry.sizeBytes,
					modified_ms: entry.modifiedMs,
					verified_at: entry.verifiedAt,
					verified_error: entry.verifiedError,
					pinned: entry.pinned,
					note: entry.note,
				},
			]),
		);
	return `${JSON.stringify({ archives }, null, 2)}\n`;
}
