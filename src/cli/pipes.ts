// Archives and libraries through stdin and stdout: in full or with an error, at the reader's pace, and never to a terminal.

import { read, readFileSync } from "node:fs";
import { isatty } from "node:tty";
import { AppError, errnoOf, fileError } from "../ground/errors.ts";
import { usage } from "./arguments/args.ts";
import { FULL_PIPE_WAIT_MS, writeSome } from "./writer.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const STDIN = 0;
const STDOUT = 1;
const PIECE_BYTES = 64 * 1024;
/** open(2): a descriptor that somebody handed to us can't have it. */
const O_CLOEXEC = 0o2000000;

/** What goes to stdout, and by which flag. */
export interface Outgoing {
	readonly what: "archive" | "library" | "result";
	readonly flag: string;
	/** Whether a terminal can show it. */
	readonly isForTerminals?: boolean;
}

const ARCHIVE: Outgoing = { what: "archive", flag: "--output -" };

/**
 * Lets a stdout pass that an archive may be written to.
 * @throws AppError USAGE: a terminal, or where a document goes; OPERATION_FAILED: it is closed
 */
export function requireStdoutForArchive(
	isJson: boolean,
	{ what, flag, isForTerminals = false } = ARCHIVE,
): void {
	if (isJson) {
		throw usage(
			`${flag} writes the ${what} where --json writes its document`,
			"leave one of them out",
		);
	}
	if (isatty(STDOUT) && !isForTerminals) {
		throw usage(
			`${flag} writes the ${what} to a terminal`,
			`redirect it: ${flag} > FILE, or | ssh HOST …`,
		);
	}
	if (isReplaced(STDOUT)) {
		throw new AppError("OPERATION_FAILED", "stdout is closed", {
			hint: `say where the ${what} goes: ${flag} > FILE`,
		});
	}
}

/** @throws AppError USAGE: nobody types an archive */
export function requireStdinWithArchive(): void {
	if (!isatty(STDIN)) return;
	throw usage(
		"restore - reads an archive from stdin, and stdin is a terminal",
		"redirect it: restore - < FILE, or ssh HOST … | …",
	);
}

// In the place of one that is closed Bun opens /dev/null for itself, which swallows all and says nothing.
function isReplaced(descriptor: number): boolean {
	try {
		const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8");
		const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? "0";
		return (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
	} catch {
		return false; // no /proc: then nobody knows
	}
}

/**
 * Writes all pieces to stdout.
 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE: not all of it was taken; the signal's reason
 */
export async function writeArchive(
	pieces: AsyncIterable<Bytes>,
	signal: AbortSignal | undefined,
	{ what } = ARCHIVE,
): Promise<void> {
	using stop = whenAborted(signal);
	for await (const piece of pieces) {
		for (let at = 0; at < piece.byteLength; ) {
			const writing = writeSome(STDOUT, piece.subarray(at));
			at += await Promise.race([writing, stop.promise]).catch((cause) => {
				signal?.throwIfAborted();
				throw errnoOf(cause) === "EPIPE"
					? left(what, cause)
					: fileError(`cannot write the ${what} to stdout`, cause);
			});
		}
	}
}

function left(what: Outgoing["what"], cause: unknown): AppError {
	return new AppError(
		"OPERATION_FAILED",
		`whoever reads stdout left before the end of the ${what}`,
		{ hint: `what arrived there is no ${what}: remove it`, cause },
	);
}

/**
 * All that comes from stdin.
 * @throws AppError OPERATION_FAILED; the signal's reason
 */
export async function* readArchive(
	signal: AbortSignal | undefined,
): AsyncGenerator<Bytes> {
	using stop = whenAborted(signal);
	for (;;) {
		const reading = readSome();
		const piece = await Promise.race([reading, stop.promise]).catch((cause) => {
			signal?.throwIfAborted();
			throw fileError("cannot read the archive from stdin", cause);
		});
		if (piece === null) return;
		yield piece;
	}
}

/** In a thread of its own, which may be kept waiting; null at the end. */
async function readSome(): Promise<Bytes | null> {
	const { promise, resolve, reject } = Promise.withResolvers<Bytes | null>();
	const bytes = new Uint8Array(PIECE_BYTES);
	read(STDIN, bytes, 0, bytes.byteLength, null, (error, count) => {
		if (error !== null) reject(error);
		else resolve(count === 0 ? null : bytes.subarray(0, count));
	});
	try {
		return await promise;
	} catch (error) {
		if (errnoOf(error) !== "EAGAIN") throw error;
		await Bun.sleep(FULL_PIPE_WAIT_MS);
		return new Uint8Array(0);
	}
}

/** A thread that waits in a system call hears no signal; who waits for it does. */
function whenAborted(signal: AbortSignal | undefined) {
	const { promise, reject } = Promise.withResolvers<never>();
	promise.catch(() => undefined);
	const abort = () => reject(signal?.reason);
	signal?.addEventListener("abort", abort, { once: true });
	if (signal?.aborted) abort();
	return {
		promise,
		[Symbol.dispose]: () => signal?.removeEventListener("abort", abort),
	};
}
