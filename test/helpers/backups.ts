// Folders of backups of any age: one real backup, copied under many names with metadata of their own.

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

/** What one made backup differs in. */
export interface Made {
	readonly createdAt: string;
	readonly kind?: string;
	readonly note?: string | null;
	readonly libraryId?: string | null;
	readonly shrinkWarning?: string | null;
	/** The files in the library; 3 if left out. */
	readonly fileCount?: number;
}

/** Makes real, restorable backups of a tiny library; returns their file names. */
export async function makeBackups(
	folder: string,
	made: readonly Made[],
): Promise<string[]> {
	mkdirSync(folder, { recursive: true });
	using pool = new GzipPool(1);
	const names: string[] = [];
	for (const {
		createdAt,
		kind = "manual",
		note = null,
		libraryId = null,
		shrinkWarning = null,
		fileCount = 3,
	} of made) {
		const at = new Date(createdAt);
		const database = join(folder, "tiny.db.tmp");
		makeTinyLibrary(database, fileCount);
		const part = await filePart(DATABASE_NAME, database);
		const metadata = encodeMetadata({
			vpoVersion: "0.1.0",
			schemaVersion: 27,
			createdAt,
			databaseSizeBytes: part.sizeBytes,
			fileCount,
			totalLibrarySizeBytes: fileCount * 1000,
			own: {
				databaseSha256: part.sha256,
				sourceJournalMode: "wal",
				note,
				kind,
				tableRows: { files: fileCount },
				libraryId,
				shrinkWarning,
				isSealed: true,
			},
		});
		const name = backupName(at, kind, 1);
		const parts = [textPart(METADATA_NAME, metadata), part];
		await writeArchive(join(folder, name), parts, {
			pool,
			level: 1,
			modifiedAt: at,
		});
		rmSync(database);
		names.push(name);
	}
	return names;
}

/** The smallest VPO library: two tables, and as many files as wanted, 1000 bytes each. */
export function makeTinyLibrary(path: string, fileCount: number): void {
	const database = new Database(path);
	database.run("CREATE TABLE _meta (key TEXT PRIMARY KEY, value TEXT)");
	database.run("INSERT INTO _meta VALUES ('schema_version', '27')");
	database.run(
		"CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT, size_bytes INTEGER)",
	);
	const insert = database.prepare(
		"INSERT INTO files (path, size_bytes) VALUES (?, 1000)",
	);
	database.run("BEGIN");
	for (let index = 0; index < fileCount; index++)
		insert.run(`/media/${index}.mkv`);
	database.run("COMMIT");
	insert.finalize();
	database.close(true);
}
