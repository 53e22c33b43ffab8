// Which files went and did not come back, and the last backup that has each.

import type { RowChange } from "../library/compare/difference.ts";

/** Where a state of the library was found. */
export interface Place {
	readonly filename: string;
	readonly path: string;
	readonly createdAt: string;
}

/** Files that are missing in the end, and the last backup that has them. */
export interface LostFiles {
	readonly place: Place;
	readonly count: number;
}

/** Follows what comes and goes. */
export class Lost {
	readonly #places = new Map<string, Place>();

	/** @param before the backup from which these changes are */
	follow(changes: readonly RowChange[], before: Place): void {
		for (const { path, change } of changes) {
			if (path === null) continue;
			if (change === "removed") this.#places.set(path, before);
			if (change === "added") this.#places.delete(path);
		}
	}

	/** Most files first. */
	list(): LostFiles[] {
		const places = Map.groupBy(this.#places.values(), ({ path }) => path);
		return [...places.values()]
			.flatMap((all) => (all[0] ? [{ place: all[0], count: all.length }] : []))
			.sort((a, b) => b.count - a.count);
	}
}
