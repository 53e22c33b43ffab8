// What the program is called: a command that it prints can be pasted as it stands, whatever name it was given and even
// where another `vpo`, VPO's own, is the one that PATH finds.

import { realpathSync } from "node:fs";
import { basename, resolve } from "node:path";

const USUAL = "vpo";
/** What a shell reads as one plain word. */
const PLAIN = /^[\w@+:,./][\w@+:,./-]*$/;

// From source it is called Bun.
const calledAs = Bun.isStandaloneExecutable ? process.argv0 : USUAL;

/** "vpo", or the name it was called by. */
export const programName = PLAIN.test(basename(calledAs))
	? basename(calledAs)
	: USUAL;

/** Whether the name says "library" already: `vpo-library backup` is `vpo library backup`. */
export const isNamedLibrary = programName.endsWith("-library");

/** What stands before a command's name, for help: "vpo library". */
export const libraryName = withGroup(programName);

/**
 * A command of ours, to be pasted: `vpo library backups`. Where PATH doesn't find this program by its name, the path by
 * which it was called stands for it.
 * @param rest the command's name and what follows it, quoted where a shell needs that
 */
export function ownCommand(rest: string): string {
	const byName = !calledAs.includes("/") || isOwn(Bun.which(programName));
	const program = byName || !PLAIN.test(calledAs) ? programName : calledAs;
	return `${withGroup(program)} ${rest}`;
}

/** Where the program stands, by the link that it was called by if there is one: what outlives an update of its target. */
export function programPath(): string {
	const named = calledAs.includes("/")
		? resolve(calledAs)
		: Bun.which(calledAs);
	return named !== null && isOwn(named) ? named : process.execPath;
}

function withGroup(program: string): string {
	return isNamedLibrary ? program : `${program} library`;
}

function isOwn(path: string | null): boolean {
	try {
		return path !== null && realpathSync(path) === process.execPath;
	} catch {
		return false; // nothing there: then it isn't ours
	}
}
