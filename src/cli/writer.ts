// Writes to stdout and stderr: in order, in full, and never so that the program can't hear a signal while a reader
// is behind. Streams would do it too, but loading them doubles the start-up time.

import { write } from "node:fs";
import { stat } from "node:fs/promises";
import { errnoOf } from "../ground/errors.ts";
import { apart } from "../ground/locks/apart.ts";

/** How long to leave a reader that is behind alone, where the pipe doesn't wait by itself. */
export const FULL_PIPE_WAIT_MS = 5;
const ANSWER_MS = 500;
/** How long a reader that is behind may keep us after a signal. */
const LAST_WORDS_MS = 2000;

const MOMENT_MS = 20;

/** One open descriptor. */
export class Writer {
	readonly #descriptor: number;
	readonly #signal: AbortSignal;
	#last: Promise<void> = Promise.resolve();
	/** Whether its reader was waited for after a signal, in vain: nobody waits for it again. */
	#isLost = false;

	constructor(descriptor: number, signal: AbortSignal) {
		this.#descriptor = descriptor;
		this.#signal = signal;
	}

	/**
	 * Writes after all that was written before.
	 * @throws a system error; the signal's reason, if the reader takes nothing for two seconds after it
	 */
	write(text: string): Promise<void> {
		const writing = this.#last.then(() => this.#write(text));
		this.#last = writing.catch(() => undefined); // one that failed keeps nobody from trying again
		return writing;
	}

	/** Resolves when all that was given to it has been written, or can't be. */
	async idle(): Promise<void> {
		await this.#last;
	}

	async #writeApart(bytes: Uint8Array): Promise<void> {
		const text = { descriptor: this.#descriptor, bytes };
		const written = await apart("write", text, LAST_WORDS_MS);
		if (written === null) throw this.#signal.reason;
	}

	async #write(text: string): Promise<void> {
		const bytes = new TextEncoder().encode(text);
		const patience = Promise.withResolvers<never>();
		let timer: Timer | undefined;
		const { reject } = patience;
		const giveUp = () => {
			this.#isLost = true;
			reject(this.#signal.reason);
		};
		const hurry = () => {
			// Where this thread itself was late, what was written meanwhile is heard of in between.
			const wait = () => {
				timer = setTimeout(giveUp, MOMENT_MS);
			};
			timer = setTimeout(wait, this.#isLost ? 0 : LAST_WORDS_MS);
		};
		this.#signal.addEventListener("abort", hurry, { once: true });
		if (this.#signal.aborted) hurry();
		try {
			if (this.#signal.aborted && !(await areThreadsFree())) {
				await this.#writeApart(bytes);
				return;
			}
			for (let at = 0; at < bytes.byteLength; ) {
				const written = writeSome(this.#descriptor, bytes.subarray(at));
				at += await Promise.race([written, patience.promise]);
			}
		} finally {
			clearTimeout(timer);
			this.#signal.removeEventListener("abort", hurry);
		}
	}
}

// A file system that hangs keeps the few threads which Bun has for all files, ours included.
async function areThreadsFree(): Promise<boolean> {
	const answered = stat("/").then(() => true);
	return Promise.race([answered, Bun.sleep(ANSWER_MS).then(() => false)]);
}

/** In a thread of its own, which may be kept waiting; the number of bytes that were taken. */
export async function writeSome(
	descriptor: number,
	bytes: Uint8Array,
): Promise<number> {
	const { promise, resolve, reject } = Promise.withResolvers<number>();
	write(descriptor, bytes, 0, bytes.byteLength, null, (error, count) => {
		if (error === null) resolve(count);
		else reject(error);
	});
	try {
		return await promise;
	} catch (error) {
		if (errnoOf(error) !== "EAGAIN") throw error;
		await Bun.sleep(FULL_PIPE_WAIT_MS);
		return 0;
	}
}
