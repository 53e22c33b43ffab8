// What retention and health need of the remembered state: which backups are pinned, and which were found damaged.

import { AppError } from "../../ground/errors.ts";
import { identityIn, type Location } from "./location.ts";

export interface Marks {
	/** Names of pinned backups. */
	readonly pinned: ReadonlySet<string>;
	/** Names of backups that their last verification found damaged, and that have not changed since. */
	readonly knownDamaged: ReadonlySet<string>;
	/** Why pins may be missing; null if nothing is wrong. */
	readonly warning: string | null;
}

/** Reads the marks of all archives; a location that can't be read has none, which its listing then reports. */
export async function readMarks(
	location: Location,
	signal?: AbortSignal,
): Promise<Marks> {
	const state = await location.readState(signal);
	const pinned = new Set<string>();
	const knownDamaged = new Set<string>();
	for (const entry of await location.list(signal).catch(noneIfUnreadable)) {
		const { name } = entry;
		const identity = "problem" in entry ? null : identityIn(entry);
		const remembered = state.of(name, identity);
		if (remembered.pinned) pinned.add(name);
		if (remembered.verifiedError !== null) knownDamaged.add(name);
	}
	return { pinned, knownDamaged, warning: state.warning };
}

function noneIfUnreadable(error: unknown): readonly [] {
	if (error instanceof AppError && error.code !== "INTERRUPTED") return [];
	throw error;
}
