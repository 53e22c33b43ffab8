// Which archives a verification is about, and whose turn it is: everything in a folder comes up again, nothing twice as often.

import { isoSeconds } from "../archive/metadata.ts";
import { type Backup, readCatalog } from "../location/catalog.ts";
import type { Entry, Location } from "../location/location.ts";
import { findBackup } from "../location/reference.ts";
import type { Viewer } from "../location/standing.ts";

export interface Choice {
	/** Paths, names, prefixes, "latest"; none: all in the backup folder. */
	readonly references: readonly string[];
	/** Only so many, those verified longest ago; null: all. */
	readonly oldest: number | null;
	readonly clock: () => Date;
	/** Other locations from which a damaged one is mended; null: it stays as it is. */
	readonly menders: readonly Location[] | null;
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
	viewer: Viewer,
	{ references, oldest, clock }: Choice,
	signal: AbortSignal | undefined,
): Promise<Target[]> {
	if (references.length > 0) {
		return findAll(references, location, viewer, signal);
	}
	const { backups } = await readCatalog(location, viewer, signal);
	const inTurn = [...backups];
	if (oldest !== null) {
		const now = isoSeconds(clock());
		const keys = new Map(
			backups.map((backup) => [backup, lastReadAt(backup, now)]),
		);
		const keyOf = (backup: Backup) => keys.get(backup) ?? "";
		inTurn
			.reverse()
			.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : Number(keyOf(a) > keyOf(b))));
	}
	return inTurn.map(({ entry }) => ({ location, entry }));
}

// Our own were read back in full when they were made. If they counted as never verified, the newest one's turn would
// come every night, and an old one's never.
function lastReadAt({ metadata, remembered }: Backup, now: string): string {
	const madeAt = metadata?.own ? metadata.createdAt : "";
	const at = remembered.verifiedAt ?? madeAt;
	return at > now ? "" : at; // one from the future would never have its turn
}

async function findAll(
	references: readonly string[],
	backups: Location,
	viewer: Viewer,
	signal: AbortSignal | undefined,
): Promise<Target[]> {
	const targets = new Map<string, Target>();
	for (const reference of references) {
		const found = await findBackup(reference, backups, viewer, signal);
		const { location, archive } = found;
		targets.set(archive.path, { location, entry: archive });
	}
	return [...targets.values()];
}
