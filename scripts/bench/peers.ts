// The same jobs done with what a Debian system has: sqlite3, tar, pigz, Python.
import { join } from "node:path";
import { archiveBytes } from "./folders.ts";
import type { Contender } from "./measure.ts";
import { copyLibrary } from "./samples.ts";

const copyAndTar = `
sqlite3 "$1" ".backup '$2/library.db'"
tar czf "$2/backup.tar.gz" -C "$2" library.db`;

const safeByHand = `
sqlite3 "$1" "VACUUM INTO '$2/library.db'"
test "$(sqlite3 "$2/library.db" 'PRAGMA integrity_check')" = ok
tar -I pigz -cf "$2/backup.tar.gz" -C "$2" library.db
pigz -t "$2/backup.tar.gz"
sha256sum "$2/backup.tar.gz" > "$2/SHA256SUMS"`;

/** `sqlite3 .backup` and `tar czf`: nothing verified. */
export function shellBackup(library: string): Contender {
	return shell("sqlite3 .backup + tar czf", copyAndTar, library);
}

/** The safety that `vpo library backup` gives, put together by hand. */
export function carefulShellBackup(library: string): Contender {
	return shell(
		"VACUUM INTO + integrity_check + tar -I pigz + pigz -t + sha256sum",
		safeByHand,
		library,
	);
}

/** What VPO's own backup does: nothing verified. */
export function pythonBackup(library: string): Contender {
	return {
		name: "Python: the steps of VPO's backup",
		command: (folder) =>
			python("peer_backup.py", library, join(folder, "backup.tar.gz")),
		madeBytes: archiveBytes,
	};
}

/** What VPO's own restore does, or each of its steps only once. */
export function pythonRestore(
	archive: string,
	library: string,
	times: "as VPO" | "once",
): Contender {
	const flags = times === "once" ? ["--once"] : [];
	return {
		name: `Python: the steps of VPO's restore${times === "once" ? ", each once" : ""}`,
		command: (folder) =>
			python(
				"peer_restore.py",
				...flags,
				archive,
				copyLibrary(library, folder),
			),
	};
}

/** What changed between two databases, by Debian's sqlite3-tools. */
export function sqldiff(old: string, fresh: string): Contender {
	return {
		name: "sqldiff --summary",
		command: () => ["sqldiff", "--summary", old, fresh],
	};
}

/** The command that runs `argv` and prints its peak memory in bytes. */
export function peakMemoryCommand(argv: readonly string[]): readonly string[] {
	return python("peak_memory.py", ...argv);
}

/** `gzip -6` of a file, one thread. */
export function gzipOnly(file: string): Contender {
	return shell("gzip -6", 'gzip -6 -c "$1" > "$2/library.db.gz"', file, 0);
}

function python(script: string, ...rest: readonly string[]): readonly string[] {
	return ["python3", join(import.meta.dir, script), ...rest];
}

function shell(
	name: string,
	script: string,
	input: string,
	madeBytes?: 0,
): Contender {
	return {
		name,
		command: (folder) => ["sh", "-euc", script, "sh", input, folder],
		...(madeBytes === 0 ? {} : { madeBytes: archiveBytes }),
	};
}
