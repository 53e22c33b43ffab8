// Which archives a verification is about, and whose turn it is: everything in a folder comes up again, nothing twice as often.

import { isoSeconds } from "../archive/metadata.ts";
import { type Backup, listBackups } from "../location/catalog.ts";
import type { Entry, Location } from "../location/location.ts";
import { findBackup } from "../location/reference.ts";
import type { State } from "../location/state.ts";

export interface Choice {
	/** Paths, names, prefixes, "latest"; none: all in the backup folder. */
	readonly references: readonly string[];
	/** Only so many, those verified longest ago; null: all. */
	readonly oldest: number | null;
	readonly clock: () => Date;
}

/** An archive to verify, and where it is. */
export interface Target {
	readonly location: Location;
	readonly entry: Entry;
}

/**
 * Chooses what is verified: what is named, or all in the folder, or those of them that were read longest ago.
 * @returns all of the folder's, in the order of their turns, if `oldest` is given: some may turn out to be unreadable
 * @throws AppError NOT_FOUND: one that is named is not there; OPERATION_FAILED: the folder can't be read
 */
export async function chooseTargets(
	location: Location,
	{ references, oldest, clock }: Choice,
	signal: AbortSignal | undefined,
): Promise<Target[]> {
	if (references.length > 0) return findAll(references, location, signal);
	const backups = await listBackups(location, signal);
	if (oldest !== null) {
		const state = await location.readState(signal);
		const now = isoSeconds(clock());
		const keys = new Map(
			backups.map((backup) => [backup, lastReadAt(backup, state, now)]),
		);
		const keyOf = (backup: Backup) => keys.get(backup) ?? "";
		backups
			.reverse()
			.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : Number(keyOf(a) > keyOf(b))));
	}
	return backups.map(({ entry }) => ({ location, entry }));
}

// Our own were read back in full when they were made. If they counted as never verified, the newest one's turn would
// come every night, and an old one's never.
function lastReadAt(
	{ filename, identity, metadata }: Backup,
	state: State,
	now: string,
): string {
	const madeAt = metadata?.own ? metadata.createdAt : "";
	const at = state.of(filename, identity).verifiedAt ?? madeAt;
	return at > now ? "" : at; // one from the future would never have its turn
}

async function findAll(
	references: readonly string[],
	backups: Location,
	signal: AbortSignal | undefined,
): Promise<Target[]> {
	const targets = new Map<string, Target>();
	for (const reference of references) {
		const found = await findBackup(reference, backups, signal);
		const { location, archive } = found;
		targets.set(archive.path, { location, entry: archive });
	}
	return [...targets.values()];
}
