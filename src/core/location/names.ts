// What archives are called: backups by the second in which they were made, and what is kept of damaged libraries.

import { isoSeconds } from "../archive/metadata.ts";

/** The kind of a backup that a restore made of what it replaced. */
export const PRE_RESTORE = "pre-restore";

export const BACKUP_PREFIX = "vpo-library-";

/** Archives of raw files of damaged libraries: kept, but no backups. */
export const SALVAGE_PREFIX = "vpo-damaged-";

/** "vpo-library-2026-02-05T143022Z.tar.gz"; later attempts at the same second get "-2", "-3", … */
export function backupName(at: Date, kind: string, attempt: number): string {
	const infix = kind === PRE_RESTORE ? `-${PRE_RESTORE}` : "";
	return archiveName(BACKUP_PREFIX, at, infix, attempt);
}

/** "vpo-damaged-2026-02-05T143022Z.tar.gz" */
export function salvageName(at: Date, attempt: number): string {
	return archiveName(SALVAGE_PREFIX, at, "", attempt);
}

/** Whether a name is one that `salvageName` gives, and no other that begins like it. */
export function isSalvageName(name: string): boolean {
	const rest = name.startsWith(SALVAGE_PREFIX)
		? name.slice(SALVAGE_PREFIX.length)
		: "";
	return /^\d{4}-\d\d-\d\dT\d{6}Z(-\d+)?\.tar\.gz$/.test(rest);
}

function archiveName(
	prefix: string,
	at: Date,
	infix: string,
	attempt: number,
): string {
	const time = isoSeconds(at).replaceAll(":", "");
	const counter = attempt === 1 ? "" : `-${attempt}`;
	return `${prefix}${time}${infix}${counter}.tar.gz`;
}

/** A backup's name without what all of them share; `findBackup` takes it too. */
export function shortName(filename: string): string {
	const stem = filename.replace(/\.(tar\.gz|tgz)$/, "");
	return stem.startsWith(BACKUP_PREFIX)
		? stem.slice(BACKUP_PREFIX.length)
		: stem;
}

/** Whether a name is one that an archive can have. */
export function isArchiveName(name: string): boolean {
	return /^[^.].*\.(tar\.gz|tgz)$/s.test(name);
}

/** The time that a backup's name tells: ours, VPO's "…T14-30-22Z" and its older "…T143022Z". */
export function timeInName(name: string): string | null {
	const found = /(\d{4}-\d\d-\d\d)T(\d\d)-?(\d\d)-?(\d\d)Z/.exec(name);
	if (!found) return null;
	const [, date, hours, minutes, seconds] = found;
	const text = `${date}T${hours}:${minutes}:${seconds}Z`;
	return Number.isNaN(Date.parse(text)) ? null : text;
}

/** What a repair calls the damaged archive that it keeps: "….tar.gz.damaged", then "….tar.gz.damaged-2". */
export function damagedName(name: string, attempt: number): string {
	return `${name}.damaged${attempt === 1 ? "" : `-${attempt}`}`;
}

/** Whether a repair may have kept this. */
export function isDamagedName(name: string): boolean {
	return /^[^.].*\.(tar\.gz|tgz)\.damaged(-\d+)?$/s.test(name);
}
