// What retention and health need of the remembered state: which backups are pinned, and which were found damaged.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isArchiveName } from "./names.ts";
import { identityOf, readState } from "./state.ts";

export interface Marks {
	/** Names of pinned backups. */
	readonly pinned: ReadonlySet<string>;
	/** Names of backups that their last verification found damaged, and that have not changed since. */
	readonly knownDamaged: ReadonlySet<string>;
	/** Why pins may be missing; null if nothing is wrong. */
	readonly warning: string | null;
}

/** Reads the marks of all archives in a folder; a folder that can't be read has none, which its listing then reports. */
export async function readMarks(folder: string): Promise<Marks> {
	const state = await readState(folder);
	const pinned = new Set<string>();
	const knownDamaged = new Set<string>();
	for (const name of await readdir(folder).catch(() => [])) {
		if (!isArchiveName(name)) continue;
		const found = await stat(join(folder, name)).catch(() => null);
		const remembered = state.of(name, found && identityOf(found));
		if (remembered.pinned) pinned.add(name);
		if (remembered.verifiedError !== null) knownDamaged.add(name);
	}
	return { pinned, knownDamaged, warning: state.warning };
}
