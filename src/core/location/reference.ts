// Which archive a person means: by a path, a name, the beginning of one, "latest", or as what the last restore replaced.

import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError } from "../../ground/errors.ts";
import { ownCommand } from "../../ground/program.ts";
import { archiveNames, listBackups, newestSalvage } from "./catalog.ts";
import {
	BACKUP_PREFIX,
	PRE_RESTORE,
	SALVAGE_PREFIX,
	shortName,
} from "./names.ts";

/**
 * Finds the archive that a person means: a path, a file name or a unique prefix of one in the folder, or "latest".
 * @returns its absolute path
 * @throws AppError NOT_FOUND: none, or more than one
 */
export async function findBackup(
	reference: string,
	folder: string,
	signal?: AbortSignal,
): Promise<string> {
	if (reference === "latest") return findLatest(folder, signal);
	const path = resolve(reference);
	if (reference.includes("/") || (await isFile(path))) return path;
	const names = await archiveNames(folder);
	const exact = names.find(
		(name) => name === reference || shortName(name) === shortName(reference),
	);
	const begins = (name: string) =>
		name.startsWith(reference) || name.startsWith(BACKUP_PREFIX + reference);
	const matches = exact ? [exact] : names.filter(begins).sort();
	if (matches.length === 1 && matches[0]) return join(folder, matches[0]);
	const what =
		matches.length === 0
			? `no backup "${reference}" in ${folder}, and no file of that name here`
			: `"${reference}" is ambiguous: ${matches.length} backups in ${folder} begin with it, ${matches.slice(0, 2).join(" and ")} among them`;
	throw new AppError("NOT_FOUND", what, {
		hint: `see what there is: ${ownCommand("backups")}`,
	});
}

async function findLatest(
	folder: string,
	signal: AbortSignal | undefined,
): Promise<string> {
	const backups = await listBackups(folder, signal);
	const latest = backups.find(
		({ metadata }) => metadata && metadata.own?.kind !== PRE_RESTORE,
	);
	if (latest) return latest.path;
	const damaged = backups.length > 0 ? "undamaged " : "";
	throw new AppError("NOT_FOUND", `no ${damaged}backup in ${folder}`, {
		hint: `make one: ${ownCommand("backup")}`,
	});
}

/**
 * Finds the backup of what the last restore replaced.
 * @throws AppError NOT_FOUND: there is none, or the last restore replaced a damaged library, which can't be restored
 */
export async function findReplaced(
	folder: string,
	signal?: AbortSignal,
): Promise<string> {
	const backups = await listBackups(folder, signal);
	const safety = backups.find(
		({ metadata }) => metadata?.own?.kind === PRE_RESTORE,
	);
	const salvage = await newestSalvage(folder);
	const salvagedAt = salvage?.slice(SALVAGE_PREFIX.length) ?? "";
	const replacedAt = safety?.createdAt?.replaceAll(":", "") ?? "";
	if (salvage !== null && salvagedAt > replacedAt) {
		throw new AppError(
			"NOT_FOUND",
			`the library replaced last was damaged and can't be restored; its files are in ${join(folder, salvage)}`,
			{ hint: `unpack them by hand: tar xzf ${join(folder, salvage)}` },
		);
	}
	if (safety) return safety.path;
	throw new AppError(
		"NOT_FOUND",
		`no restore to undo: no pre-restore backup in ${folder}`,
		{
			hint: `see what there is: ${ownCommand("backups")}`,
		},
	);
}

export async function isFile(path: string): Promise<boolean> {
	return stat(path).then(
		(found) => !found.isDirectory(),
		() => false,
	);
}
