// Compiles the program into one self-contained executable, which knows what it was made from.

import { Database } from "bun:sqlite";
import { resolve } from "node:path";
import { $ } from "bun";
import type { Commit } from "./commit.ts";
import { deafen } from "./deaf.ts";

const PINNED_BUN = "1.4.5";
/** SQLite before 3.51.3 can corrupt a database when its WAL is reset (https://www.sqlite.org/wal.html#walresetbug). */
const OLDEST_SQLITE = "3.51.3";

const FLAGS = [
	"--compile",
	"--minify",
	"--format=esm",
	"--bytecode",
	// What a run does not need is not loaded: --version starts in half the time.
	"--splitting",
	"--no-compile-autoload-dotenv",
	"--no-compile-autoload-bunfig",
	// Who has a certificate authority of his own has told the system of it.
	"--compile-exec-argv=--use-system-ca",
	// The workers lie beside the program in the executable, as they lie beside gzip.ts and library.ts here.
	"--entry-naming=[name].[ext]",
];
const ENTRIES = [
	"src/main.ts",
	"src/core/archive/gzip.worker.ts",
	"src/core/library/sqlite.worker.ts",
	"src/ground/locks/apart.worker.ts",
];

export interface Compilation {
	/** What runs it, such as "linux-x64-musl"; left out it is this machine. */
	readonly target?: string;
	/** Its last part goes into the executable's bytes. */
	readonly outFile: string;
	/** Of the sources; null where they are not known. */
	readonly commit: Commit | null;
}

/**
 * Compiles `root` for one target; Bun fetches that target's runtime from the npm registry where it is not this machine's.
 * The same sources make the same bytes, in whatever folder they lie.
 * @throws if it runs on another Bun than the pinned one, or on one whose SQLite can corrupt a database
 */
export async function compile(
	root: string,
	{ target, outFile, commit }: Compilation,
): Promise<void> {
	const build = {
		commit: commit?.id ?? null,
		date: commit?.date ?? null,
		target: target ?? `linux-${process.arch}${isMusl() ? "-musl" : ""}`,
		bun: requirePinnedBun(),
		sqlite: requireSoundSqlite(),
	};
	const flags = [
		...FLAGS,
		...(target ? [`--target=bun-${target}-v${PINNED_BUN}`] : []),
		`--define=VPO_BUILD=${JSON.stringify(build)}`,
	];
	await $`${process.execPath} build ${flags} ${ENTRIES} --outfile ${outFile}`
		.cwd(root)
		.quiet();
	deafen(resolve(root, outFile));
}

function isMusl(): boolean {
	const report = process.report.getReport() as {
		header: { glibcVersionRuntime?: string };
	};
	return report.header.glibcVersionRuntime === undefined;
}

function requirePinnedBun(): string {
	if (Bun.version === PINNED_BUN) return PINNED_BUN;
	throw new Error(
		`built with Bun ${PINNED_BUN} only, and this is ${Bun.version}: npx -y bun@${PINNED_BUN} run build`,
	);
}

/** SQLite's version, which is that of every target: Bun brings its own. */
export function requireSoundSqlite(): string {
	const sqlite = new Database(":memory:")
		.query<{ version: string }, []>("SELECT sqlite_version() AS version")
		.get()?.version;
	if (sqlite && Bun.semver.satisfies(sqlite, `>=${OLDEST_SQLITE}`)) {
		return sqlite;
	}
	throw new Error(`SQLite ${sqlite} is older than ${OLDEST_SQLITE}`);
}
