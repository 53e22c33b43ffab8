import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { archiveBytes } from "./folders.ts";
import type { Contender } from "./measure.ts";
import { copyLibrary } from "./samples.ts";

/** The command that backs `library` up into `folder`. */
export function backupCommand(
	bench: Bench,
	library: string,
	folder: string,
	...flags: readonly string[]
): readonly string[] {
	const files = ["--database", library, "--output", `${folder}/`];
	return [bench.vpo, "library", "backup", ...files, ...flags];
}

/** `vpo library backup`, everything verified. */
export function ourBackup(
	bench: Bench,
	library: string,
	...flags: readonly string[]
): Contender {
	return {
		name: ["vpo library backup", ...flags].join(" "),
		command: (folder) => backupCommand(bench, library, folder, ...flags),
		madeBytes: archiveBytes,
	};
}

/** `vpo library restore` over a copy of `library`. */
export function ourRestore(
	bench: Bench,
	archive: string,
	library: string,
	...flags: readonly string[]
): Contender {
	return {
		name: ["vpo library restore", ...flags].join(" "),
		command: (folder) => {
			const database = ["--database", copyLibrary(library, folder)];
			const words = [bench.vpo, "library", "restore", "--yes"];
			return [...words, ...flags, ...database, archive];
		},
	};
}

/** `vpo library verify` of one archive. */
export function ourVerify(bench: Bench, archive: string): Contender {
	return {
		name: "vpo library verify",
		// The scratch folder is made beside the library.
		command: (folder) => {
			const database = ["--database", join(folder, "library.db")];
			return [bench.vpo, "library", "verify", ...database, archive];
		},
	};
}

/** `vpo library diff` of an archive and a library. */
export function ourDiff(
	bench: Bench,
	archive: string,
	library: string,
): Contender {
	const words = [bench.vpo, "library", "diff", archive];
	return {
		name: "vpo library diff",
		command: () => [...words, "--database", library],
	};
}

/** `vpo library restore --dry-run` of an archive over a library. */
export function ourDryRun(
	bench: Bench,
	archive: string,
	library: string,
): Contender {
	const words = [bench.vpo, "library", "restore", "--dry-run"];
	return {
		name: "vpo library restore --dry-run",
		command: () => [...words, "--database", library, archive],
	};
}

/** `vpo library backups` of a folder. */
export function ourList(bench: Bench, path: string, name: string): Contender {
	return {
		name,
		command: () => [bench.vpo, "library", "backups", "--path", path],
	};
}
