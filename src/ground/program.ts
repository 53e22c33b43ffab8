// What the program is, whatever surrounds it. A command that it prints can be pasted as it stands, whatever name it was
// given and even where another `vpo`, VPO's own, is the one that PATH finds; no variable makes it another program.

import { existsSync, realpathSync } from "node:fs";
import { basename, join, resolve } from "node:path";

const USUAL = "vpo";
/** What a shell reads as one plain word. */
const PLAIN = /^[\w@+:,./][\w@+:,./-]*$/;
/** Bun's own, and what would turn the check of certificates off. BUN_INSTALL only says where Bun is: a hook may want it. */
const FOREIGN = /^(BUN_(?!INSTALL$)|NODE_TLS_REJECT_UNAUTHORIZED$)/;
/** What runs here, where /proc is mounted. */
const RUNNING = "/proc/self/exe";
/** Read by the engine before our first line. */
const READ_BEFORE = /^BUN_JSC_/;

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

/**
 * A word in a command to be pasted, such as a name from the disk: a shell takes it as it is, quoted if it must be. What
 * a terminal could obey, or nobody sees, is spelled out for printf, which every shell has.
 */
export function shellQuote(word: string): string {
	if (/^[\w./~@%+=:,-]+$/.test(word)) return word;
	// A shell drops line feeds at the end of what a command prints, and may take "!" in double quotes for history.
	const end = word.replace(/\n+$/, (feeds) => "\ufffd".repeat(feeds.length));
	if (!UNSEEN.test(end)) return `'${end.replaceAll("'", "'\\''")}'`;
	return `"$(printf '${end.replaceAll(/^-|['\\%!]|[\p{Cc}\p{Cf}\u2028\u2029]/gu, octal)}')"`;
}

/** Control characters, and those that are not seen but turn the direction of text, or join or part it. */
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

function octal(character: string): string {
	return [...Buffer.from(character)]
		.map((byte) => `\\${byte.toString(8).padStart(3, "0")}`)
		.join("");
}

/** Where the program stands, by the link that it was called by if there is one: what outlives an update of its target. */
export function programPath(): string {
	const named = calledAs.includes("/")
		? resolve(calledAs)
		: Bun.which(calledAs);
	return named !== null && isOwn(named) ? named : process.execPath;
}

/** The command that starts this very program as a process of its own, even after its file was replaced. */
export function ownProcess(): string[] {
	if (!Bun.isStandaloneExecutable) {
		return [process.execPath, join(import.meta.dir, "..", "main.ts")];
	}
	return [existsSync(RUNNING) ? RUNNING : process.execPath];
}

/**
 * Drops the variables of Bun's for this process and all that it starts: the build took most of their names out of the
 * executable, and the others are dropped before they are read. Where one was read already, the program begins anew without
 * it, in the same process, and this call does not return.
 * @param environment the process's own
 * @param argv without the program's name
 */
export function dropForeignVariables(
	environment: NodeJS.ProcessEnv,
	argv: readonly string[],
): void {
	const dropped = Object.keys(environment).filter((name) => FOREIGN.test(name));
	for (const name of dropped) {
		environment[name] = ""; // fetch would still see one that is only deleted
		delete environment[name];
	}
	const isRead = dropped.some((name) => READ_BEFORE.test(name));
	if (!isRead || !Bun.isStandaloneExecutable) return;
	try {
		process.execve?.(process.execPath, [calledAs, ...argv], environment);
	} catch {
		// Its file is gone, or may not be read: such a variable only tunes the engine.
	}
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
