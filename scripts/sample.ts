// Makes sample libraries of any size: VPO's own fixture widened with rows of the same shapes, deterministic,
// as fragmented as a library that has been scanned, processed and rescanned for years.
import { Database } from "bun:sqlite";
import { copyFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { startLife } from "./sample/life.ts";

const fixture = join(import.meta.dir, "../test/fixtures/library-v27.db");
const bytesPerFile = 3_300;
const filesPerScan = 2_000;

/** What a sample library holds. */
export type Sample = {
	readonly path: string;
	readonly sizeBytes: number;
	readonly fileCount: number;
};

/**
 * Writes a sample library at `path`, replacing what is there: about `sizeBytes` large (3.3 KB a file, gzip -6 about
 * 3:1), WAL mode, cleanly closed. The same size gives the same rows. Memory is bounded by SQLite's page cache.
 */
export function makeSampleLibrary(path: string, sizeBytes: number): Sample {
	for (const suffix of ["", "-wal", "-shm", "-journal"])
		rmSync(path + suffix, { force: true });
	copyFileSync(fixture, path);
	const library = new Database(path, { readwrite: true, strict: true });
	try {
		library.run("PRAGMA journal_mode = OFF");
		library.run("PRAGMA synchronous = OFF");
		library.run("PRAGMA locking_mode = EXCLUSIVE");
		library.run("PRAGMA cache_size = -262144");
		library.run("PRAGMA foreign_keys = ON");
		grow(library, sizeBytes);
		library.run("PRAGMA locking_mode = NORMAL");
		library.run("PRAGMA journal_mode = WAL");
		const fileCount = count(library, "SELECT count(*) FROM files");
		library.close(true);
		return { path, sizeBytes: statSync(path).size, fileCount };
	} finally {
		library.close();
	}
}

/** Batch after batch, the last ones small, until the file has its size. */
function grow(library: Database, sizeBytes: number): void {
	const live = startLife(library);
	const bytesNow = () =>
		count(library, "PRAGMA page_count") * count(library, "PRAGMA page_size");
	for (;;) {
		const files = Math.min(
			filesPerScan,
			Math.floor((sizeBytes - bytesNow()) / bytesPerFile),
		);
		if (files < 1) return;
		library.transaction(live)(files);
	}
}

function count(library: Database, sql: string): number {
	return Number(library.query(sql).values()[0]?.[0]);
}

if (import.meta.main) {
	const [path, sizeMb] = process.argv.slice(2);
	if (!path || !(Number(sizeMb) > 0)) {
		console.error("usage: bun scripts/sample.ts PATH SIZE_MB");
		process.exit(2);
	}
	console.log(
		JSON.stringify(makeSampleLibrary(path, Number(sizeMb) * 1_000_000)),
	);
}
