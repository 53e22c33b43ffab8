// Results to stdout, as text or as one JSON document; everything else to stderr. The only home of consola.

import { type ConsolaInstance, createConsola } from "consola/basic";
import { AppError, EXIT_CODES, errnoOf, fileError } from "../errors.ts";
import type { Environment } from "../settings.ts";
import { printable, printableLine } from "./format.ts";

/** What a command has to say when it has done its work. */
export interface Result {
	readonly text: string;
	readonly json: object;
	/** For people, on stderr; the document has them too. */
	readonly warnings?: readonly string[];
	/** Not 0 where the command did its work and found something. */
	readonly exitCode?: number;
}

export class Output {
	readonly isJson: boolean;
	readonly #isDebug: boolean;
	readonly #log: ConsolaInstance;

	constructor(isJson: boolean, environment: Environment) {
		this.isJson = isJson;
		this.#isDebug = Boolean(environment.VPO_DEBUG);
		this.#log = createConsola({
			level: 3,
			stdout: process.stderr,
			stderr: process.stderr,
			formatOptions: { date: false, colors: false },
		});
	}

	info(text: string): void {
		process.stderr.write(`${printable(text)}\n`);
	}

	/**
	 * Prints a command's result.
	 * @returns the exit code
	 * @throws AppError if stdout does not take it, except where its reader has left
	 */
	async result({
		text,
		json,
		warnings = [],
		exitCode = 0,
	}: Result): Promise<number> {
		await writeStdout(this.isJson ? toJson(json) : `${printable(text)}\n`);
		for (const warning of warnings) this.#log.warn(printableLine(warning));
		return exitCode;
	}

	/** Reports a failure, foreseen or not, and returns the exit code. */
	async failure(error: unknown): Promise<number> {
		const known = error instanceof AppError ? error : null;
		const exitCode = known?.exitCode ?? EXIT_CODES.GENERAL_ERROR;
		const message = known?.message ?? `unforeseen error: ${messageOf(error)}`;
		const hint =
			known?.hint ??
			(known
				? undefined
				: "a bug in vpo; set VPO_DEBUG=1 to see where it happened");
		this.#log.error(printableLine(message));
		if (hint !== undefined) this.info(`  ${hint}`);
		if (this.#isDebug) this.info(stackOf(error));
		if (this.isJson) {
			const code = known?.code ?? "GENERAL_ERROR";
			const json = {
				success: false,
				error: message,
				code,
				exit_code: exitCode,
			};
			await writeStdout(toJson({ ...json, hint: hint ?? null }));
		}
		return exitCode;
	}
}

// JSON.stringify leaves DEL, C1 and the direction marks as they are; a terminal would obey them.
function toJson(value: object): string {
	const text = JSON.stringify(value, null, 2);
	return `${text.replaceAll(/[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g, escapeJson)}\n`;
}

function escapeJson(character: string): string {
	return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

async function writeStdout(text: string): Promise<void> {
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	process.stdout.once("error", reject);
	process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
	try {
		await promise;
	} catch (cause) {
		// `vpo library backups | head -1`: the reader has what it wanted.
		if (errnoOf(cause) !== "EPIPE")
			throw fileError("cannot write to stdout", cause);
	}
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string {
	const { stack, cause } = error as { stack?: string; cause?: unknown };
	const below = cause === undefined ? "" : `\ncaused by: ${stackOf(cause)}`;
	return `${stack ?? String(error)}${below}`;
}
