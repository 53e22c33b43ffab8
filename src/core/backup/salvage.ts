// A damaged library is no backup, but its raw files are kept: all of them together, as they are.

import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errnoOf, fileError } from "../../ground/errors.ts";
import { syncFile, writeNewFile } from "../../ground/files.ts";
import { makeScratch } from "../../ground/scratch.ts";
import { DATABASE_NAME, filePart, writeArchive } from "../archive/archive.ts";
import { DEFAULT_LEVEL, type GzipPool } from "../archive/gzip.ts";
import { readPartsBack } from "../archive/readback.ts";
import { sidecars } from "../library/library.ts";
import { generatedIn } from "../location/destination.ts";
import type { Location } from "../location/location.ts";
import { salvageName } from "../location/names.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The raw files of a library, open. They are closed only when this is disposed of: closing any descriptor of a file
 * drops the POSIX locks that SQLite holds on it in this process (https://www.sqlite.org/howtocorrupt.html, 2.2).
 */
export class RawFiles implements AsyncDisposable {
	readonly #files: ReadonlyMap<string, FileHandle>;

	private constructor(files: ReadonlyMap<string, FileHandle>) {
		this.#files = files;
	}

	/** Opens the library and what lies beside it, as far as it is there. */
	static async of(libraryPath: string): Promise<RawFiles> {
		const files = new Map<string, FileHandle>();
		for (const path of [libraryPath, ...sidecars(libraryPath)]) {
			try {
				files.set(path, await open(path, "r"));
			} catch (cause) {
				if (errnoOf(cause) === "ENOENT") continue;
				throw fileError(`cannot read ${path}`, cause);
			}
		}
		return new RawFiles(files);
	}

	/**
	 * Packs them into `vpo-damaged-<timestamp>.tar.gz` in the location, and reads it back.
	 * @returns the archive's path
	 */
	async salvage(
		libraryPath: string,
		location: Location,
		at: Date,
		pool: GzipPool,
		signal?: AbortSignal,
	): Promise<string> {
		await location.make(signal);
		const parent = location.folder ?? dirname(libraryPath);
		await using scratch = await makeScratch(parent);
		const parts = [];
		for (const [path, file] of this.#files) {
			const copy = join(scratch.path, basename(path));
			await writeNewFile(copy, piecesOf(path, file, signal));
			const name = DATABASE_NAME + path.slice(libraryPath.length);
			parts.push(await filePart(name, copy, signal));
		}
		const unfinished = join(scratch.path, "salvage.tar.gz");
		const options = { pool, level: DEFAULT_LEVEL, modifiedAt: at };
		const checksums = await writeArchive(unfinished, parts, options);
		await syncFile(unfinished);
		await readPartsBack(unfinished, checksums, { pool, signal });
		return await generatedIn(location, (attempt) =>
			salvageName(at, attempt),
		).publish(unfinished, scratch, signal);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		// They were only read: what was done with them is done, whatever a share answers now.
		for (const file of this.#files.values()) {
			await file.close().catch(() => undefined);
		}
	}
}

async function* piecesOf(
	path: string,
	file: FileHandle,
	signal: AbortSignal | undefined,
): AsyncGenerator<Bytes> {
	for (let done = 0; ; ) {
		signal?.throwIfAborted();
		const piece = new Uint8Array(1024 * 1024);
		const { bytesRead } = await file
			.read(piece, 0, piece.byteLength, done)
			.catch((cause) => {
				throw fileError(`cannot read ${path}`, cause);
			});
		if (bytesRead === 0) return;
		done += bytesRead;
		yield piece.subarray(0, bytesRead);
	}
}
