// The program on a real terminal: what a person sees and types.

import type { Home, Program } from "./program.ts";

export interface Screen {
	readonly exitCode: number | null;
	/** All that was written to the terminal, what was typed included. */
	readonly text: string;
}

export interface TerminalOptions {
	/** Typed as soon as the program asks. */
	readonly answer?: string;
	/** As somebody who reads the question first. */
	readonly answerAfterMs?: number;
	readonly columns?: number;
	readonly env?: Record<string, string>;
}

const QUESTION = "[y/N]";

/** Runs the program to its end with stdin, stdout and stderr on one terminal. */
export async function runOnTerminal(
	program: Program,
	home: Home,
	args: readonly string[],
	{ answer, answerAfterMs = 0, columns = 80, env }: TerminalOptions = {},
): Promise<Screen> {
	const decoder = new TextDecoder();
	const ended = Promise.withResolvers<void>();
	let text = "";
	let isAnswered = answer === undefined;
	const child = Bun.spawn([...program.command, ...args], {
		cwd: home.path,
		env: {
			HOME: home.path,
			PATH: process.env.PATH ?? "",
			TERM: "xterm",
			...env,
		},
		timeout: 60_000,
		killSignal: "SIGKILL",
		terminal: {
			cols: columns,
			rows: 24,
			data(terminal, bytes) {
				text += decoder.decode(bytes, { stream: true });
				if (isAnswered || !text.includes(QUESTION)) return;
				isAnswered = true;
				setTimeout(() => terminal.write(answer ?? ""), answerAfterMs);
			},
			exit: () => ended.resolve(),
		},
	});
	const exitCode = await child.exited;
	await ended.promise;
	child.terminal?.close();
	return { exitCode, text };
}
