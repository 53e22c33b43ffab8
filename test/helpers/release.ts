// What was released, and the proof that something of it works: it backs up, lists, verifies and restores.

import { expect } from "bun:test";
import {
	chmodSync,
	chownSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { version } from "../../package.json";
import { contentOf } from "./content.ts";
import { FIXTURES, type Outcome } from "./program.ts";

export const ROOT = join(import.meta.dir, "..", "..");
export const RELEASE = join(ROOT, "dist", "release");
/** The public key of what `test:release` has signed. */
export const KEY = join(ROOT, "dist", "proof.pub");
export const VERSION = version;
const FIXTURE = join(FIXTURES, "library-v27.db");

/** A released file: "linux-x64.tar.gz". */
export function released(what: string): string {
	return join(RELEASE, `vpo-${VERSION}-${what}`);
}

export function deb(architecture: string): string {
	return join(RELEASE, `vpo-library_${VERSION}_${architecture}.deb`);
}

/** A folder for one test, which others may enter. */
export class Scratch implements Disposable {
	readonly path = mkdtempSync(join(tmpdir(), "vpo-release-"));

	constructor() {
		chmodSync(this.path, 0o755);
	}

	at(...parts: string[]): string {
		return join(this.path, ...parts);
	}

	[Symbol.dispose](): void {
		rmSync(this.path, { recursive: true, force: true });
	}
}

/** Runs a command to its end. */
export function sh(
	command: readonly string[],
	options: { env?: Record<string, string>; cwd?: string } = {},
): Outcome {
	const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
		env: { PATH: process.env.PATH ?? "", HOME: "/nonexistent" },
		timeout: 1_200_000,
		...options,
	});
	return {
		exitCode: exitCode ?? -1,
		stdout: stdout.toString(),
		stderr: stderr.toString(),
	};
}

/** Runs a command that must succeed. */
export function must(
	command: readonly string[],
	options?: Parameters<typeof sh>[1],
): string {
	const outcome = sh(command, options);
	if (outcome.exitCode === 0) return outcome.stdout;
	throw new Error(`${command.join(" ")}\n${JSON.stringify(outcome)}`);
}

/** Unpacks a tarball, and returns the folder in it. */
export function unpack(what: string, folder: string): string {
	mkdirSync(folder, { recursive: true });
	must(["tar", "-xf", released(what), "-C", folder]);
	return join(folder, `vpo-${VERSION}-${what.replace(/\.tar\..z$/, "")}`);
}

/** Puts the fixture where a program is to find it as its library. */
export function putLibrary(path: string, owner?: number): void {
	mkdirSync(dirname(path), { recursive: true });
	cpSync(FIXTURE, path);
	if (owner === undefined) return;
	for (const owned of [path, dirname(path)]) chownSync(owned, owner, owner);
}

/**
 * A library of fixture's is backed up, its backup listed and proven, the library lost and brought back whole.
 * @param vpo runs the program where it belongs, with its data folder set
 * @param library where that data folder's library is, seen from here
 */
export function proveWorks(
	vpo: (args: readonly string[]) => Outcome,
	library: string,
): void {
	const json = (...args: string[]) => {
		const outcome = vpo(["library", ...args, "--json"]);
		expect(outcome).toMatchObject({ exitCode: 0 });
		return JSON.parse(outcome.stdout) as Record<string, unknown>;
	};
	expect(json("backup")).toMatchObject({ success: true, schema_version: 27 });
	expect(json("backups")).toMatchObject({ total_count: 1 });
	expect(json("verify", "latest")).toMatchObject({ success: true });
	rmSync(library);
	expect(json("restore", "--yes", "latest")).toMatchObject({ success: true });
	expect(contentOf(library)).toEqual(contentOf(FIXTURE));
	expect(existsSync(`${library}-wal`)).toBe(false);
}
