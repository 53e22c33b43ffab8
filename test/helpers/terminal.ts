// The program on a real terminal: what a person sees and types.

import type { Home, Program } from "./program.ts";

export interface Screen {
	readonly exitCode: number | null;
	/** All that was written to the terminal, what was typed included. */
	readonly text: string;
}

export interface TerminalOptions {
	/** Typed while the program is still at work: each as soon as the screen shows this; "" is at once. */
	readonly typedAhead?: readonly (readonly [screen: string, keys: string])[];
	/** Typed as soon as the program asks. */
	readonly answer?: string;
	/** As somebody who reads the question first. */
	readonly answerAfterMs?: number;
	readonly columns?: number;
	readonly rows?: number;
	readonly env?: Record<string, string>;
}

const QUESTION = "[y/N]";

/** Runs the program to its end with stdin, stdout and stderr on one terminal. */
export async function runOnTerminal(
	program: Program,
	home: Home,
	args: readonly string[],
	{
		typedAhead = [],
		answer,
		answerAfterMs = 0,
		columns = 80,
		rows = 24,
		env,
	}: TerminalOptions = {},
): Promise<Screen> {
	const decoder = new TextDecoder();
	const ended = Promise.withResolvers<void>();
	let text = "";
	let isAnswered = answer === undefined;
	const ahead = [...typedAhead];
	const typeAhead = (terminal: Bun.Terminal) => {
		while (ahead[0] && text.includes(ahead[0][0])) {
			terminal.write(ahead.shift()?.[1] ?? "");
		}
	};
	const child = Bun.spawn([...program.command, ...args], {
		cwd: home.path,
		env: {
			HOME: home.path,
			PATH: process.env.PATH ?? "",
			TERM: "xterm",
			NO_COLOR: "1",
			...env,
		},
		timeout: 60_000,
		killSignal: "SIGKILL",
		terminal: {
			cols: columns,
			rows,
			data(terminal, bytes) {
				text += decoder.decode(bytes, { stream: true });
				typeAhead(terminal);
				if (isAnswered || !text.includes(QUESTION)) return;
				isAnswered = true;
				setTimeout(() => terminal.write(answer ?? ""), answerAfterMs);
			},
			exit: () => ended.resolve(),
		},
	});
	if (child.terminal) typeAhead(child.terminal);
	const exitCode = await child.exited;
	await ended.promise;
	child.terminal?.close();
	return { exitCode, text };
}
