// The flags of those who look into a library.

import type { ArgsDef } from "citty";
import { fromHere } from "../../ground/paths.ts";
import type { Output } from "../output.ts";
import { toCount, usage } from "./args.ts";

export const underArg = {
	under: {
		type: "string",
		valueHint: "PATH",
		description: "Only this video file, or those below this folder",
	},
} as const satisfies ArgsDef;

/** As `underArg`, for a flag that goes with another one. */
export const underMissingArg = {
	under: {
		type: "string",
		valueHint: "PATH",
		description:
			"With --only-missing: only this video file, or those below this folder",
	},
} as const satisfies ArgsDef;

/**
 * How many lines of a kind are wanted; null for all, as a document has them.
 * @param usual for people who say nothing
 */
export function toLimit(
	text: string | undefined,
	usual: number,
	{ isJson }: Pick<Output, "isJson">,
): number | null {
	return toCount("limit", text) ?? (isJson ? null : usual);
}

/**
 * A path as the library has it: absolute, without a slash at its end; null where none is given.
 * @param name of the flag or argument
 */
export function toMediaPath(
	name: string,
	text: string | undefined,
): string | null {
	if (text === undefined) return null;
	if (text === "") throw usage(`${name} is empty`);
	const path = fromHere(text);
	return path === "/" ? "" : path;
}
