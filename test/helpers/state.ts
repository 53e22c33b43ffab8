// What must be true of the files around a run: backups whole, libraries sound, nothing left that nobody owns.

import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import {
	existsSync,
	lstatSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Every file under a folder: its path in there, and its kind, mode and content in a form that can be compared. */
export function tree(folder: string): Record<string, string> {
	const names = readdirSync(folder, { recursive: true }) as string[];
	return Object.fromEntries(
		names.sort().map((name) => [name, stateOf(join(folder, name))]),
	);
}

/** A file's kind, mode and content. */
export function stateOf(path: string): string {
	const found = lstatSync(path, { throwIfNoEntry: false });
	if (!found) return "nothing";
	const mode = (found.mode & 0o7777).toString(8);
	if (found.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
	if (!found.isFile())
		return `${found.isDirectory() ? "folder" : "other"} ${mode}`;
	return `file ${mode} ${found.size} ${Bun.hash(readFileSync(path))}`;
}

/** The files that a library consists of, as they are, without the -shm, which SQLite may write at any time. */
export function libraryFiles(path: string): string[] {
	return [path, `${path}-wal`, `${path}-journal`].map(stateOf);
}

/** The names in a folder, but for the small files in which we remember a location or a library: they come and stay. */
export function namesIn(folder: string): string[] {
	if (!existsSync(folder)) return [];
	return readdirSync(folder)
		.filter((name) => !/^(\.vpo-state|.*\.vpo)\.json$/.test(name))
		.sort();
}

/** What our runs keep in a folder while they last: scratch folders, claims. */
export function scratchIn(folder: string): string[] {
	return namesIn(folder)
		.filter((name) => /^\.vpo-|\.vpo\.json\.claim$/.test(name))
		.map((name) => join(folder, name));
}

/** The names in a folder that a backup can have. */
export function backupsIn(folder: string): string[] {
	if (!existsSync(folder)) return [];
	return readdirSync(folder)
		.filter((name) => /\.(tar\.gz|tgz)$/.test(name))
		.sort();
}

/** Unpacks an archive with the system's tar, and has `look` see the folder while it is there. */
export function unpacked<T>(archive: string, look: (folder: string) => T): T {
	const folder = mkdtempSync(join(tmpdir(), "vpo-unpacked-"));
	try {
		succeed(["tar", "xzf", archive, "-C", folder]);
		return look(folder);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** The SHA-256 of archives that were found whole: the same bytes are so again. */
const knownAsWhole = new Set<string>();

/** Expects a backup to be whole, as someone without vpo would find out; `look` sees its library. */
export function expectWholeBackup(
	archive: string,
	look?: (library: string) => void,
): void {
	const sha256 = Bun.SHA256.hash(readFileSync(archive), "hex");
	if (!look && knownAsWhole.has(sha256)) return;
	unpacked(archive, (folder) => {
		succeed(
			["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"],
			folder,
		);
		const library = join(folder, "library.db");
		expect(integrityOf(library)).toBe("ok");
		look?.(library);
	});
	knownAsWhole.add(sha256);
}

/** Expects everything with a backup's name in a folder to be whole. */
export function expectWholeBackups(folder: string): string[] {
	const names = backupsIn(folder);
	for (const name of names) expectWholeBackup(join(folder, name));
	return names;
}

/** What SQLite's own check says of a library, "ok" if all is well. */
export function integrityOf(path: string): string {
	const database = new Database(path, { readwrite: true, create: false });
	try {
		return String(database.query("PRAGMA integrity_check").values()[0]?.[0]);
	} finally {
		database.close(true);
	}
}

/** Runs a command that must succeed; its output. */
export function succeed(command: readonly string[], cwd?: string): string {
	const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
		...(cwd ? { cwd } : {}),
		env: process.env,
	});
	if (exitCode !== 0) {
		throw new Error(`${command.join(" ")}: ${exitCode} ${stderr}`);
	}
	return stdout.toString();
}
