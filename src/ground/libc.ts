// What Bun has no words for and the C library has. The only home of bun:ffi, loaded when first needed: it takes half a
// millisecond.

import type { Pointer } from "bun:ffi";
import { getSystemErrorName } from "node:util";
import { AppError } from "./errors.ts";

/** glibc's name for itself, which musl takes for its own as well. */
const LIBRARY = "libc.so.6";
const TCIFLUSH = 0;
/** XATTR_SIZE_MAX */
const MOST_ATTRIBUTE_BYTES = 65_536;
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
			setenv: { args: ["ptr", "ptr", "i32"], returns: "i32" },
			getxattr: { args: ["ptr", "ptr", "ptr", "usize"], returns: "i64" },
			fgetxattr: { args: ["i32", "ptr", "ptr", "usize"], returns: "i64" },
			fsetxattr: {
				args: ["i32", "ptr", "ptr", "usize", "i32"],
				returns: "i32",
			},
			fremovexattr: { args: ["i32", "ptr"], returns: "i32" },
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

/** Sets a variable that the engine reads from the C library; one that is set stays. What we start does not get it. */
export async function setEngineVariable(
	name: string,
	value: string,
): Promise<void> {
	const { setenv } = await load();
	setenv(Buffer.from(`${name}\0`), Buffer.from(`${value}\0`), 0);
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

type Bytes = Uint8Array<ArrayBuffer>;

/** Extended attributes of files. What is not there, or not known to the file system, is null. */
export interface Attributes {
	ofFile(path: string, name: string): Bytes | null;
	of(descriptor: number, name: string): Bytes | null;
	/** @throws a system error */
	set(descriptor: number, name: string, value: Bytes): void;
	/** One that is not there is removed already. @throws a system error */
	remove(descriptor: number, name: string): void;
}

/** Calls for extended attributes; all links are followed. */
export async function attributes(): Promise<Attributes> {
	const { getxattr, fgetxattr, fsetxattr, fremovexattr, __errno_location } =
		await load();
	const { read } = await import("bun:ffi");
	const failure = (call: string) => {
		const errno = read.i32(__errno_location() as Pointer);
		const code = getSystemErrorName(-errno);
		return Object.assign(new Error(`${call}: ${code}`), { code });
	};
	const value = (get: (into: Bytes) => number | bigint) => {
		const bytes = new Uint8Array(MOST_ATTRIBUTE_BYTES);
		const length = Number(get(bytes));
		return length < 0 ? null : bytes.slice(0, length);
	};
	return {
		ofFile: (path, name) =>
			value((into) =>
				getxattr(cString(path), cString(name), into, into.byteLength),
			),
		of: (descriptor, name) =>
			value((into) =>
				fgetxattr(descriptor, cString(name), into, into.byteLength),
			),
		set(descriptor, name, bytes) {
			const { byteLength } = bytes;
			if (fsetxattr(descriptor, cString(name), bytes, byteLength, 0) !== 0) {
				throw failure("fsetxattr");
			}
		},
		remove(descriptor, name) {
			if (fremovexattr(descriptor, cString(name)) === 0) return;
			const error = failure("fremovexattr");
			if (!["ENODATA", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(error.code))
				throw error;
		},
	};
}

function cString(text: string): Uint8Array {
	return new TextEncoder().encode(`${text}\0`);
}
