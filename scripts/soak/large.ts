// Rows too large for the quick tests: a blob of more than 100 MB comes back to the byte.

import { Database } from "bun:sqlite";
import { makeLibrary } from "../../test/helpers/kinds.ts";
import { binary, Home, run } from "../../test/helpers/program.ts";
import type { SoakRow } from "./row.ts";

const BLOB_BYTES = 128 * 1000 * 1000;

/** Backs up and restores one library for each journal mode. */
export async function soakLarge(): Promise<SoakRow[]> {
	const modes = ["wal", "delete"];
	let lost = 0;
	for (const journal_mode of modes) {
		using home = new Home(null);
		makeLibrary(home.library, { journal_mode }, (library) => {
			library.run("CREATE TABLE blobs (data BLOB)");
			library.run(`INSERT INTO blobs VALUES (randomblob(${BLOB_BYTES}))`);
		});
		const target = home.at("restored.db");
		const restore = ["restore", "latest", "--database", target];
		for (const job of [["backup"], restore]) {
			const { exitCode, stderr } = await run(binary, home, ["library", ...job]);
			if (exitCode !== 0) console.error(stderr);
		}
		if (blobOf(target) !== blobOf(home.library)) lost++;
	}
	const what = "libraries with a blob of 128 MB";
	return [{ what, tried: modes.length, lost }];
}

function blobOf(path: string): string {
	using library = new Database(path);
	const [row] = library.query("SELECT data FROM blobs").values();
	const hash = new Bun.CryptoHasher("sha256");
	return hash.update(row?.[0] as Uint8Array<ArrayBuffer>).digest("hex");
}
