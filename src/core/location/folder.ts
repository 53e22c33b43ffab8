// The folder side of a location: archives are files, names are taken by link(2) or under a claim, the state is a file beside them.

import * as fs from "node:fs";
import { readdir, unlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import {
	AppError,
	errnoOf,
	fileError,
	isMissing,
} from "../../ground/errors.ts";
import {
	makePrivateFolder,
	publishOver,
	requireFolder,
	requireWritableFolder,
	syncFolder,
} from "../../ground/files.ts";
import { exists, isLink, isNoText } from "../../ground/paths.ts";
import { publishNew } from "../../ground/publish.ts";
import { cannotOpen, requireRegularFile } from "../archive/format.ts";
import { archiveFile } from "../archive/source.ts";
import type { Entry, Location, Named, Removal, Stored } from "./location.ts";
import {
	identifyFolder,
	readState,
	remember,
	updateState,
} from "./memory/state.ts";
import { mendInFolder } from "./mend.ts";
import { isArchiveName, isDamagedName } from "./names.ts";

// As a callback it costs half as much, and a folder may hold ten thousand.
const stat = promisify(fs.stat);

const AT_ONCE = 16;

/**
 * The location that a folder is; it need not exist.
 * @param folder an absolute path
 * @param elsewhere opens others by the same settings
 * @param looksFile where looks at its archives are remembered
 */
export function openFolder(
	folder: string,
	elsewhere: Location["elsewhere"] = (other) => openFolder(other),
	looksFile: string | null = null,
): Location {
	const pathOf = (name: string) => join(folder, name);
	return {
		address: folder,
		folder,
		mostBytes: null,
		looksFile,
		pathOf,
		elsewhere,
		nextAttempt: (attempt) => attempt + 1,
		names: async () => (await read(folder)).map((file) => named(folder, file)),
		list: (signal) => list(folder, signal),
		find: (name) => find(pathOf(name)),
		requirePresent: () => requireFolder(folder),
		requireWritable: () => requireWritableFolder(folder),
		make: async () => {
			await makePrivateFolder(folder);
		},
		publish: (from, name, scratch) => publishNew(from, pathOf(name), scratch),
		replace: (from, name) => publishOver(from, pathOf(name)),
		remove: (files, signal) => remove(folder, files, signal),
		async mend(damaged, from, scratch) {
			const now = await entryAt(damaged.path, false);
			if ("problem" in now || !isSame(now, damaged)) return null;
			return mendInFolder(folder, damaged.name, from, scratch);
		},
		listDamaged: (signal) => listDamaged(folder, signal),
		identify: (signal) => identifyFolder(folder, signal),
		readState: () => readState(folder),
		remember: (name, identity, changes, signal) =>
			updateState(
				folder,
				(entries) => remember(entries, name, identity, changes),
				signal,
			),
	};
}

function named(folder: string, { name }: fs.Dirent): Named {
	return { name, look: () => find(join(folder, name)) };
}

async function find(path: string): Promise<Entry | null> {
	return (await exists(path)) ? entryAt(path, await isLink(path)) : null;
}

async function listDamaged(
	folder: string,
	signal: AbortSignal | undefined,
): Promise<Stored[]> {
	const entries: Stored[] = [];
	for (const { name } of await read(folder, isDamagedName)) {
		signal?.throwIfAborted();
		const entry = await entryAt(join(folder, name), false);
		if (!("problem" in entry)) entries.push(entry);
	}
	return entries;
}

async function read(
	folder: string,
	isMeant = isArchiveName,
): Promise<fs.Dirent[]> {
	try {
		const found = await readdir(folder, { withFileTypes: true });
		return found.filter(({ name }) => isMeant(name));
	} catch (cause) {
		if (errnoOf(cause) === "ENOENT") return [];
		throw fileError(`cannot read the backup folder ${folder}`, cause);
	}
}

async function list(
	folder: string,
	signal: AbortSignal | undefined,
): Promise<Entry[]> {
	const found = await read(folder);
	const entries: Entry[] = [];
	const queue = found.values();
	const work = async () => {
		for (const file of queue) {
			signal?.throwIfAborted();
			const path = join(folder, file.name);
			entries.push(await entryAt(path, file.isSymbolicLink()));
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
	return entries;
}

async function entryAt(path: string, isLink: boolean): Promise<Entry> {
	const name = basename(path);
	let modifiedMs = 0;
	try {
		const found = await stat(path).catch((cause) => {
			throw isMissing(cause) && isNoText(name)
				? notText(path)
				: cannotOpen(path, cause);
		});
		modifiedMs = found.mtimeMs;
		requireRegularFile(path, found);
		const version = `${modifiedMs}:${found.ctimeMs}`;
		const file = archiveFile(path, found.size);
		return { ...file, name, modifiedMs, version, isLink };
	} catch (problem) {
		if (!(problem instanceof AppError)) throw problem;
		return { name, path, modifiedMs, isLink, problem };
	}
}

function notText(path: string): AppError {
	return new AppError(
		"OPERATION_FAILED",
		`cannot read ${path}: its name is not UTF-8`,
		{
			hint: "rename it, so that it can be read",
		},
	);
}

async function remove(
	folder: string,
	files: readonly Stored[],
	signal: AbortSignal | undefined,
): Promise<Removal[]> {
	const removals: Removal[] = [];
	for (const file of files) {
		signal?.throwIfAborted();
		removals.push(await removeOne(file));
	}
	const hasRemoved = removals.some(({ outcome }) => outcome === "removed");
	if (hasRemoved) await syncFolder(folder);
	return removals;
}

async function removeOne(planned: Stored): Promise<Removal> {
	const { name, path } = planned;
	try {
		const now = (await exists(path)) ? await entryAt(path, false) : null;
		if (now === null) return { name, outcome: "gone", reason: null };
		if ("problem" in now || !isSame(now, planned)) {
			return { name, outcome: "changed", reason: "changed since the plan" };
		}
		await unlink(path).catch((cause) => {
			throw fileError("cannot be removed", cause);
		});
		return { name, outcome: "removed", reason: null };
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		return { name, outcome: "stuck", reason: error.message };
	}
}

function isSame(a: Stored, b: Stored): boolean {
	return a.sizeBytes === b.sizeBytes && a.version === b.version;
}
