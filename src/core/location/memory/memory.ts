// What is remembered of one library, in a small file beside it: its id, the ids of the places where its backups are, and
// what its last restore replaced. It is safe to delete and never trusted.

import { rm } from "node:fs/promises";
import * as v from "valibot";
import { AppError } from "../../../ground/errors.ts";
import { changeMemo, readMemo, unremembered } from "./memo.ts";
import { randomName } from "./state-file.ts";

/** Some thousand locations. */
const MOST_BYTES = 1024 * 1024;

/** What the last restore did to a library. */
export interface LastRestore {
	/** ISO 8601. */
	readonly at: string;
	/** The archive of what was replaced, and the address of its location; null: none was made, or nothing was there. */
	readonly kept: { readonly location: string; readonly name: string } | null;
	/** One that was cut off may have replaced nothing. */
	readonly isDone: boolean;
}

export interface Memory {
	/** A random name that tells this library from others; null: it has none yet. */
	readonly libraryId: string | null;
	/** The ids of the locations that it was backed up to, by their addresses. */
	readonly locations: ReadonlyMap<string, string>;
	readonly lastRestore: LastRestore | null;
}

const MemoryFile = v.object({
	library_id: v.nullable(randomName),
	locations: v.optional(v.record(v.string(), randomName), {}),
	last_restore: v.optional(
		v.nullable(
			v.object({
				at: v.string(),
				kept: v.nullable(v.object({ location: v.string(), name: v.string() })),
				done: v.optional(v.boolean(), true),
			}),
		),
		null,
	),
});

const NOTHING: Memory = {
	libraryId: null,
	locations: new Map(),
	lastRestore: null,
};

/** Where a library's memory is. @param libraryPath of the file itself, not of a link to it */
export function memoryPath(libraryPath: string): string {
	return `${libraryPath}.vpo.json`;
}

/** What is remembered of a library; nothing where that can't be read or makes no sense. */
export async function readMemory(libraryPath: string): Promise<Memory> {
	try {
		return parse(await readMemo(memoryPath(libraryPath), MOST_BYTES));
	} catch (error) {
		if (error instanceof AppError && error.code === "OPERATION_FAILED") {
			return NOTHING;
		}
		throw error;
	}
}

/**
 * Gives a library its id, if it has none yet.
 * @returns the one that it has now, null where none can be remembered; whether it was given now; warnings, as `unremembered`
 */
export async function identifyLibrary(
	libraryPath: string,
	signal?: AbortSignal,
): Promise<Identified> {
	const known = (await readMemory(libraryPath)).libraryId;
	if (known !== null) return { libraryId: known, isNew: false, warnings: [] };
	const id = crypto.randomUUID();
	const settle = (memory: Memory) => ({
		...memory,
		libraryId: memory.libraryId ?? id,
	});
	try {
		const { libraryId } = await changeMemory(libraryPath, settle, signal);
		return { libraryId, isNew: libraryId === id, warnings: [] };
	} catch (error) {
		signal?.throwIfAborted();
		// What can't be remembered must not be claimed either.
		const so = "the backup does not tell of which library it is";
		const warnings = unremembered(so, error);
		return { libraryId: null, isNew: false, warnings };
	}
}

/** Takes back an id that was given for a backup which then was not made, unless something else is remembered by now. */
export async function forgetLibrary(
	libraryPath: string,
	id: string,
): Promise<void> {
	const path = memoryPath(libraryPath);
	const drop = async () => {
		const { libraryId, locations, lastRestore } = parse(
			await readMemo(path, MOST_BYTES),
		);
		const isUnused = locations.size === 0 && lastRestore === null;
		if (libraryId === id && isUnused) await rm(path, { force: true });
		return null;
	};
	await changeMemo(path, drop).catch((error) => {
		if (!(error instanceof AppError)) throw error; // a name that nothing bears does no harm
	});
}

/** The id of a library. */
export interface Identified {
	readonly libraryId: string | null;
	readonly isNew: boolean;
	readonly warnings: readonly string[];
}

/**
 * Changes what is remembered of a library, as the only process that does.
 * @returns what is remembered now
 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE: its folder can't be written; all is as it was
 */
export async function changeMemory(
	libraryPath: string,
	change: (memory: Memory) => Memory,
	signal?: AbortSignal,
): Promise<Memory> {
	const path = memoryPath(libraryPath);
	let changed = NOTHING;
	const next = async () => {
		changed = change(parse(await readMemo(path, MOST_BYTES)));
		return encode(changed);
	};
	await changeMemo(path, next, signal);
	return changed;
}

function parse(json: string | null): Memory {
	if (json === null) return NOTHING;
	try {
		const found = v.parse(MemoryFile, JSON.parse(json));
		const last = found.last_restore;
		return {
			libraryId: found.library_id,
			locations: new Map(Object.entries(found.locations)),
			lastRestore: last && { at: last.at, kept: last.kept, isDone: last.done },
		};
	} catch {
		return NOTHING; // another's file, or half of one: as if it were not there
	}
}

function encode({ libraryId, locations, lastRestore }: Memory): string {
	const json: v.InferOutput<typeof MemoryFile> = {
		library_id: libraryId,
		locations: Object.fromEntries(locations),
		last_restore: lastRestore && {
			at: lastRestore.at,
			kept: lastRestore.kept,
			done: lastRestore.isDone,
		},
	};
	return `${JSON.stringify(json, null, 2)}\n`;
}
