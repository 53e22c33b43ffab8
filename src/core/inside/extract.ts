// extractLibrary: location → archive → verify → check → an ordinary file, or whoever reads a pipe.

import { dirname } from "node:path";
import { AppError } from "../../ground/errors.ts";
import { readPieces, requireFolder } from "../../ground/files.ts";
import { exists, isSameFile } from "../../ground/paths.ts";
import { ownCommand } from "../../ground/program.ts";
import { publishNew } from "../../ground/publish.ts";
import type { Settings } from "../../ground/settings.ts";
import type { Metadata } from "../archive/metadata.ts";
import type { Workshop } from "../archive/workshop.ts";
import { sidecarOwner, sidecars } from "../library/library.ts";
import { requireForeign } from "../location/memory/own.ts";
import { openBackups } from "../location/open.ts";
import type { Pipe } from "../location/pipe.ts";
import { findBackup } from "../location/reference.ts";
import { placeForScratch } from "../location/scratch-place.ts";
import { viewerOf } from "../location/standing.ts";
import { unpackCandidate } from "../restore/candidate.ts";

/** What a person can say about one extraction. */
export interface ExtractOptions {
	readonly reference: string;
	/** A file that is not there yet, or a pipe. */
	readonly to: string | Pipe;
	readonly now: Date;
}

export interface ExtractedLibrary {
	readonly archivePath: string;
	/** null: it went into a pipe. */
	readonly path: string | null;
	readonly metadata: Metadata;
	readonly schemaVersion: number;
	readonly warnings: readonly string[];
}

/**
 * Writes the library in a backup to a private file, once it is proven like for a restore.
 * @throws AppError NOT_FOUND, INVALID_ARCHIVE, INSUFFICIENT_SPACE; OPERATION_FAILED: the file exists already
 */
export async function extractLibrary(
	settings: Settings,
	{ reference, to, now }: ExtractOptions,
	workshop: Workshop,
): Promise<ExtractedLibrary> {
	const { signal } = workshop;
	if (typeof to === "string") await requireFree(to, settings);
	const backups = openBackups(settings);
	const viewer = await viewerOf(settings, now);
	const { archive } = await findBackup(reference, backups, viewer, signal);
	const beside =
		typeof to === "string" ? dirname(to) : await placeForScratch(settings);
	await using candidate = await unpackCandidate(archive, beside, workshop);
	const { path, scratch, metadata, schemaVersion, warnings } = candidate;
	const done = { archivePath: archive.path, metadata, schemaVersion, warnings };
	if (typeof to !== "string") {
		await to(readPieces(path, signal), signal);
		return { ...done, path: null };
	}
	if (!(await publishNew(path, to, scratch))) throw isTaken(to);
	return { ...done, path: to };
}

async function requireFree(path: string, settings: Settings): Promise<void> {
	await requireFolder(dirname(path));
	if (await exists(path)) throw isTaken(path);
	if (await isSameFile(path, settings.databasePath)) {
		throw new AppError(
			"OPERATION_FAILED",
			`that is where the library belongs: ${path}`,
			{ hint: `let a restore put it there: ${ownCommand("restore")} BACKUP` },
		);
	}
	await requireForeign(path, settings, "--to");
	const owner = sidecarOwner(path);
	if (owner !== null && (await exists(owner))) {
		throw new AppError(
			"OPERATION_FAILED",
			`SQLite would take it for a journal of ${owner}: ${path}`,
			{ hint: "name another one" },
		);
	}
	// SQLite would take one that another database left for this one's.
	for (const journal of sidecars(path)) {
		if (await exists(journal)) throw isTaken(journal);
	}
}

function isTaken(path: string): AppError {
	return new AppError("OPERATION_FAILED", `the file exists already: ${path}`, {
		hint: "name another one, or remove this one yourself",
	});
}
