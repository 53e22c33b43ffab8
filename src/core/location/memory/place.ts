// The same place, or nothing: a share that is not mounted leaves an empty folder behind, and a backup into that is none.
// So each library remembers the id of every location that it was backed up to, and finds it there again, or stops.

import { AppError } from "../../../ground/errors.ts";
import { isAddress } from "../../../ground/paths.ts";
import { ownCommand, shellQuote } from "../../../ground/program.ts";
import { inspectArchive } from "../../archive/inspect.ts";
import { backupsByName } from "../catalog.ts";
import type { Location } from "../location.ts";
import { unremembered } from "./memo.ts";
import { changeMemory, readMemory } from "./memory.ts";

/** So many of the newest are looked at, to know a location again that has lost its id. */
const MOST_LOOKS = 5;

export interface PlaceOptions {
	/** Of the file itself, not of a link to it. */
	readonly libraryPath: string;
	/** Whether it is made where it is missing: nobody configured it. */
	readonly mayBeMade: boolean;
	/** Somebody said that it is another place than before. */
	readonly acceptsNew: boolean;
	/** The command that has a --new-location, for the way out. */
	readonly command: string;
}

/**
 * Lets a location pass that is there, and the same as when the library was backed up to it before.
 * @throws AppError NOT_FOUND
 */
export async function requireSamePlace(
	location: Location,
	options: PlaceOptions,
	signal?: AbortSignal,
): Promise<void> {
	const { libraryPath, mayBeMade, acceptsNew } = options;
	const { libraryId, locations } = await readMemory(libraryPath);
	const expected = acceptsNew ? undefined : locations.get(location.address);
	const missing = await location
		.requirePresent(signal)
		.then(() => null, asMissing);
	if (expected === undefined) {
		if (missing === null || mayBeMade) return;
		throw isAddress(location.address) ? missing : notThere(location);
	}
	if (missing !== null) {
		throw another(location, options, "nothing is there now");
	}
	const { locationId } = await location.readState(signal);
	if (locationId === expected) return;
	if (locationId !== null) {
		throw another(location, options, "another location is there now");
	}
	// The file with its id is safe to delete, where the backups themselves tell.
	if (libraryId !== null && (await holds(location, libraryId, signal))) return;
	throw another(location, options, "none of them is there now");
}

/**
 * Remembers which place a location is, once a library was backed up to it.
 * @param libraryId the id that the backup bears, should it have been forgotten meanwhile
 * @returns a warning where that can't be remembered, as `unremembered`
 */
export async function rememberPlace(
	location: Location,
	libraryPath: string,
	libraryId: string | null,
	signal?: AbortSignal,
): Promise<string[]> {
	try {
		const { address } = location;
		const id = await location.identify(signal);
		const known = await readMemory(libraryPath);
		const isKnown = known.locations.get(address) === id;
		if (isKnown && (known.libraryId ?? libraryId) === known.libraryId)
			return [];
		const learn = (memory: Awaited<ReturnType<typeof readMemory>>) => ({
			...memory,
			libraryId: memory.libraryId ?? libraryId,
			locations: new Map([...memory.locations, [address, id]]),
		});
		await changeMemory(libraryPath, learn, signal);
		return [];
	} catch (error) {
		signal?.throwIfAborted();
		const so = "where its backups are is not remembered";
		return unremembered(so, error);
	}
}

async function holds(
	location: Location,
	libraryId: string,
	signal: AbortSignal | undefined,
): Promise<boolean> {
	const found = await backupsByName(location, signal);
	for (const named of found.slice(0, MOST_LOOKS)) {
		const entry = await named.look(signal);
		if (entry === null || "problem" in entry) continue;
		const metadata = await inspectArchive(entry, signal).catch(noneIfBad);
		if (metadata?.own?.libraryId === libraryId) return true;
	}
	return false;
}

function noneIfBad(error: unknown): null {
	if (error instanceof AppError && error.code !== "INTERRUPTED") return null;
	throw error;
}

function asMissing(error: unknown): AppError {
	if (error instanceof AppError && error.code === "NOT_FOUND") return error;
	throw error;
}

function notThere({ address }: Location): AppError {
	return new AppError("NOT_FOUND", `no such folder: ${address}`, {
		hint: `mount it, or make it: mkdir -p ${shellQuote(address)}`,
	});
}

function another(
	{ address }: Location,
	{ libraryPath, command }: PlaceOptions,
	found: string,
): AppError {
	return new AppError(
		"NOT_FOUND",
		`these are not the backups that ${libraryPath} had, ${found}: ${address}`,
		{
			hint: `mount what it was on; or if it shall be another place from now on: ${ownCommand(`${command} --new-location`)}${command === "restore" ? " …; without a copy of what is replaced: --no-safety-backup" : ""}`,
		},
	);
}
