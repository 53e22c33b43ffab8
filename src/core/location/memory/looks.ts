// What looks at the archives of one location told, so that ten thousand need not be looked at every time. It lies in the
// data folder, is safe to delete, and is believed for a list, and for what a new backup need not be compared with: whatever
// is done with an archive looks at it itself.

import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError, errnoOf } from "../../../ground/errors.ts";
import {
	makePrivateFolder,
	publishOver,
	writeNewFile,
} from "../../../ground/files.ts";
import { exists } from "../../../ground/paths.ts";
import { makeScratch } from "../../../ground/scratch.ts";
import { version } from "../../../ground/version.ts";
import type { Metadata, OwnPart } from "../../archive/metadata.ts";
import type { Stored } from "../location.ts";

/** Metadata without the rows of each table, which no list shows. */
export interface Summary extends Omit<Metadata, "own"> {
	readonly own: Omit<OwnPart, "tableRows"> | null;
}

/** What a look at an archive told: what it says of itself, or what is wrong with it. */
export type Look =
	| { readonly metadata: Summary }
	| { readonly metadata: null; readonly error: string };

/** An archive as it was when it was looked at. */
type Known = readonly [sizeBytes: number, version: string, look: Look];

const FOLDER = "cache";
/** Fewer are looked at sooner than their file is written. */
const WORTH_LOOKS = 64;
/** Archives that are not ours are read in full. */
const WORTH_BYTES = 1024 * 1024;
/** Some hundred thousand archives. */
const MOST_BYTES = 64 * 1024 * 1024;

/** The file for a location, by a name that tells nothing. @param dataDir need not be there; then nothing is kept */
export function looksFile(dataDir: string, address: string): string {
	const name = Bun.SHA256.hash(address, "hex").slice(0, 16);
	return join(dataDir, FOLDER, `looks-${name}`);
}

/** The looks at the archives of one location. */
export class Looks {
	readonly #path: string | null;
	readonly #known: ReadonlyMap<string, Known>;
	readonly #current = new Map<string, Known>();
	#newCount = 0;
	#newBytes = 0;

	private constructor(path: string | null, known: ReadonlyMap<string, Known>) {
		this.#path = path;
		this.#known = known;
	}

	/** Reads the file; one that is not there, damaged or of another version of the program tells nothing. */
	static async read(path: string | null): Promise<Looks> {
		return new Looks(path, path === null ? new Map() : await readKnown(path));
	}

	/** What an earlier look at this very archive told. */
	recall(archive: Stored): Look | null {
		const known = this.#known.get(archive.name);
		if (known?.[0] !== archive.sizeBytes || known[1] !== archive.version) {
			return null;
		}
		this.#current.set(archive.name, known);
		return known[2];
	}

	/** @param readBytes what the look had to read, beyond a few KB */
	remember(archive: Stored, look: Look, readBytes: number): void {
		const { name, sizeBytes, version } = archive;
		this.#current.set(name, [sizeBytes, version, look]);
		this.#newCount++;
		this.#newBytes += readBytes;
	}

	/**
	 * Writes what was recalled and remembered, where that is worth it; where it can't be written, nothing is lost.
	 * @param isFar whether each look is a request over a network
	 */
	async keep(isFar: boolean): Promise<void> {
		const isWorth =
			this.#newCount >= (isFar ? 1 : WORTH_LOOKS) ||
			this.#newBytes >= WORTH_BYTES;
		if (this.#path === null || !isWorth) return;
		try {
			await write(this.#path, this.#current);
		} catch (error) {
			if (!(error instanceof AppError)) throw error;
		}
	}
}

async function readKnown(path: string): Promise<ReadonlyMap<string, Known>> {
	try {
		const found = await stat(path);
		if (!found.isFile() || found.size > MOST_BYTES) return new Map();
		const text = await readFile(path, "utf8");
		const end = text.indexOf("\n") + 1;
		const json = text.slice(end);
		// What bears its own checksum is whole, and as this version wrote it.
		if (text.slice(0, end) !== head(json)) return new Map();
		return new Map(JSON.parse(json) as [string, Known][]);
	} catch (cause) {
		if (errnoOf(cause) !== "" || cause instanceof SyntaxError) return new Map();
		throw cause;
	}
}

function head(json: string): string {
	return `vpo ${version} looks ${Bun.SHA256.hash(json, "hex")}\n`;
}

async function write(
	path: string,
	known: ReadonlyMap<string, Known>,
): Promise<void> {
	const folder = dirname(path);
	if (!(await exists(dirname(folder)))) return;
	const json = JSON.stringify([...known]);
	const text = head(json) + json;
	if (Buffer.byteLength(text) > MOST_BYTES) return;
	await makePrivateFolder(folder);
	await using scratch = await makeScratch(folder);
	const unfinished = join(scratch.path, basename(path));
	await writeNewFile(unfinished, one(text));
	await publishOver(unfinished, path);
}

async function* one(text: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
	yield new TextEncoder().encode(text);
}
