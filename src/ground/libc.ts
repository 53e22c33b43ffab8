// What Bun has no words for and the C library has. The only home of bun:ffi, loaded when first needed: it takes half a
// millisecond.

import { AppError } from "./errors.ts";

/** glibc's name for itself, which musl takes for its own as well. */
const LIBRARY = "libc.so.6";
const TCIFLUSH = 0;

async function load() {
	const { dlopen } = await import("bun:ffi");
	try {
		return dlopen(LIBRARY, {
			tcflush: { args: ["i32", "i32"], returns: "i32" },
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
