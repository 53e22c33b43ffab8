// Which archive a person means: by a path, a name, the beginning of one, "latest", or as what the last restore replaced.

import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { AppError } from "../../ground/errors.ts";
import { isAddress, isSameFile, resolveLinks } from "../../ground/paths.ts";
import { ownCommand } from "../../ground/program.ts";
import { cannotOpen } from "../archive/format.ts";
import { listBackups, newestSalvage } from "./catalog.ts";
import { type Location, requireStored, type Stored } from "./location.ts";
import {
	BACKUP_PREFIX,
	PRE_RESTORE,
	SALVAGE_PREFIX,
	shortName,
} from "./names.ts";

/** The archive that a person means, and where it is. */
export interface Found {
	/** The location that was asked, or the folder of a path that leads elsewhere. */
	readonly location: Location;
	readonly archive: Stored;
}

/**
 * Finds the archive that a person means: a path or an address, a file name or a unique prefix of one in the location,
 * or "latest".
 * @throws AppError NOT_FOUND: none, or more than one; INVALID_ARCHIVE: no regular file
 */
export async function findBackup(
	reference: string,
	location: Location,
	signal?: AbortSignal,
): Promise<Found> {
	if (reference === "latest") return findLatest(location, signal);
	if (isAddress(reference)) return foundAt(reference, location, signal);
	const path = resolve(reference);
	if (reference.includes("/") || (await isFile(path))) {
		return foundAt(path, location, signal);
	}
	const names = await location.names(signal);
	const exact = names.find(
		(name) => name === reference || shortName(name) === shortName(reference),
	);
	const begins = (name: string) =>
		name.startsWith(reference) || name.startsWith(BACKUP_PREFIX + reference);
	const matches = exact ? [exact] : names.filter(begins).sort();
	if (matches.length === 1 && matches[0]) {
		return foundIn(location, matches[0], signal);
	}
	const what =
		matches.length === 0
			? `no backup "${reference}" in ${location.address}, and no file of that name here`
			: `"${reference}" is ambiguous: ${matches.length} backups in ${location.address} begin with it, ${matches.slice(0, 2).join(" and ")} among them`;
	throw new AppError("NOT_FOUND", what, {
		hint: `see what there is: ${ownCommand("backups")}`,
	});
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
	return foundIn(where, basename(path), signal);
}

async function foundIn(
	location: Location,
	name: string,
	signal: AbortSignal | undefined,
): Promise<Found> {
	const entry = await location.find(name, signal);
	if (entry === null) {
		throw cannotOpen(location.pathOf(name), { code: "ENOENT" });
	}
	return { location, archive: requireStored(entry) };
}

async function findLatest(
	location: Location,
	signal: AbortSignal | undefined,
): Promise<Found> {
	const backups = await listBackups(location, signal);
	const latest = backups.find(
		({ metadata }) => metadata && metadata.own?.kind !== PRE_RESTORE,
	);
	if (latest) return { location, archive: requireStored(latest.entry) };
	const damaged = backups.length > 0 ? "undamaged " : "";
	const where = location.address;
	throw new AppError("NOT_FOUND", `no ${damaged}backup in ${where}`, {
		hint: `make one: ${ownCommand("backup")}`,
	});
}

/**
 * Finds the backup of what the last restore replaced.
 * @throws AppError NOT_FOUND: there is none, or the last restore replaced a damaged library, which can't be restored
 */
export async function findReplaced(
	location: Location,
	signal?: AbortSignal,
): Promise<Found> {
	const backups = await listBackups(location, signal);
	const safety = backups.find(
		({ metadata }) => metadata?.own?.kind === PRE_RESTORE,
	);
	const salvage = await newestSalvage(location, signal);
	const salvagedAt = salvage?.slice(SALVAGE_PREFIX.length) ?? "";
	const replacedAt = safety?.createdAt?.replaceAll(":", "") ?? "";
	if (salvage !== null && salvagedAt > replacedAt) {
		const path = location.pathOf(salvage);
		throw new AppError(
			"NOT_FOUND",
			`the library replaced last was damaged and can't be restored; its files are in ${path}`,
			{ hint: `unpack them by hand: tar xzf ${path}` },
		);
	}
	if (safety) return { location, archive: requireStored(safety.entry) };
	throw new AppError(
		"NOT_FOUND",
		`no restore to undo: no pre-restore backup in ${location.address}`,
		{
			hint: `see what there is: ${ownCommand("backups")}`,
		},
	);
}

async function isFile(path: string): Promise<boolean> {
	return stat(path).then(
		(found) => !found.isDirectory(),
		() => false,
	);
}
