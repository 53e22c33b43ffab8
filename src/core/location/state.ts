// What is remembered of the archives in a folder, in one small file beside them: when each was verified, and pins.
// It is safe to delete and never trusted; a change is one rename, made by one process at a time.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { takeClaim } from "../../ground/claim.ts";
import { AppError, fileError } from "../../ground/errors.ts";
import { publishOver, syncFile, writeNewFile } from "../../ground/files.ts";
import { makeScratch } from "../../ground/scratch.ts";
import {
	type Entries,
	type Entry,
	encodeEntries,
	type Identity,
	type Remembered,
	readEntries,
	STATE_NAME,
} from "./state-file.ts";

export type { Entries, Entry, Identity, Remembered } from "./state-file.ts";

const NOTHING: Remembered = {
	verifiedAt: null,
	verifiedError: null,
	pinned: false,
	note: null,
};

/** What is remembered of all archives in a folder. */
export class State {
	readonly #entries: ReadonlyMap<string, Entry>;
	/** Why the file's content does not count; null if it does, or if there is no file. */
	readonly warning: string | null;

	constructor(entries: ReadonlyMap<string, Entry>, warning: string | null) {
		this.#entries = entries;
		this.warning = warning;
	}

	/**
	 * What is remembered of the archive of this name. A verification is that of one content and does not count for
	 * another; a pin is that of a name: when in doubt the archive stays.
	 * @param identity the archive as it is now; null where that is not known
	 */
	of(filename: string, identity: Identity | null): Remembered {
		return recall(this.#entries, filename, identity);
	}
}

/** The identity of a file as `stat` tells it. */
export function identityOf(found: {
	readonly size: number;
	readonly mtimeMs: number;
}): Identity {
	return { sizeBytes: found.size, modifiedMs: Math.floor(found.mtimeMs) };
}

/** Reads what is remembered; nothing, and a warning, where the file can't be read or is malformed. */
export async function readState(folder: string): Promise<State> {
	try {
		const found = await readEntries(folder);
		return typeof found === "string"
			? new State(new Map(), found)
			: new State(found, null);
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		return new State(new Map(), error.message);
	}
}

/** Changes what is remembered of one archive, and keeps the rest of it. For use in `updateState`. */
export function remember(
	entries: Entries,
	filename: string,
	identity: Identity,
	changes: Partial<Remembered>,
): void {
	const before = recall(entries, filename, identity);
	entries.set(filename, { ...before, ...identity, ...changes });
}

/**
 * Reads, changes and writes what is remembered, as the only process that does; entries of files that are gone are
 * dropped. It is on the disk when this returns.
 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE: the folder can't be written; the file can't be read or is
 * malformed: replacing it would drop pins behind the back of who set them. It is then as it was.
 */
export async function updateState(
	folder: string,
	change: (entries: Entries) => void,
	signal?: AbortSignal,
): Promise<void> {
	const path = join(folder, STATE_NAME);
	await using scratch = await makeScratch(folder);
	await using _ = await takeClaim(`${path}.claim`, scratch, signal);
	const entries = await readEntries(folder);
	if (typeof entries === "string") throw malformed(entries, path);
	change(entries);
	const names = new Set(await namesIn(folder));
	const kept = [...entries].filter(([name]) => names.has(name));
	const unfinished = join(scratch.path, STATE_NAME);
	await writeNewFile(unfinished, one(encodeEntries(kept)));
	await syncFile(unfinished);
	await publishOver(unfinished, path);
}

function malformed(what: string, path: string): AppError {
	return new AppError("OPERATION_FAILED", what, {
		hint: `remove it, and pin again what was pinned: rm ${path}`,
	});
}

function recall(
	entries: ReadonlyMap<string, Entry>,
	filename: string,
	identity: Identity | null,
): Remembered {
	const entry = entries.get(filename);
	if (!entry) return NOTHING;
	const { pinned, note, verifiedAt, verifiedError } = entry;
	const isSame =
		entry.sizeBytes === identity?.sizeBytes &&
		entry.modifiedMs === identity.modifiedMs;
	return isSame
		? { pinned, note, verifiedAt, verifiedError }
		: { ...NOTHING, pinned, note };
}

async function namesIn(folder: string): Promise<string[]> {
	try {
		return await readdir(folder);
	} catch (cause) {
		throw fileError(`cannot read the folder ${folder}`, cause);
	}
}

async function* one(text: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
	yield new TextEncoder().encode(text);
}
