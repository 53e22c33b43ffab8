// Which archives a verification is about, and whose turn it is: everything in a folder comes up again, nothing twice as often.

import { lookAt } from "../archive/format.ts";
import { isoSeconds } from "../archive/metadata.ts";
import { type Backup, listBackups } from "../location/catalog.ts";
import { findBackup } from "../location/reference.ts";
import { readState, type State } from "../location/state.ts";

export interface Choice {
	/** Paths, names, prefixes, "latest"; none: all in the backup folder. */
	readonly references: readonly string[];
	/** Only so many, those verified longest ago; null: all. */
	readonly oldest: number | null;
	readonly clock: () => Date;
}

/** An archive to verify. */
export interface Target {
	readonly path: string;
	readonly sizeBytes: number;
}

/**
 * Chooses what is verified: what is named, or all in the folder, or those of them that were read longest ago.
 * @returns all of the folder's, in the order of their turns, if `oldest` is given: some may turn out to be unreadable
 * @throws AppError NOT_FOUND: one that is named is not there; OPERATION_FAILED: the folder can't be read
 */
export async function chooseTargets(
	backupDir: string,
	{ references, oldest, clock }: Choice,
	signal: AbortSignal | undefined,
): Promise<Target[]> {
	if (references.length > 0) return findAll(references, backupDir, signal);
	const backups = await listBackups(backupDir, signal);
	if (oldest !== null) {
		const state = await readState(backupDir);
		const now = isoSeconds(clock());
		const keys = new Map(
			backups.map((backup) => [backup, lastReadAt(backup, state, now)]),
		);
		const keyOf = (backup: Backup) => keys.get(backup) ?? "";
		backups
			.reverse()
			.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : Number(keyOf(a) > keyOf(b))));
	}
	return backups.map(({ path, identity }) => ({
		path,
		sizeBytes: identity?.sizeBytes ?? 0,
	}));
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
	backupDir: string,
	signal: AbortSignal | undefined,
): Promise<Target[]> {
	const targets = new Map<string, Target>();
	for (const reference of references) {
		const path = await findBackup(reference, backupDir, signal);
		const { size } = await lookAt(path);
		targets.set(path, { path, sizeBytes: size });
	}
	return [...targets.values()];
}
