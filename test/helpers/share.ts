// A network share as tests need one: a folder behind FUSE, with the quirks that are asked for, which can hang as well.

import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireRoot } from "./mounts.ts";
import { succeed } from "./state.ts";

const SCRIPT = join(import.meta.dir, "share.py");
/** Debian's own, which has the FUSE module. */
const PYTHON = "/usr/bin/python3";
const MOST_WAIT_MS = 10_000;

/** A mounted share; unmounted when disposed of. */
export class Share implements AsyncDisposable {
	readonly #folder = mkdtempSync(join(tmpdir(), "vpo-share-"));
	/** What the server has. */
	readonly source = mkdtempSync(join(this.#folder, "source-"));
	/** Where it is mounted. */
	readonly path = mkdtempSync(join(this.#folder, "mounted-"));
	readonly #server: Bun.Subprocess<"ignore", "pipe", "inherit">;

	private constructor(quirks: readonly string[]) {
		requireRoot("it mounts a share");
		if (!existsSync("/dev/fuse")) throw new Error("this test needs /dev/fuse");
		this.#server = Bun.spawn(
			[PYTHON, SCRIPT, this.source, this.path, ...quirks],
			{ stdin: "ignore", stdout: "pipe", stderr: "inherit" },
		);
	}

	/** @param quirks as share.py has them: "chmod=EPERM", "frsize=4096", … */
	static async mount(...quirks: readonly string[]): Promise<Share> {
		const share = new Share(quirks);
		const device = statSync(share.source).dev;
		const giveUpAt = performance.now() + MOST_WAIT_MS;
		while (statSync(share.path).dev === device) {
			if (performance.now() > giveUpAt) throw new Error("nothing is mounted");
			await Bun.sleep(20);
		}
		return share;
	}

	at(...parts: string[]): string {
		return join(this.path, ...parts);
	}

	/** Resolves when it lets a call wait, as it was asked to. */
	async hasBeenCalled(): Promise<void> {
		await this.#server.stdout.getReader().read();
	}

	/** Whatever is asked of it from now on gets no answer. */
	hang(): void {
		this.#server.kill("SIGSTOP");
	}

	answer(): void {
		this.#server.kill("SIGUSR1");
		this.#server.kill("SIGCONT");
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.answer();
		succeed(["umount", "--lazy", this.path]);
		await this.#server.exited;
		rmSync(this.#folder, { recursive: true });
	}
}
