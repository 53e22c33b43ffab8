// A folder tree that holds the binary, the few libraries it is linked to, /proc and /dev, and nothing else.

import {
	chmodSync,
	chownSync,
	cpSync,
	mkdirSync,
	mkdtempSync,
	rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { requireRoot } from "./mounts.ts";
import { BINARY, type Outcome } from "./program.ts";

/** All that a program for glibc may need. */
const ALLOWED =
	/\/(ld-linux-[\w-]+\.so\.\d|libc\.so\.6|libm\.so\.6|libpthread\.so\.0|libdl\.so\.2)$/;

export class Jail implements Disposable {
	readonly root = mkdtempSync(join(tmpdir(), "vpo-jail-"));

	constructor() {
		requireRoot("it runs the binary in a chroot");
		chmodSync(this.root, 0o755);
		for (const name of ["proc", "dev"]) mkdirSync(join(this.root, name));
		cpSync(BINARY, join(this.root, "vpo"));
		for (const library of this.libraries()) {
			if (!ALLOWED.test(library)) throw new Error(`${BINARY} needs ${library}`);
			const to = join(this.root, library);
			mkdirSync(dirname(to), { recursive: true });
			cpSync(library, to, { dereference: true });
		}
	}

	/** The libraries that the binary is linked to. */
	libraries(): string[] {
		const { stdout } = Bun.spawnSync(["ldd", BINARY]);
		return stdout.toString().match(/\/\S+/g) ?? [];
	}

	/** Copies a file into the jail, as this user's own. */
	add(from: string, to: string, uid: number): void {
		const path = join(this.root, to);
		mkdirSync(dirname(path), { recursive: true });
		cpSync(from, path);
		for (const owned of [path, dirname(path)]) chownSync(owned, uid, uid);
	}

	/** Runs the binary with nothing in its environment. */
	run(uid: number, args: readonly string[]): Outcome {
		const line = [
			'mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" || exit 99',
			'uid=$1; shift; exec env -i "$(command -v chroot)" "--userspec=$uid:$uid" "$0" /vpo "$@"',
		].join("\n");
		const { exitCode, stdout, stderr } = Bun.spawnSync(
			["unshare", "-m", "sh", "-c", line, this.root, String(uid), ...args],
			{ env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, timeout: 60_000 },
		);
		return {
			exitCode: exitCode ?? -1,
			stdout: stdout.toString(),
			stderr: stderr.toString(),
		};
	}

	[Symbol.dispose](): void {
		rmSync(this.root, { recursive: true, force: true });
	}
}
