// What Bun has no words for and the C library has. The only home of bun:ffi, loaded when first needed: it takes half a
// millisecond.

import type { Pointer } from "bun:ffi";
import { AppError } from "./errors.ts";

/** glibc's name for itself, which musl takes for its own as well. */
const LIBRARY = "libc.so.6";
const TCIFLUSH = 0;
const ANY_CHILD = -1;
const WNOHANG = 1;
/** LOCK_EX | LOCK_NB */
const EXCLUSIVE_AT_ONCE = 2 | 4;
const EWOULDBLOCK = 11;

async function load() {
	const { dlopen } = await import("bun:ffi");
	try {
		return dlopen(LIBRARY, {
			tcflush: { args: ["i32", "i32"], returns: "i32" },
			waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
			flock: { args: ["i32", "i32"], returns: "i32" },
			__errno_location: { args: [], returns: "ptr" },
		}).symbols;
	} catch (cause) {
		throw new AppError(
			"OPERATION_FAILED",
			"cannot call the C library of this system",
			{ cause },
		);
	}
}

/**
 * Takes a terminal's input away that nobody has read yet, unfinished lines included.
 * @returns a call that does so at once; it does nothing where the descriptor is no terminal
 */
export async function inputFlusher(descriptor: number): Promise<() => void> {
	const { tcflush } = await load();
	return () => void tcflush(descriptor, TCIFLUSH);
}

/**
 * Takes note of children that have ended, so that no zombie is left of them.
 * @returns a call that does so for all that have ended by now. Whoever waits for a child of his own must not be waiting:
 *   it would be taken from him
 */
export async function childReaper(): Promise<() => void> {
	const { waitpid } = await load();
	return () => {
		while (waitpid(ANY_CHILD, null, WNOHANG) > 0);
	};
}

/**
 * flock(2), exclusive and without waiting.
 * @returns a call for an open file: "held" if another process has it locked, "unknown" where there are no locks
 */
export async function fileLocker(): Promise<
	(descriptor: number) => "ours" | "held" | "unknown"
> {
	const { flock, __errno_location } = await load();
	const { read } = await import("bun:ffi");
	return (descriptor) => {
		if (flock(descriptor, EXCLUSIVE_AT_ONCE) === 0) return "ours";
		const errno = read.i32(__errno_location() as Pointer);
		return errno === EWOULDBLOCK ? "held" : "unknown";
	};
}
