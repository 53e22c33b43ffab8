// Backups of a library as it was in one night after the other, and a library that changes between them.

import { Database } from "bun:sqlite";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
	DATABASE_NAME,
	filePart,
	METADATA_NAME,
	textPart,
	writeArchive,
} from "../../src/core/archive/archive.ts";
import { GzipPool } from "../../src/core/archive/gzip.ts";
import { encodeMetadata } from "../../src/core/archive/metadata.ts";
import { backupName } from "../../src/core/location/names.ts";
import { Home } from "./program.ts";

/** A folder in which the library of `Nights` has three files. */
export const FOLDER = "/mnt/media/TV/Lost (2004)";

/** What a night does to the library of `loseFolder`. */
export const COUNTS = { lost: 1, comeBack: 3, differ: 2, lookedAgain: 4 };

/** A home whose library has the folder; it has no backup yet. */
export function homeWithFolder(): Home {
	const home = new Home();
	using library = new Database(home.library);
	library.run(
		"UPDATE files SET path = ? || '/' || id || '.mkv', directory = ? WHERE id IN (3, 4, 5)",
		[FOLDER, FOLDER],
	);
	return home;
}

/** Keeps the library as it is now as a backup of this time; returns the backup's name. */
export async function backUpAt(
	home: Pick<Home, "library" | "backups">,
	createdAt: string,
): Promise<string> {
	mkdirSync(home.backups, { recursive: true });
	const at = new Date(createdAt);
	const snapshot = join(home.backups, "snapshot.tmp");
	using pool = new GzipPool(1);
	{
		// Not read-only: that would leave a -wal and a -shm beside it.
		using library = new Database(home.library);
		library.run("VACUUM INTO ?", [snapshot]);
	}
	const part = await filePart(DATABASE_NAME, snapshot);
	const metadata = encodeMetadata({
		vpoVersion: "0.1.0",
		schemaVersion: 27,
		createdAt,
		databaseSizeBytes: part.sizeBytes,
		...countFiles(snapshot),
		own: {
			databaseSha256: part.sha256,
			sourceJournalMode: "wal",
			note: null,
			kind: "manual",
			tableRows: {},
			libraryId: null,
			shrinkWarning: null,
			isSealed: true,
		},
	});
	const name = backupName(at, "manual", 1);
	const parts = [textPart(METADATA_NAME, metadata), part];
	const options = { pool, level: 1, modifiedAt: at };
	await writeArchive(join(home.backups, name), parts, options);
	rmSync(snapshot);
	return name;
}

function countFiles(path: string) {
	using library = new Database(path, { readonly: true });
	const [files, bytes] = library
		.query("SELECT count(*), total(size_bytes) FROM files")
		.values()[0] as [number, number];
	return { fileCount: files, totalLibrarySizeBytes: bytes };
}

/** A bad night: the folder is lost, a file and a track change, some files are looked at again, and one is new. */
export function loseFolder(path: string): void {
	using library = new Database(path);
	library.run("PRAGMA foreign_keys = ON");
	library.run("DELETE FROM files WHERE directory = ?", [FOLDER]);
	library.run(
		"UPDATE files SET scanned_at = 'now' WHERE id IN (20, 21, 22, 23)",
	);
	library.run("UPDATE files SET size_bytes = 7 WHERE id = 30");
	library.run(
		"UPDATE tracks SET title = char(27) || '[31m' WHERE file_id = 31 AND track_index = 1",
	);
	library.run(
		"INSERT INTO files (path, filename, directory, extension, size_bytes, modified_at, scanned_at) VALUES ('/mnt/media/new.mkv', 'new.mkv', '/mnt/media', 'mkv', 1, 'm', 's')",
	);
}
