// File systems of their own for tests: small, read-only or on another device. They need root, and say so.

import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { succeed } from "./state.ts";

/** A mounted folder; unmounted when disposed of. */
export class Mount implements Disposable {
	readonly path = mkdtempSync(join(tmpdir(), "vpo-mount-"));

	private constructor(options: readonly string[]) {
		requireRoot("it mounts file systems");
		succeed(["mount", ...options, this.path]);
	}

	/** A file system in memory that holds so much and no more. */
	static tmpfs(sizeBytes: number): Mount {
		return new Mount([
			"-t",
			"tmpfs",
			"-o",
			`size=${sizeBytes},mode=0700`,
			"vpo",
		]);
	}

	/** Another view on a folder, through which nobody can write. */
	static readOnly(folder: string): Mount {
		const mount = new Mount(["--bind", folder]);
		succeed(["mount", "-o", "remount,bind,ro", mount.path]);
		return mount;
	}

	at(...parts: string[]): string {
		return join(this.path, ...parts);
	}

	[Symbol.dispose](): void {
		succeed(["umount", "--lazy", this.path]);
		rmdirSync(this.path);
	}
}

/** One file mounted over another, as containers do it; unmounted when disposed of. */
export function mountFile(from: string, over: string): Disposable {
	requireRoot("it mounts a file");
	succeed(["mount", "--bind", from, over]);
	return { [Symbol.dispose]: () => succeed(["umount", "--lazy", over]) };
}

/** @throws where the tests don't run as root, rather than skipping what they are for */
export function requireRoot(why: string): void {
	if (process.getuid?.() !== 0) {
		throw new Error(`this test needs root: ${why}; run it with sudo`);
	}
}
