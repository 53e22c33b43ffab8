// Colour on a terminal, sparingly: it marks a word that says it already, and nothing is told by colour alone.

import { isatty } from "node:tty";
import type { Environment } from "../ground/settings.ts";

/** Which words of a text have which colour; each pattern is global. */
export type Paint = readonly (readonly [pattern: RegExp, colour: Colour])[];

/** ECMA-48, "Select Graphic Rendition" */
const CODES = { red: 31, green: 32, yellow: 33 } as const;

type Colour = keyof typeof CODES;

/** Whether who reads this descriptor wants colour: a terminal that knows it, and no NO_COLOR (https://no-color.org). */
export function isColourful(
	descriptor: number,
	{ NO_COLOR, TERM }: Environment,
): boolean {
	return !NO_COLOR && Boolean(TERM) && TERM !== "dumb" && isatty(descriptor);
}

/** The text with its words coloured; it must be printable before. */
export function painted(text: string, paint: Paint): string {
	return paint.reduce(
		(all, [pattern, colour]) =>
			all.replaceAll(pattern, `\x1b[${CODES[colour]}m$&\x1b[m`),
		text,
	);
}
