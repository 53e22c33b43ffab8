// Where a new archive will stand: settled before anything is made, so that a wrong --output costs nothing.

import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { AppError, isDeniedToOther } from "../../ground/errors.ts";
import { type OnBytes, readPieces } from "../../ground/files.ts";
import { isAddress, resolveLinks } from "../../ground/paths.ts";
import { ownCommand } from "../../ground/program.ts";
import type { Scratch } from "../../ground/scratch.ts";
import type { Settings } from "../../ground/settings.ts";
import { isTaken, requireReplaceable } from "./destination/taken.ts";
import type { Location } from "./location.ts";
import { requireForeign } from "./memory/own.ts";
import { requireSamePlace } from "./memory/place.ts";
import { backupName, isArchiveName } from "./names.ts";
import { openBackups, openLocation } from "./open.ts";
import { openPipe, PIPE_NAME, type Pipe } from "./pipe.ts";

/** What the person asked for. */
export interface OutputRequest {
	/** An absolute path or an address, or null: a generated name in the backup location. */
	readonly output: string | null;
	/** Whether the path was written with a slash at its end. */
	readonly outputIsFolder: boolean;
	/** Where the archive goes instead; null: it is kept. */
	readonly pipe: Pipe | null;
	readonly settings: Settings;
	/** Somebody said that it is another place than before. */
	readonly acceptsNew: boolean;
	/** Replace an existing backup archive. */
	readonly force: boolean;
	readonly libraryPath: string;
	readonly kind: string;
	readonly createdAt: Date;
}

/** A place for one archive. */
export interface Destination {
	readonly location: Location;
	/** Whether its name was asked for, and is not a generated one. */
	readonly isNamed: boolean;
	/** The name at the first attempt; a generated one changes if it is taken by then. */
	readonly path: string;
	/**
	 * Gives a finished file its name.
	 * @param from in the scratch folder, which is in the location's folder
	 * @returns the path that it has now
	 * @throws AppError OPERATION_FAILED: a name that was asked for is taken
	 */
	publish(
		from: string,
		scratch: Scratch,
		signal?: AbortSignal,
		onBytes?: OnBytes,
	): Promise<string>;
}

/**
 * Settles the output path.
 * @throws AppError USAGE: not a name for an archive; NOT_FOUND: a configured location is not there, or another one than
 *   before; OPERATION_FAILED: something is there that must not be replaced, or
 *   the location may not be written
 */
export async function settleDestination(
	request: OutputRequest,
	signal?: AbortSignal,
): Promise<Destination> {
	const { settings, output, libraryPath, acceptsNew } = request;
	const place = {
		libraryPath,
		mayBeMade: output !== null || settings.origins.location === "default",
		acceptsNew,
		command: "backup",
	};
	try {
		const destination = await choose(request, signal);
		await requireSamePlace(destination.location, place, signal);
		await destination.location.requireWritable(signal);
		return destination;
	} catch (error) {
		throw isDeniedToOther(error) ? withWayOut(error) : error;
	}
}

// What root opens by his own shell, the program may write to as whoever it is.
function withWayOut(error: AppError): AppError {
	const { code, message, hint, cause } = error;
	const way = ownCommand("backup --output - > FILE");
	return new AppError(code, message, {
		hint: `${hint}; or let root's shell write it: ${way}`,
		cause,
	});
}

async function choose(
	request: OutputRequest,
	signal: AbortSignal | undefined,
): Promise<Destination> {
	if (request.pipe) return throughPipe(request.pipe);
	const { output, outputIsFolder, settings, kind, createdAt } = request;
	const name = (attempt: number) => backupName(createdAt, kind, attempt);
	if (output === null) return generatedIn(openBackups(settings), name);
	// Folders are nothing that a store has: what has no archive's name is a prefix.
	const isPrefix = isAddress(output) && !isArchiveName(basename(output));
	if (outputIsFolder || isPrefix || (await isFolder(output))) {
		return generatedIn(openLocation(output, settings), name);
	}
	return requested(output, request, signal);
}

/** The place of an archive that is only passed on, once it is finished and verified. */
function throughPipe(pipe: Pipe): Destination {
	return {
		location: openPipe(),
		isNamed: true,
		path: PIPE_NAME,
		async publish(from, _scratch, signal, onBytes) {
			await pipe(readPieces(from, signal, onBytes), signal);
			return PIPE_NAME;
		},
	};
}

/** A generated name in a location: the first one that is free when the archive is finished. */
export function generatedIn(
	location: Location,
	nameOf: (attempt: number) => string,
): Destination {
	return {
		location,
		isNamed: false,
		path: location.pathOf(nameOf(1)),
		async publish(from, scratch, signal, onBytes) {
			for (let attempt = 1; ; attempt = location.nextAttempt(attempt)) {
				const name = nameOf(attempt);
				const isNew = await location.publish(
					from,
					name,
					scratch,
					signal,
					onBytes,
				);
				if (isNew) {
					return location.pathOf(name);
				}
			}
		},
	};
}

async function requested(
	output: string,
	{ force, settings }: OutputRequest,
	signal: AbortSignal | undefined,
): Promise<Destination> {
	await requireForeign(output, settings, "--output");
	if (!isArchiveName(basename(output))) {
		throw new AppError(
			"USAGE",
			`--output must be a name that ends in .tar.gz or .tgz: ${output}`,
			{
				hint: "for a folder that is not there yet, write a slash at its end",
			},
		);
	}
	const taken = await openLocation(dirname(output), settings).find(
		basename(output),
		signal,
	);
	if (taken) await requireReplaceable(taken, force, signal);
	const isPlain = taken === null || isAddress(output);
	const path = isPlain ? output : await resolveLinks(output);
	const location = openLocation(dirname(path), settings);
	const name = basename(path);
	return {
		location,
		isNamed: true,
		path,
		async publish(from, scratch, signal, onBytes) {
			if (taken) await location.replace(from, name, signal);
			else if (
				!(await location.publish(from, name, scratch, signal, onBytes))
			) {
				throw isTaken(path);
			}
			return path;
		},
	};
}

async function isFolder(path: string): Promise<boolean> {
	return stat(path).then(
		(found) => found.isDirectory(),
		() => false,
	);
}
