// What stands on the disk at one moment.

/** Files by their paths below the folder; each content is hashed once. */
export type State = ReadonlyMap<string, Content>;

export interface Content {
	readonly hash: string;
	readonly bytes: Uint8Array;
}

/** A state's name among all states: equal ones have an equal one. */
export function keyOf(state: State): string {
	return [...state]
		.map(([path, { hash }]) => `${path}=${hash}`)
		.sort()
		.join("\n");
}
