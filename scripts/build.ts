// Compiles dist/vpo, one self-contained executable for this machine.

import { Database } from "bun:sqlite";
import { $ } from "bun";

const PINNED_BUN = "1.4.5";
/** SQLite before 3.51.3 can corrupt a database when its WAL is reset (https://www.sqlite.org/wal.html#walresetbug). */
const OLDEST_SQLITE = "3.51.3";

if (Bun.version !== PINNED_BUN) {
	throw new Error(
		`built with Bun ${PINNED_BUN} only, and this is ${Bun.version}: npx -y bun@${PINNED_BUN} run build`,
	);
}
const sqlite = new Database(":memory:")
	.query<{ version: string }, []>("SELECT sqlite_version() AS version")
	.get()?.version;
if (!sqlite || !Bun.semver.satisfies(sqlite, `>=${OLDEST_SQLITE}`)) {
	throw new Error(`SQLite ${sqlite} is older than ${OLDEST_SQLITE}`);
}
const flags = [
	"--compile",
	"--minify",
	"--format=esm",
	"--bytecode",
	// What a run does not need is not loaded: --version starts in half the time.
	"--splitting",
	"--no-compile-autoload-dotenv",
	"--no-compile-autoload-bunfig",
	// The workers lie beside the program in the executable, as they lie beside gzip.ts and library.ts here.
	"--entry-naming=[name].[ext]",
];
const entries = [
	"src/main.ts",
	"src/core/archive/gzip.worker.ts",
	"src/core/library/sqlite.worker.ts",
];
await $`${process.execPath} build ${flags} ${entries} --outfile dist/vpo`
	.cwd(`${import.meta.dir}/..`)
	.quiet();
