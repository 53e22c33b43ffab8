// Whether there is room for what is about to be written, summed up by file system.

import { dirname } from "node:path";
import { AppError } from "../../ground/errors.ts";
import { freeSpace } from "../../ground/paths.ts";
import type { Settings } from "../../ground/settings.ts";
import { formatBytes } from "../../ground/units.ts";
import { isWritable, type LibraryHead } from "./library.ts";

/** Something that will be written. */
export interface Need {
	/** The folder; it need not exist yet. */
	readonly folder: string;
	readonly bytes: number;
	/** Whether it is there by now: it counts as needed, and so does the room that it takes as free. */
	readonly isThere?: boolean;
}

export interface Space {
	/** Of the file system that is tightest. */
	readonly folder: string;
	readonly requiredBytes: number;
	/** null: the file system does not tell. */
	readonly freeBytes: number | null;
}

/** What all needs together take from the file system that is tightest for them. */
export async function measureSpace(needs: readonly Need[]): Promise<Space> {
	const byDevice = new Map<number, Space>();
	for (const { folder, bytes, isThere } of needs) {
		const { device, freeBytes } = await freeSpace(folder);
		const before = byDevice.get(device) ?? { requiredBytes: 0, freeBytes };
		byDevice.set(device, {
			folder,
			requiredBytes: before.requiredBytes + bytes,
			freeBytes:
				before.freeBytes === null
					? null
					: before.freeBytes + (isThere ? bytes : 0),
		});
	}
	return tightestOf([...byDevice.values()]);
}

/** Of these the one with the least room to spare; where nobody knows the room, there is enough. */
export function tightestOf(spaces: readonly Space[]): Space {
	const left = ({ freeBytes, requiredBytes }: Space) =>
		freeBytes === null ? Number.MAX_VALUE : freeBytes - requiredBytes;
	return spaces.reduce((a, b) => (left(b) < left(a) ? b : a));
}

/** What a backup takes: the snapshot in scratch, and at the most as much again for the archive. */
export function measureBackupSpace(
	{ databaseSizeBytes: bytes }: LibraryHead,
	scratchParent: string,
	outputFolder: string,
): Promise<Space> {
	return measureSpace([
		{ folder: scratchParent, bytes },
		{ folder: outputFolder, bytes },
	]);
}

/**
 * Where the snapshot is made: where the user said, else beside the library, else, where that can't be written, at the
 * output if that is a folder. Never silently the system's tmp, which on a NAS is memory.
 */
export async function chooseScratchFolder(
	{ tempDir }: Settings,
	libraryPath: string,
	outputFolder: string | null,
): Promise<string> {
	if (tempDir !== null) return tempDir;
	const beside = dirname(libraryPath);
	if (outputFolder === null) return beside;
	return (await isWritable(beside)) ? beside : outputFolder;
}

/** @throws AppError INSUFFICIENT_SPACE: says where, how much is needed and how much is free */
export function requireSpace(space: Space): void {
	const failure = spaceFailure(space);
	if (failure !== null) throw failure;
}

/** What `requireSpace` would throw, or null. */
export function spaceFailure(space: Space): AppError | null {
	const problem = lackOfSpace(space);
	if (problem === null) return null;
	return new AppError("INSUFFICIENT_SPACE", problem, {
		hint: "free some space there, or name another place with --output or VPO_TEMP_DIR",
	});
}

/** Says what is lacking, or null: nothing, or nobody knows. */
export function lackOfSpace({
	folder,
	requiredBytes,
	freeBytes,
}: Space): string | null {
	return freeBytes === null || freeBytes >= requiredBytes
		? null
		: `not enough space in ${folder}: ${formatBytes(requiredBytes)} needed, ${formatBytes(freeBytes)} free`;
}
