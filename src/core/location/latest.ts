// "latest": the newest good backup of the library that looks. What is newer and can't be meant is named, never skipped in silence.

import { AppError } from "../../ground/errors.ts";
import { ownCommand } from "../../ground/program.ts";
import { type Backup, type Catalog, readCatalog } from "./catalog.ts";
import { type Location, requireStored, type Stored } from "./location.ts";
import { PRE_RESTORE } from "./names.ts";
import type { Doubt, Viewer } from "./standing.ts";

/** A backup that is newer than the one that was chosen, and why it could not be that. */
export interface PassedOver {
	readonly filename: string;
	readonly path: string;
	readonly createdAt: string | null;
	readonly doubt: Doubt;
}

/** The newest good backup, and what is newer. */
export interface Latest {
	readonly archive: Stored;
	/** Newest first. */
	readonly passedOver: readonly PassedOver[];
}

const MOST_NAMED = 3;

/**
 * Finds the newest good backup of a library.
 * @throws AppError NOT_FOUND: there is none; or it is not known of which of several libraries it should be
 */
export async function findLatest(
	location: Location,
	viewer: Viewer,
	signal?: AbortSignal,
): Promise<Latest> {
	const catalog = await readCatalog(location, viewer, signal);
	const { backups } = catalog;
	requireOneLibrary(catalog);
	const index = backups.findIndex(({ doubt }) => doubt === null);
	const latest = backups[index];
	const newer = backups.slice(0, latest ? index : backups.length);
	const passedOver = newer.flatMap(toPassedOver);
	if (!latest) throw noGoodBackup(location, passedOver);
	return { archive: requireStored(latest.entry), passedOver };
}

/**
 * Lets a location pass of which it is known what is this library's.
 * @throws AppError NOT_FOUND: the library has no id yet, and there are backups of several
 */
export function requireOneLibrary({
	location,
	backups,
	candidates,
}: Catalog): void {
	if (candidates.length === 0) return;
	const newest = candidates.map((id) => {
		const own = backups.filter(
			({ metadata }) => metadata?.own?.libraryId === id,
		);
		const isWanted = ({ metadata }: Backup) =>
			metadata?.own?.kind !== PRE_RESTORE;
		return (own.find(isWanted) ?? own[0])?.filename ?? id;
	});
	throw new AppError(
		"NOT_FOUND",
		`there are backups of ${candidates.length} libraries in ${location.address}, and it is not known which is this one; the newest of each: ${newest.join(", ")}`,
		{
			hint: `restore one by its name: ${ownCommand("restore")} NAME; it is then known`,
		},
	);
}

function toPassedOver(backup: Backup): PassedOver[] {
	const { filename, path, createdAt, doubt } = backup;
	return doubt === null ? [] : [{ filename, path, createdAt, doubt }];
}

function noGoodBackup(
	{ address }: Location,
	passedOver: readonly PassedOver[],
): AppError {
	const make = `make one: ${ownCommand("backup")}`;
	if (passedOver.length === 0) {
		return new AppError("NOT_FOUND", `no backup in ${address}`, { hint: make });
	}
	const named = passedOver
		.slice(0, MOST_NAMED)
		.map(({ filename, doubt }) => `${filename} (${doubt.reason})`);
	const more = passedOver.length - named.length;
	const list = [...named, ...(more > 0 ? [`${more} more`] : [])].join(", ");
	return new AppError(
		"NOT_FOUND",
		`no good backup of this library in ${address}: ${list}`,
		{ hint: `${make}; or name the one that you mean` },
	);
}
