// What the completions of all shells are written with.

import type { Option } from "./command.ts";

/** Whose calls are completed. */
export interface Called {
	readonly program: string;
	/** Whether `vpo-library backup` is enough, with no "library" behind it. */
	readonly isGroup: boolean;
}

/** A word that every shell takes as it is. */
export function quoted(word: string): string {
	return `'${word.replaceAll("'", "'\\''")}'`;
}

/** A program's name as a part of a function's: "vpo-library" becomes "vpo_library". */
export function functionName(program: string): string {
	return program.replaceAll(/\W/g, "_");
}

/** All flags, long and short. */
export function wordsOf(options: readonly Option[]): string[] {
	return options.flatMap(({ flag, short }) => (short ? [flag, short] : [flag]));
}
