// What --undo takes back: what this library's last restore replaced, or nothing. Never an older one in silence.

import { basename } from "node:path";
import { AppError } from "../../ground/errors.ts";
import { ownCommand, shellQuote } from "../../ground/program.ts";
import type { Settings } from "../../ground/settings.ts";
import { inspectArchive } from "../archive/inspect.ts";
import type { Metadata } from "../archive/metadata.ts";
import { type Backup, newestSalvage, readCatalog } from "./catalog.ts";
import { requireOneLibrary } from "./latest.ts";
import {
	identityIn,
	type Location,
	requireStored,
	type Stored,
} from "./location.ts";
import type { LastRestore } from "./memory/memory.ts";
import { PRE_RESTORE, SALVAGE_PREFIX } from "./names.ts";
import { openLocation } from "./open.ts";
import type { Found } from "./reference.ts";
import { isAhead, isOf, type Viewer } from "./standing.ts";

/**
 * Finds the backup of what the last restore of this library replaced: the one that is remembered beside the library, or
 * where nothing is, the newest pre-restore backup of this library.
 * @throws AppError NOT_FOUND: there is none, or it is gone, or the library replaced was damaged and can't be restored;
 *   or that restore was cut off; INVALID_ARCHIVE, OPERATION_FAILED: it is there, but damaged or unreadable
 */
export async function findReplaced(
	location: Location,
	lastRestore: LastRestore | null,
	viewer: Viewer,
	settings: Settings,
	signal?: AbortSignal,
): Promise<Found> {
	return lastRestore === null
		? newestReplaced(location, viewer, signal)
		: rememberedReplaced(location, lastRestore, viewer, settings, signal);
}

async function rememberedReplaced(
	asked: Location,
	{ at, kept, isDone }: LastRestore,
	viewer: Viewer,
	settings: Settings,
	signal: AbortSignal | undefined,
): Promise<Found> {
	if (!isDone) {
		const where = kept === null ? "" : `; what it kept is ${kept.name}`;
		throw refusal(
			"NOT_FOUND",
			`the last restore (${at}) was cut off, and may have replaced nothing${where}`,
		);
	}
	if (kept === null) {
		throw refusal(
			"NOT_FOUND",
			`nothing to undo: the last restore (${at}) kept nothing of what was there before`,
		);
	}
	const name = basename(kept.name);
	const isHere = kept.location === asked.address;
	const places = [asked, ...(isHere ? [] : [remembered(kept, settings)])];
	for (const location of places) {
		const entry = await location.find(name, signal);
		if (entry === null) continue;
		if (name.startsWith(SALVAGE_PREFIX)) throw onlyRaw(entry.path);
		const archive = requireStored(entry);
		const metadata = await requireWhole(location, archive, signal);
		// Names tell no more than a time: in the place that is asked, another library's may have the same.
		if (!isOf(metadata, viewer)) continue;
		return { location, archive, passedOver: [] };
	}
	const gone = places.map((location) => location.pathOf(name)).join(" or ");
	throw refusal(
		"NOT_FOUND",
		`what the last restore (${at}) replaced is not there any more: ${gone}`,
	);
}

function remembered(
	{ location }: { readonly location: string },
	settings: Settings,
): Location {
	return openLocation(location, settings);
}

async function requireWhole(
	location: Location,
	archive: Stored,
	signal: AbortSignal | undefined,
): Promise<Metadata> {
	const state = await location.readState(signal);
	const { verifiedError } = state.of(archive.name, identityIn(archive));
	if (verifiedError !== null) throw isDamaged(archive.path, verifiedError);
	const metadata = await inspectArchive(archive, signal);
	if (metadata?.own?.kind === PRE_RESTORE) return metadata;
	throw refusal(
		"INVALID_ARCHIVE",
		`this is not what a restore replaced: ${archive.path}`,
	);
}

// By the list alone: for libraries whose memory was lost, and restores of earlier versions.
async function newestReplaced(
	location: Location,
	viewer: Viewer,
	signal: AbortSignal | undefined,
): Promise<Found> {
	const catalog = await readCatalog(location, viewer, signal);
	requireOneLibrary(catalog);
	const owner = { libraryId: catalog.libraryId, now: viewer.now };
	const newest = catalog.backups.find((backup) => isReplaced(backup, owner));
	const salvage = await newestSalvage(location, signal);
	const salvagedAt = salvage?.slice(SALVAGE_PREFIX.length) ?? "";
	const replacedAt = newest?.createdAt?.replaceAll(":", "") ?? "";
	if (salvage !== null && salvagedAt > replacedAt) {
		throw onlyRaw(location.pathOf(salvage));
	}
	if (!newest) {
		throw refusal(
			"NOT_FOUND",
			`no restore to undo: no pre-restore backup of this library in ${location.address}`,
		);
	}
	const archive = requireStored(newest.entry);
	await requireWhole(location, archive, signal);
	return { location, archive, passedOver: [] };
}

// A damaged one tells its kind by its name alone. What a clock that ran ahead dated newest is not the last one.
function isReplaced(
	{ filename, metadata, createdAt }: Backup,
	viewer: Viewer,
): boolean {
	if (createdAt !== null && isAhead(createdAt, viewer.now)) return false;
	return metadata === null
		? filename.includes(`-${PRE_RESTORE}`)
		: metadata.own?.kind === PRE_RESTORE && isOf(metadata, viewer);
}

function onlyRaw(path: string): AppError {
	return new AppError(
		"NOT_FOUND",
		`the library replaced last was damaged and can't be restored; its files are in ${path}`,
		{ hint: `unpack them by hand: tar xzf ${shellQuote(path)}` },
	);
}

function isDamaged(path: string, error: string): AppError {
	return refusal(
		"INVALID_ARCHIVE",
		`what the last restore replaced is damaged: ${path}: ${error}`,
	);
}

function refusal(code: "NOT_FOUND" | "INVALID_ARCHIVE", what: string) {
	return new AppError(code, what, {
		hint: `older ones can be restored by their names: ${ownCommand("backups")}`,
	});
}
