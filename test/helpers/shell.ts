// The program as a line of a shell starts it: with streams closed, under another user, in another place.

import type { Program } from "./program.ts";

/** @param line refers to the program and its arguments as "$@", e.g. `exec "$@" >/dev/full` */
export function inShell(program: Program, line: string): Program {
	const command = ["sh", "-c", line, "sh", ...program.command];
	return { name: program.name, command };
}
