// A question on the terminal, with No as the answer to anything but a clear yes.

import { createInterface } from "node:readline/promises";
import { AppError } from "../ground/errors.ts";
import { inputFlusher } from "../ground/libc.ts";
import type { Context } from "./context.ts";

const STDIN = 0;

/**
 * Asks on stderr and reads stdin. What was typed before the question stands there is no answer.
 * @returns false for anything but y or yes, the end of the input included
 * @throws AppError CONFIRMATION_REQUIRED: stdin or stderr is no terminal; the signal's reason
 */
export async function confirmOnTerminal(
	question: string,
	{ output, signal }: Pick<Context, "output" | "signal">,
): Promise<boolean> {
	if (!isTerminal()) {
		throw new AppError(
			"CONFIRMATION_REQUIRED",
			"no terminal to ask on, and no --yes; nothing was changed",
			{ hint: "add --yes to do it without a question" },
		);
	}
	const flushInput = await inputFlusher(STDIN);
	await output.told();
	flushInput();
	await output.ask(`${question} [y/N] `);
	const lines = createInterface({
		input: process.stdin,
		output: process.stderr,
		terminal: false, // the terminal then goes on turning Ctrl-C into a signal
	});
	const { promise: closed, resolve } = Promise.withResolvers<null>();
	lines.once("close", () => resolve(null));
	try {
		const answer = await Promise.race([lines.question("", { signal }), closed]);
		signal.throwIfAborted();
		if (answer === null) await output.ask("\n"); // Ctrl-D leaves us in the question's line
		return /^y(es)?$/i.test((answer ?? "").trim());
	} catch (error) {
		if (!signal.aborted) throw error;
		await output.ask("\n"); // as does Ctrl-C
		throw signal.reason;
	} finally {
		lines.close();
		process.stdin.unref();
	}
}

/** The answer was no. */
export function cancelled(): AppError {
	return new AppError("CANCELLED", "cancelled, nothing was changed");
}

/** Whether somebody can read a question and answer it. */
export function isTerminal(): boolean {
	return process.stdin.isTTY && process.stderr.isTTY;
}
