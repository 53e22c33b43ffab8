// Which archive a person means: by a path, a name, the beginning of one, "latest", or as what the last restore replaced.

import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { AppError } from "../../ground/errors.ts";
import {
	fromHere,
	isAddress,
	isAdrift,
	isSameFile,
	resolveLinks,
} from "../../ground/paths.ts";
import { ownCommand } from "../../ground/program.ts";
import { cannotOpen } from "../archive/format.ts";
import { findLatest, type PassedOver } from "./latest.ts";
import {
	type Location,
	type Named,
	requireStored,
	type Stored,
} from "./location.ts";
import { BACKUP_PREFIX, shortName, timeInName } from "./names.ts";
import type { Viewer } from "./standing.ts";

/** The archive that a person means, and where it is. */
export interface Found {
	/** The location that was asked, or the folder of a path that leads elsewhere. */
	readonly location: Location;
	readonly archive: Stored;
	/** Newer ones that "latest" could not mean, newest first, and why; none where something else was asked for. */
	readonly passedOver: readonly PassedOver[];
}

/**
 * Finds the archive that a person means: a path or an address, a file name or a unique prefix of one in the location,
 * the local time that the list shows of it or the beginning of that, or "latest": the newest good one of the library
 * that looks.
 * @throws AppError NOT_FOUND: none, or more than one; INVALID_ARCHIVE: no regular file
 */
export async function findBackup(
	reference: string,
	location: Location,
	viewer: Viewer,
	signal?: AbortSignal,
): Promise<Found> {
	if (reference === "latest") {
		const latest = await findLatest(location, viewer, signal);
		return { location, ...latest };
	}
	if (isAddress(reference)) return foundAt(reference, location, signal);
	const isPath = reference.includes("/");
	if (isPath || (!isAdrift() && (await isFile(resolve(reference))))) {
		return foundAt(fromHere(reference), location, signal);
	}
	const all = await location.names(signal);
	const exact = all.find(
		({ name }) =>
			name === reference || shortName(name) === shortName(reference),
	);
	const found = exact
		? [exact]
		: all.filter(({ name }) => isMeant(name, reference));
	if (found.length === 1 && found[0])
		return foundIn(location, found[0], signal);
	const matches = found.map(({ name }) => name).sort();
	const what =
		matches.length === 0
			? `no backup "${reference}" in ${location.address}, and no file of that name here`
			: `"${reference}" is ambiguous: ${matches.length} backups in ${location.address} begin with it, ${matches.slice(0, 2).join(" and ")} among them`;
	throw new AppError("NOT_FOUND", what, {
		hint: `see what there is: ${ownCommand("backups")}`,
	});
}

function isMeant(name: string, reference: string): boolean {
	return (
		name.startsWith(reference) ||
		name.startsWith(BACKUP_PREFIX + reference) ||
		(/^\d{4}-\d\d-\d\d/.test(reference) &&
			localTime(name).startsWith(reference.replace(" ", "T")))
	);
}

// "2026-02-05T15:30:22" where the list shows "2026-02-05 15:30"
function localTime(name: string): string {
	const at = timeInName(name);
	if (at === null) return "";
	const zone = Temporal.Now.timeZoneId();
	const local = Temporal.Instant.from(at).toZonedDateTimeISO(zone);
	return local.toPlainDateTime().toString({ smallestUnit: "second" });
}

/** What a found archive is a link to; itself if it is none. */
export async function followLink(
	found: Found,
	signal?: AbortSignal,
): Promise<Found> {
	const { location, archive } = found;
	if (!archive.isLink) return found;
	return foundAt(await resolveLinks(archive.path), location, signal);
}

async function foundAt(
	path: string,
	location: Location,
	signal: AbortSignal | undefined,
): Promise<Found> {
	const folder = dirname(path);
	const isHere =
		folder === location.address ||
		(location.folder !== null && (await isSameFile(folder, location.folder)));
	const where = isHere ? location : location.elsewhere(folder);
	const name = basename(path);
	return foundIn(where, { name, look: () => where.find(name, signal) }, signal);
}

async function foundIn(
	location: Location,
	{ name, look }: Named,
	signal: AbortSignal | undefined,
): Promise<Found> {
	const entry = await look(signal);
	if (entry === null) {
		throw cannotOpen(location.pathOf(name), { code: "ENOENT" });
	}
	return { location, archive: requireStored(entry), passedOver: [] };
}

async function isFile(path: string): Promise<boolean> {
	return stat(path).then(
		(found) => !found.isDirectory(),
		() => false,
	);
}
