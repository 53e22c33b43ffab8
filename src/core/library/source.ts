// What a backup reads from: the library itself, or where that can't be opened and can't change, a private copy.

import { constants } from "node:fs";
import { access, copyFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError, errnoOf, fileError } from "../../ground/errors.ts";
import { exists } from "../../ground/paths.ts";
import { makeScratch } from "../../ground/scratch.ts";
import {
	hasWal,
	isWritable,
	type LibraryHead,
	type LockOptions,
} from "./library.ts";
import { measureSpace, requireSpace } from "./space.ts";
import type { SqliteThread } from "./sqlite-thread.ts";

export interface Source extends AsyncDisposable {
	readonly path: string;
	readonly head: LibraryHead;
}

/**
 * Opens the library for reading. SQLite can't open one on a read-only mount that was left with rows in its WAL; nobody
 * can write it there, so that a copy of its files is consistent.
 * @param makeScratchParent where a copy may be made; called only if one is needed
 * @throws AppError NOT_FOUND, DATABASE_ERROR, DATABASE_LOCKED, OPERATION_FAILED
 */
export async function openSource(
	libraryPath: string,
	sqlite: SqliteThread,
	options: LockOptions,
	makeScratchParent: () => Promise<string>,
): Promise<Source> {
	const hadWal = await hasWal(libraryPath);
	try {
		const head = await sqlite.recognise(libraryPath, options);
		const tidy = async () => {
			if (hadWal || !(await hasWal(libraryPath))) return;
			// An empty -wal harms nobody, and what this run did is done.
			await sqlite.tidy(libraryPath).catch(() => undefined);
		};
		return { path: libraryPath, head, [Symbol.asyncDispose]: tidy };
	} catch (error) {
		await requireUnwritable(libraryPath, error);
	}
	const parent = await makeScratchParent();
	const { size } = await stat(libraryPath);
	requireSpace(await measureSpace([{ folder: parent, bytes: size }]));
	const scratch = await makeScratch(parent);
	try {
		const path = await copyTo(scratch.path, libraryPath);
		const head = await sqlite.recognise(path, options);
		return {
			path,
			head,
			[Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
		};
	} catch (error) {
		await scratch[Symbol.asyncDispose]();
		throw error;
	}
}

// Passes only if the library can't be opened because nobody can write here.
async function requireUnwritable(path: string, error: unknown): Promise<void> {
	const cannotOpen =
		error instanceof AppError && error.code === "OPERATION_FAILED";
	if (!cannotOpen || (await exists(`${path}-shm`))) throw error;
	if (await isReadOnlyMount(dirname(path))) return;
	if (await isWritable(dirname(path))) throw error;
	throw new AppError("OPERATION_FAILED", error.message, {
		hint: `a library in WAL mode can be read only by who may write its folder ${dirname(path)}: run vpo as the user that VPO runs as`,
		cause: error,
	});
}

async function copyTo(folder: string, libraryPath: string): Promise<string> {
	const copy = join(folder, "library.db");
	for (const suffix of ["", "-wal", "-journal"]) {
		if (suffix !== "" && !(await exists(libraryPath + suffix))) continue;
		try {
			await copyFile(libraryPath + suffix, copy + suffix);
		} catch (cause) {
			throw fileError(
				`cannot copy ${libraryPath}${suffix} to ${folder}`,
				cause,
			);
		}
	}
	return copy;
}

async function isReadOnlyMount(path: string): Promise<boolean> {
	return access(path, constants.W_OK).then(
		() => false,
		(cause) => errnoOf(cause) === "EROFS",
	);
}
