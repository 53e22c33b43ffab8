// Results to stdout, as text or as one JSON document; everything else to stderr. The only home of consola.

import type { ConsolaInstance } from "consola/basic";
import { AppError, causeOf, errnoOf, reasonOf } from "../ground/errors.ts";
import type { Environment } from "../ground/settings.ts";
import { isColourful, type Paint, painted } from "./colour.ts";
import { printable, printableLine } from "./format.ts";
import {
	documentOf,
	type FailureJson,
	failureJson,
	toJson,
} from "./results/document.ts";
import { Writer } from "./writer.ts";

const STDOUT = 1;
const STDERR = 2;

/** How long a reader of stderr that is behind keeps the result from stdout. */
const ORDER_MS = 100;

const LOG_PAINT: Paint = [
	[/^\[error\]/g, "red"],
	[/^\[warn\]/g, "yellow"],
];

/** What a command has to say when it has done its work. */
export interface Result {
	/** "" says nothing. */
	readonly text: string;
	readonly json: object;
	/** What of the text has colour, where it goes to a terminal. */
	readonly paint?: Paint;
	/** For people, on stderr; the document has them too. */
	readonly warnings?: readonly string[];
	/** Not 0 where the command did its work and found something. */
	readonly exitCode?: number;
	/** stdout has taken something else, an archive: the text goes to stderr. */
	readonly isAside?: boolean;
	/** What it found, if that is to be reported as any failure is; the document then holds both. */
	readonly failure?: AppError;
}

export class Output {
	readonly isJson: boolean;
	readonly #isDebug: boolean;
	readonly #environment: Environment;
	readonly #stdout: Writer;
	readonly #stderr: Writer;
	#log: ConsolaInstance | null = null;
	#hasAnswered = false;

	constructor(isJson: boolean, environment: Environment, signal: AbortSignal) {
		this.isJson = isJson;
		this.#isDebug = Boolean(environment.VPO_DEBUG);
		this.#environment = environment;
		this.#stdout = new Writer(STDOUT, signal);
		this.#stderr = new Writer(STDERR, signal);
	}

	/** For people. It comes before all that is said afterwards. */
	info(text: string, paint: Paint = []): void {
		this.#say(`${this.#colour(STDERR, printable(text), paint)}\n`);
	}

	/** Leaves the cursor behind a question. Resolves when it stands there. */
	async ask(question: string): Promise<void> {
		await this.#stderr.write(printable(question));
	}

	/** Resolves when all that was said so far has been read, or can't be. */
	async told(): Promise<void> {
		await this.#stderr.idle();
	}

	/**
	 * Prints a command's result.
	 * @returns the exit code
	 * @throws AppError if stdout does not take it, except where its reader has left
	 */
	async result(result: Result): Promise<number> {
		const { text, warnings = [], exitCode = 0, isAside = false } = result;
		const { paint = [] } = result;
		const found = result.failure && failureJson(result.failure);
		const json = documentOf(result);
		// On a terminal, and in a file of both, what was said before stands before it.
		await Promise.race([this.told(), Bun.sleep(ORDER_MS)]);
		if (isAside) this.info(text, paint);
		else if (this.isJson || text !== "") {
			await this.#answer(
				this.isJson
					? toJson({ ...found, ...json })
					: `${this.#colour(STDOUT, printable(text), paint)}\n`,
			);
		}
		await this.warn(warnings);
		if (found) await this.#report(found);
		await this.told();
		return found?.exit_code ?? exitCode;
	}

	/** For people; what belongs in a document goes with its result. */
	async warn(messages: readonly string[]): Promise<void> {
		if (messages.length === 0) return;
		const log = await this.#logger();
		for (const message of messages) log.warn(printableLine(message));
	}

	/** Reports a failure, foreseen or not, and returns the exit code. */
	async failure(error: unknown): Promise<number> {
		const json = failureJson(error);
		await this.#report(json);
		if (this.#isDebug) this.info(stackOf(causeOf(error)));
		await this.told();
		// Two documents would be none. If stdout takes nothing, stderr has it all, and the exit code.
		if (this.isJson && !this.#hasAnswered) {
			await this.#answer(toJson(json)).catch(() => undefined);
		}
		return json.exit_code;
	}

	async #report({ error, hint }: FailureJson): Promise<void> {
		(await this.#logger()).error(printableLine(error));
		if (hint !== null) this.info(`  ${hint}`);
	}

	/** To stderr. That nobody reads it is no failure of the work. */
	#say(text: string): void {
		this.#stderr.write(text).catch(() => undefined);
	}

	#colour(descriptor: number, text: string, paint: Paint): string {
		return isColourful(descriptor, this.#environment)
			? painted(text, paint)
			: text;
	}

	async #answer(text: string): Promise<void> {
		this.#hasAnswered = true;
		try {
			await this.#stdout.write(text);
		} catch (cause) {
			// `vpo library backups | head -1`: the reader has what it wanted.
			if (errnoOf(cause) === "EPIPE") return;
			if (errnoOf(cause) === "") throw cause; // a signal, to which its reader left no time
			throw new AppError(
				"OPERATION_FAILED",
				`cannot write to stdout: ${reasonOf(cause)}`,
				{ cause, hint: "the command did its work, only its result is lost" },
			);
		}
	}

	// Loading it takes as long as starting the program, and most runs have nothing to log.
	async #logger(): Promise<ConsolaInstance> {
		if (this.#log === null) {
			const { createConsola } = await import("consola/basic");
			const write = (text: string) =>
				this.#say(this.#colour(STDERR, text, LOG_PAINT));
			const stream = { write };
			const stderr = stream as unknown as NodeJS.WriteStream;
			this.#log = createConsola({
				level: 3,
				stdout: stderr,
				stderr,
				formatOptions: { date: false, colors: false },
			});
		}
		return this.#log;
	}
}

function stackOf(error: unknown): string {
	const { stack, cause } = error as { stack?: string; cause?: unknown };
	const below = cause === undefined ? "" : `\ncaused by: ${stackOf(cause)}`;
	return `${stack ?? String(error)}${below}`;
}
