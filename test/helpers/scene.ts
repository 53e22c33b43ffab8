// A home to start from again and again: one backup, and a library that differs from it and was left in some state.

import { Database } from "bun:sqlite";
import { cpSync, existsSync, rmSync } from "node:fs";
import { contentOf } from "./content.ts";
import { leaveHotJournal, leaveHotWal } from "./kinds.ts";
import { binary, Home, run } from "./program.ts";
import { integrityOf } from "./state.ts";

export const BACKUP = ["library", "backup"];
export const RESTORE = ["library", "restore", "--yes", "latest"];

/** Which of its two libraries stands in a copy of a scene. */
export type Held = "old" | "new" | "neither";

/** A home to start from, again and again. */
export interface Scene extends Disposable {
	readonly home: Home;
	/** What the library holds, once SQLite has rolled back or replayed what a crash left. */
	readonly old: Record<string, unknown>;
	/** What the newest backup holds. */
	readonly new: Record<string, unknown>;
}

/** How a library can have been left by a writer that was killed. */
export const LEFT = {
	"rows in its WAL": (path: string) => leaveHotWal(path, 300),
	"a hot journal": leaveHotJournal,
	/** So that one file has to take the other's place. */
	"another page size": (path: string) => {
		using library = new Database(path);
		for (const statement of [
			"PRAGMA journal_mode = DELETE",
			"PRAGMA page_size = 8192",
			"VACUUM",
			"PRAGMA journal_mode = WAL",
			"DELETE FROM files WHERE id % 2 = 0",
		]) {
			library.run(statement);
		}
	},
	nothing: (path: string) => {
		using library = new Database(path);
		library.run("DELETE FROM files WHERE id % 2 = 0");
	},
} as const;

/** A home with one backup, and a library that differs from it. */
export async function makeScene(
	leave: (path: string) => Promise<void> | void,
): Promise<Scene> {
	const home = new Home();
	const made = await run(binary, home, BACKUP);
	if (made.exitCode !== 0) throw new Error(made.stderr);
	await Bun.sleep(1000 - (Date.now() % 1000)); // the next one's name tells another second: one call fewer
	const content = contentOf(home.library);
	await leave(home.library);
	rmSync(`${home.library}-shm`, { force: true });
	using copy = copyOf(home);
	return {
		home,
		old: contentAfterRecovery(copy.library),
		new: content,
		[Symbol.dispose]: () => home[Symbol.dispose](),
	};
}

/** Which of its two libraries stands in a copy of the scene. */
export function heldContent(scene: Scene, home: Home): Held {
	const content = contentAfterRecovery(home.library);
	if (Bun.deepEquals(content, scene.old)) return "old";
	return Bun.deepEquals(content, scene.new) ? "new" : "neither";
}

/** A home with the same files. */
export function copyOf(home: Home): Home {
	const copy = new Home(null);
	cpSync(home.path, copy.path, { recursive: true, preserveTimestamps: true });
	return copy;
}

/** What a library holds once SQLite has rolled back or replayed what lies beside it, where all stays as it is. */
export function contentAfterRecovery(path: string): Record<string, unknown> {
	// A copy, so that what lies beside it stays as it is for the next run.
	using home = new Home(null);
	for (const end of ["", "-wal", "-journal"]) {
		if (existsSync(path + end)) cpSync(path + end, home.library + end);
	}
	const integrity = integrityOf(home.library);
	return integrity === "ok" ? contentOf(home.library) : { integrity };
}
