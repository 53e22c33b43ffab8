// Every way to fail that DESIGN §5 knows, each as one call of the program.

import { Database } from "bun:sqlite";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Mount } from "./mounts.ts";
import { FIXTURES, type Home } from "./program.ts";

/** A call, ready to be made. */
export interface Call {
	readonly args: readonly string[];
	readonly env?: Record<string, string>;
	/** Held until the call has ended. */
	readonly held?: Disposable;
}

export interface Failure {
	readonly name: string;
	readonly exitCode: number;
	readonly code: string;
	readonly error: RegExp;
	/** Sets the scene in a home that holds library-v27.db and nothing else. */
	readonly stage: (home: Home) => Call;
}

export const VPO_ARCHIVE = join(
	FIXTURES,
	"vpo-library-2026-11-22T110747Z.tar.gz",
);

export const FAILURES: readonly Failure[] = [
	{
		name: "a bug",
		exitCode: 1,
		code: "GENERAL_ERROR",
		error: /^unforeseen error: boom$/,
		stage: (home) => ({
			args: ["library", "backup"],
			env: withBug(
				home,
				'Number.prototype.toLocaleString = () => { throw new Error("boom"); };',
			),
		}),
	},
	{
		name: "a bug that no caller sees",
		exitCode: 1,
		code: "GENERAL_ERROR",
		error: /^unforeseen error: boom$/,
		stage: (home) => ({
			args: ["library", "backup", "--lock-timeout=60"],
			env: withBug(
				home,
				'setTimeout(() => { throw new Error("boom"); }, 300);',
			),
			held: writeLock(home.library),
		}),
	},
	{
		name: "an unknown flag",
		exitCode: 2,
		code: "USAGE",
		error: /^unknown flag --frobnicate$/,
		stage: () => ({ args: ["library", "backup", "--frobnicate"] }),
	},
	{
		name: "a question that nobody can answer",
		exitCode: 2,
		code: "CONFIRMATION_REQUIRED",
		error: /^no terminal to ask on, and no --yes; nothing was changed$/,
		stage: () => ({ args: ["library", "restore", VPO_ARCHIVE] }),
	},
	{
		name: "a broken config.toml",
		exitCode: 11,
		code: "CONFIG_ERROR",
		error: /\.vpo\/config\.toml: not valid TOML, line 2: /,
		stage: (home) => {
			writeFileSync(home.at(".vpo", "config.toml"), "[backup]\ndirectory = ");
			return { args: ["library", "backups"] };
		},
	},
	{
		name: "no library",
		exitCode: 20,
		code: "NOT_FOUND",
		error: /^no library at .*\/none\.db$/,
		stage: () => ({ args: ["library", "backup", "--database", "none.db"] }),
	},
	{
		name: "a failure after which tidying up fails as well",
		exitCode: 20,
		code: "NOT_FOUND",
		error: /^no library at .*\/none\.db$/,
		stage: (home) => ({
			args: ["library", "backup", "--database", "none.db"],
			env: withBug(
				home,
				'Worker.prototype.terminate = () => { throw new Error("boom"); };',
			),
		}),
	},
	{
		name: "no such backup",
		exitCode: 20,
		code: "NOT_FOUND",
		error: /^no backup "2026" in .*\/\.vpo\/backups/,
		stage: () => ({ args: ["library", "restore", "2026"] }),
	},
	{
		name: "an output that exists",
		exitCode: 40,
		code: "OPERATION_FAILED",
		error: /^the file exists already: .*\/taken\.tar\.gz$/,
		stage: (home) => {
			writeFileSync(home.at("taken.tar.gz"), "mine");
			return { args: ["library", "backup", "--output", "taken.tar.gz"] };
		},
	},
	{
		name: "a file that is no library",
		exitCode: 42,
		code: "DATABASE_ERROR",
		error: /^not a VPO library: .*library\.db: it is not a SQLite database$/,
		stage: (home) => {
			writeFileSync(home.library, "not a database");
			return { args: ["library", "backup"] };
		},
	},
	{
		name: "a locked library",
		exitCode: 43,
		code: "DATABASE_LOCKED",
		error: /^the library library\.db is /,
		stage: (home) => ({
			args: ["library", "backup", "--lock-timeout", "0"],
			held: writeLock(home.library),
		}),
	},
	{
		name: "a full disk",
		exitCode: 44,
		code: "INSUFFICIENT_SPACE",
		error: /^not enough space in .*: .* needed, 262\.1 KB free$/,
		stage: () => {
			const disk = Mount.tmpfs(256 * 1024);
			const args = ["library", "backup", "--output", disk.at("/")];
			return { args, held: disk };
		},
	},
	{
		name: "a backup that is newer than the library",
		exitCode: 45,
		code: "SCHEMA_INCOMPATIBLE",
		error: /^the backup has schema 27, the library has 26: /,
		stage: (home) => {
			setSchema(home.library, 26);
			return { args: ["library", "restore", "--yes", VPO_ARCHIVE] };
		},
	},
	{
		name: "a damaged archive",
		exitCode: 46,
		code: "INVALID_ARCHIVE",
		error: /^incomplete archive .*\/half\.tar\.gz/,
		stage: (home) => {
			const path = home.at("half.tar.gz");
			Bun.spawnSync(["cp", VPO_ARCHIVE, path]);
			truncateSync(path, 60_000);
			return { args: ["library", "restore", "--yes", path] };
		},
	},
];

/** Writes another schema version into a library. */
export function setSchema(path: string, version: number): void {
	using library = new Database(path);
	library.run("UPDATE _meta SET value = ? WHERE key = 'schema_version'", [
		String(version),
	]);
}

/** The write lock of a library, as somebody else has it in the middle of a change. */
export function writeLock(path: string): Disposable {
	const library = new Database(path);
	library.run("PRAGMA journal_mode = DELETE"); // in WAL mode nobody would wait for it
	library.run("BEGIN IMMEDIATE");
	return { [Symbol.dispose]: () => library.close() };
}

/** An environment that breaks the program from within before it starts. */
function withBug(home: Home, source: string): Record<string, string> {
	const path = home.at("bug.js");
	writeFileSync(path, source);
	return { BUN_OPTIONS: `--preload=${path}` };
}
