// A head start: where nobody is asked, the library's transaction begins while the backup is still being proven, and is
// committed once the proof is there. Only where nothing of the backup counts before that, and nothing that a stranger wrote is run.

import type { Workshop } from "../archive/workshop.ts";
import { isWalMode, type LockOptions } from "../library/library.ts";
import { usableCores } from "../work/cores.ts";
import type { Candidate, UnpackOptions, Unproven } from "./candidate.ts";
import type { CurrentLibrary } from "./current.ts";

/**
 * Whether a head start is possible at all: with a core for it, and a library in WAL mode, whose file stays as it is until
 * the commit.
 * @returns how to unpack for it; null: it is not
 */
export async function planHeadStart(
	libraryPath: string,
): Promise<UnpackOptions | null> {
	const cores = usableCores();
	const isWal = await isWalMode(libraryPath).catch(() => false); // there is none
	return isWal && cores > 1 ? { freeCores: cores - 1 } : null;
}

/**
 * Takes a candidate as its archive has it, which the proof holds against it.
 * @returns null where it has to be proven first: it is VPO's own, which is not always right about its schema, or its
 * schema is not the library's, word for word
 */
export async function takeHeadStart(
	unproven: Unproven,
	current: CurrentLibrary | null,
	libraryPath: string,
	locking: LockOptions,
	{ sqlite }: Workshop,
): Promise<Candidate | null> {
	const { metadata } = unproven;
	if (!metadata.own || current?.facts?.journalMode !== "wal") return null;
	const [theirs, ours] = await Promise.all([
		unproven.schema,
		sqlite.readLive(libraryPath, locking, "schemaDigest", (isImmutable) => [
			libraryPath,
			isImmutable,
		]),
	]);
	if (theirs !== ours) return null;
	return { ...unproven, schemaVersion: metadata.schemaVersion };
}
