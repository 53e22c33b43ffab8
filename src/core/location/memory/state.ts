// What is remembered of the archives in a folder, in one small file beside them: when each was verified, and pins.
// It is safe to delete and never trusted; a change is one rename, made by one process at a time.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError, fileError } from "../../../ground/errors.ts";
import { shellQuote } from "../../../ground/program.ts";
import { changeMemo } from "./memo.ts";
import {
	type Entries,
	type Entry,
	encodeState,
	type Identity,
	type Remembered,
	readStateFile,
	STATE_NAME,
	type StateContent,
} from "./state-file.ts";

export type { Entries, Entry, Identity, Remembered } from "./state-file.ts";

const NOTHING: Remembered = {
	verifiedAt: null,
	verifiedError: null,
	pinned: false,
	note: null,
	confirmedAt: null,
};

/** What is remembered of a location and of all archives in it. */
export class State {
	readonly #entries: ReadonlyMap<string, Entry>;
	/** By which it is known again; null: it has no id yet. */
	readonly locationId: string | null;
	/** Why the file's content does not count; null if it does, or if there is no file. */
	readonly warning: string | null;

	constructor(
		entries: ReadonlyMap<string, Entry>,
		warning: string | null,
		locationId: string | null = null,
	) {
		this.#entries = entries;
		this.warning = warning;
		this.locationId = locationId;
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
		const found = await readStateFile(folder);
		return typeof found === "string"
			? new State(new Map(), found)
			: new State(found.entries, null, found.locationId);
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
	const changeEntries = ({ entries }: StateContent) => change(entries);
	await changeState(folder, changeEntries, signal);
}

/**
 * Gives a folder its location id, if it has none yet.
 * @returns the one that it has now
 * @throws as `updateState`
 */
export async function identifyFolder(
	folder: string,
	signal?: AbortSignal,
): Promise<string> {
	const known = await readStateFile(folder);
	if (typeof known !== "string" && known.locationId) return known.locationId;
	let id: string = crypto.randomUUID();
	const settle = (state: StateContent) => {
		id = state.locationId ?? id;
		state.locationId = id;
	};
	await changeState(folder, settle, signal);
	return id;
}

async function changeState(
	folder: string,
	change: (state: StateContent) => void,
	signal: AbortSignal | undefined,
): Promise<void> {
	const path = join(folder, STATE_NAME);
	const next = async () => {
		const state = await readStateFile(folder);
		if (typeof state === "string") throw malformed(state, path);
		change(state);
		const names = new Set(await namesIn(folder));
		const kept = state.entries.entries().filter(([name]) => names.has(name));
		return encodeState({ ...state, entries: new Map(kept) });
	};
	await changeMemo(path, next, signal);
}

function malformed(what: string, path: string): AppError {
	return new AppError("OPERATION_FAILED", what, {
		hint: `remove it, and pin again what was pinned: rm ${shellQuote(path)}`,
	});
}

function recall(
	entries: ReadonlyMap<string, Entry>,
	filename: string,
	identity: Identity | null,
): Remembered {
	const entry = entries.get(filename);
	if (!entry) return NOTHING;
	const { pinned, note, verifiedAt, verifiedError, confirmedAt } = entry;
	const isSame =
		entry.sizeBytes === identity?.sizeBytes &&
		entry.modifiedMs === identity.modifiedMs;
	return isSame
		? { pinned, note, verifiedAt, verifiedError, confirmedAt }
		: { ...NOTHING, pinned, note };
}

async function namesIn(folder: string): Promise<string[]> {
	try {
		return await readdir(folder);
	} catch (cause) {
		throw fileError(`cannot read the folder ${folder}`, cause);
	}
}
