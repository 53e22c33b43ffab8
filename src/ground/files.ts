// Files that must survive a power cut: private, complete, synced, and never in place of another by accident.

import { constants } from "node:fs";
import {
	access,
	type FileHandle,
	mkdir,
	open,
	rename,
	stat,
} from "node:fs/promises";
import { dirname } from "node:path";
import {
	AppError,
	errnoOf,
	fileError,
	isMissing,
	passRefusal,
} from "./errors.ts";
import { exists } from "./paths.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export const PRIVATE_FILE_MODE = 0o600;

export const PRIVATE_FOLDER_MODE = 0o700;

const READ_BYTES = 1024 * 1024;

/** Called with the bytes done so far. */
export type OnBytes = (doneBytes: number) => void;

/**
 * Makes a folder and its missing parents, readable by nobody else; an existing one is left as it is. What is made
 * survives a power cut, where the file system can.
 * @returns the topmost one that was made, or null
 */
export async function makePrivateFolder(path: string): Promise<string | null> {
	try {
		const mode = PRIVATE_FOLDER_MODE;
		const made = await mkdir(path, { recursive: true, mode });
		if (made === undefined) return null;
		// Whoever syncs only what lies in a new folder may lose it with all that it holds.
		for (let at = path; at.length >= made.length; at = dirname(at)) {
			await syncFolder(dirname(at)).catch(passUnreadable);
		}
		return made;
	} catch (cause) {
		if (errnoOf(cause) === "EEXIST") {
			throw notAFolder(path, cause);
		}
		throw fileError(`cannot make the folder ${path}`, cause);
	}
}

// One may make a folder where one may not list what is there.
function passUnreadable(error: AppError): void {
	if (errnoOf(error.cause) !== "EACCES") throw error;
}

/**
 * Lets a folder pass that somebody named; one that is missing may be a share that is not mounted, and holds no answer.
 * @throws AppError NOT_FOUND; OPERATION_FAILED: it is a file
 */
export async function requireFolder(path: string): Promise<void> {
	const found = await stat(path).catch((cause) => {
		if (!isMissing(cause)) {
			throw fileError(`cannot look at ${path}`, cause);
		}
		throw new AppError("NOT_FOUND", `no such folder: ${path}`, {
			hint: "correct its name, or mount what it is on",
		});
	});
	if (!found.isDirectory()) throw notAFolder(path);
}

/**
 * Tells before any work whether files can be made in a folder, which need not exist yet.
 * @throws AppError OPERATION_FAILED: what is there of it is no folder, or may not be written
 */
export async function requireWritableFolder(path: string): Promise<void> {
	let found = path;
	while (!(await exists(found)) && found !== dirname(found)) {
		found = dirname(found);
	}
	try {
		if (!(await stat(found)).isDirectory()) throw notAFolder(found);
		await access(found, constants.W_OK | constants.X_OK);
	} catch (cause) {
		throw fileError(`cannot write to the folder ${found}`, cause);
	}
}

/**
 * Tells whether an existing file may be written; one that is not there passes.
 * @throws AppError OPERATION_FAILED
 */
export async function requireWritableFile(path: string): Promise<void> {
	await access(path, constants.W_OK).catch((cause) => {
		if (errnoOf(cause) === "ENOENT") return;
		throw fileError(`cannot write ${path}`, cause);
	});
}

function notAFolder(path: string, cause?: unknown): AppError {
	const what = `this is a file, not a folder: ${path}`;
	return new AppError("OPERATION_FAILED", what, { cause });
}

/**
 * Reads a file in pieces of 1 MiB. A piece is valid until the next one is asked for: all use the same memory.
 * @throws the signal's reason; AppError OPERATION_FAILED
 */
export async function* readPieces(
	path: string,
	signal?: AbortSignal,
	onBytes?: OnBytes,
): AsyncGenerator<Bytes> {
	try {
		await using file = await open(path, "r");
		const piece = new Uint8Array(READ_BYTES);
		for (let done = 0; ; ) {
			signal?.throwIfAborted();
			const { bytesRead } = await file.read(piece, 0, READ_BYTES, done);
			if (bytesRead === 0) return;
			done += bytesRead;
			onBytes?.(done);
			yield piece.subarray(0, bytesRead);
		}
	} catch (cause) {
		throw fileError(`cannot read ${path}`, cause);
	}
}

/** The first bytes of a file, fewer if it is shorter. */
export async function readHead(path: string, count: number): Promise<Bytes> {
	try {
		await using file = await open(path, "r");
		const head = new Uint8Array(count);
		const { bytesRead } = await file.read(head, 0, count, 0);
		return head.subarray(0, bytesRead);
	} catch (cause) {
		throw fileError(`cannot read ${path}`, cause);
	}
}

/**
 * Writes a new file, which only its owner may read unless another mode is given. It is on the disk only after `syncFile`.
 * @throws AppError INSUFFICIENT_SPACE, OPERATION_FAILED (also where the file exists); the file is then left to its scratch folder
 */
export async function writeNewFile(
	path: string,
	pieces: AsyncIterable<Bytes>,
	mode = PRIVATE_FILE_MODE,
): Promise<void> {
	const fail = (cause: unknown): never => {
		throw fileError(`cannot write ${path}`, cause);
	};
	const file = await open(path, "wx", PRIVATE_FILE_MODE).catch(fail);
	// A share may say only then that its disk is full.
	const close = () => file.close().catch(fail);
	await using _ = { [Symbol.asyncDispose]: close };
	for await (const piece of pieces) await writeAll(file, piece).catch(fail);
	// Whatever the umask. A share that keeps no modes has its own idea of who may read there.
	await file.chmod(mode).catch(passRefusal).catch(fail);
}

async function writeAll(file: FileHandle, piece: Bytes): Promise<void> {
	for (let at = 0; at < piece.byteLength; ) {
		const { bytesWritten } = await file.write(piece, at);
		at += bytesWritten;
	}
}

/** Makes what was written to a file survive a power cut, where the file system can. */
export async function syncFile(path: string): Promise<void> {
	try {
		await using file = await open(path, "r");
		await file.sync().catch(passRefusal);
	} catch (cause) {
		throw fileError(`cannot sync ${path}`, cause);
	}
}

/** Makes a rename or a new name in this folder survive a power cut, where the file system can. */
export async function syncFolder(path: string): Promise<void> {
	try {
		await using folder = await open(path, "r");
		await folder.sync().catch(passRefusal);
	} catch (cause) {
		throw fileError(`cannot sync the folder ${path}`, cause);
	}
}

/** Puts a finished file in the place of another, in one step. */
export async function publishOver(from: string, to: string): Promise<void> {
	try {
		await rename(from, to);
	} catch (cause) {
		throw fileError(`cannot replace ${to}`, cause);
	}
	await syncFolder(dirname(to));
}
