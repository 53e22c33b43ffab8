// Folders that go away by themselves, and the archive that a command left in one.
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** A private folder that is gone at the end of its block. */
export type Folder = Disposable & { readonly path: string };

/** A new folder whose path starts with `prefix`; what it holds goes with it. */
export function temporaryFolder(prefix: string): Folder {
	const path = mkdtempSync(prefix);
	return {
		path,
		[Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
	};
}

/** The one archive in a folder. */
export function archiveIn(folder: string): string {
	const name = readdirSync(folder).find((entry) => entry.endsWith(".tar.gz"));
	if (name === undefined) throw new Error(`no archive in ${folder}`);
	return join(folder, name);
}

/** The size of the one archive in a folder. */
export function archiveBytes(folder: string): number {
	return statSync(archiveIn(folder)).size;
}
