// The program as its user calls it: a process with a scratch HOME; the compiled binary, and from source where that may differ.

import {
	cpSync,
	lchownSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

const ROOT = join(import.meta.dir, "..", "..");
export const FIXTURES = join(ROOT, "test", "fixtures");
export const BINARY = join(ROOT, "dist", "vpo");

export interface Program {
	readonly name: string;
	readonly command: readonly string[];
}

export const binary: Program = { name: "binary", command: [BINARY] };
export const source: Program = {
	name: "source",
	command: [process.execPath, join(ROOT, "src", "main.ts")],
};

/** Both forms of the program, for what one form may do and the other not: to start, to know its name and its workers. */
export const PROGRAMS: readonly Program[] = [source, binary];

/** Where the program is `vpo`, so that it calls itself that. */
const PATH = [dirname(BINARY), process.env.PATH].join(delimiter);

/** A folder of its own for one test, removed at its end; it serves as HOME. */
export class Home implements Disposable {
	readonly path = mkdtempSync(join(tmpdir(), "vpo-test-"));
	readonly library = join(this.path, ".vpo", "library.db");
	readonly backups = join(this.path, ".vpo", "backups");

	/** @param fixture the library that stands in it, or null for none */
	constructor(fixture: string | null = "library-v27.db") {
		mkdirSync(join(this.path, ".vpo"));
		if (fixture) cpSync(join(FIXTURES, fixture), this.library);
	}

	at(...parts: string[]): string {
		return join(this.path, ...parts);
	}

	/** Gives all of it to another user, who is then the one that root becomes. */
	giveTo(uid: number, gid = uid): void {
		const all = readdirSync(this.path, { recursive: true }).map(String);
		for (const name of ["", ...all]) lchownSync(this.at(name), uid, gid);
	}

	[Symbol.dispose](): void {
		rmSync(this.path, { recursive: true, force: true });
	}
}

export interface Outcome {
	readonly exitCode: number;
	readonly stdout: string;
	readonly stderr: string;
}

export interface RunOptions {
	readonly env?: Record<string, string>;
	readonly cwd?: string;
	readonly stdin?: string;
	/** Ends a hung program; a test that needs it has failed. */
	readonly timeoutMs?: number;
}

/** Starts the program in this HOME, with nothing else in its environment. */
export function start(
	program: Program,
	home: Home,
	args: readonly string[],
	{ env, cwd, stdin, timeoutMs = 60_000 }: RunOptions = {},
) {
	return Bun.spawn([...program.command, ...args], {
		cwd: cwd ?? home.path,
		env: { HOME: home.path, PATH, ...env },
		stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
		stdout: "pipe",
		stderr: "pipe",
		timeout: timeoutMs,
		killSignal: "SIGKILL",
	});
}

/** Runs the program to its end. */
export async function run(
	program: Program,
	home: Home,
	args: readonly string[],
	options?: RunOptions,
): Promise<Outcome> {
	const child = start(program, home, args, options);
	const [stdout, stderr, exitCode] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
		child.exited,
	]);
	return { exitCode, stdout, stderr };
}

/** Runs the program with --json and parses the one document on stdout. */
export async function runJson(
	program: Program,
	home: Home,
	args: readonly string[],
	options?: RunOptions,
): Promise<{ exitCode: number; json: Record<string, unknown> }> {
	const { exitCode, stdout } = await run(
		program,
		home,
		[...args, "--json"],
		options,
	);
	return { exitCode, json: JSON.parse(stdout) as Record<string, unknown> };
}
