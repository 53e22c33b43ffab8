// Three readers of a library that a cut may have left: the program's own SQLite, Python's, and the sqlite3 shell.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentOf } from "../helpers/content.ts";
import { python } from "../helpers/peer.ts";
import { integrityOf } from "../helpers/state.ts";

const SCRIPT = join(import.meta.dir, "readers.py");
/** Where it costs nothing that each reader syncs what it rolls back. */
const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** The files of a library by the ends of their names: "", "-wal", "-journal". */
export type LibraryFiles = ReadonlyMap<string, Uint8Array>;

/** Opens each library with all three, and says what they find; equal contents give equal texts. */
export class Readers implements AsyncDisposable {
	readonly #folder = mkdtempSync(join(MEMORY, "vpo-power-"));
	readonly #python = Bun.spawn([python(), SCRIPT], {
		stdin: "pipe",
		stdout: "pipe",
		stderr: "inherit",
	});
	readonly #lines = linesOf(this.#python.stdout);

	async read(files: LibraryFiles): Promise<string[]> {
		const paths = ["ours", "python", "shell"].map((name) => {
			const path = join(this.#folder, `${name}.db`);
			for (const end of ["", "-wal", "-shm", "-journal"]) {
				rmSync(path + end, { force: true });
			}
			for (const [end, bytes] of files) writeFileSync(path + end, bytes);
			return path;
		});
		const [ours = "", other = "", shell = ""] = paths;
		return [ourOwn(ours), await this.#pythons(other), shells(shell)];
	}

	async #pythons(path: string): Promise<string> {
		this.#python.stdin.write(`${path}\n`);
		this.#python.stdin.flush();
		const { value, done } = await this.#lines.next();
		if (done) throw new Error("readers.py has ended");
		return value;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#python.stdin.end();
		await this.#python.exited;
		rmSync(this.#folder, { recursive: true, force: true });
	}
}

function ourOwn(path: string): string {
	try {
		const integrity = integrityOf(path);
		if (integrity !== "ok") return integrity;
		return String(Bun.hash(JSON.stringify(contentOf(path))));
	} catch (error) {
		return String(error);
	}
}

function shells(path: string): string {
	const { stdout, stderr, exitCode } = Bun.spawnSync([
		"sqlite3",
		path,
		"PRAGMA integrity_check",
		".dump",
	]);
	const text = stdout.toString();
	if (exitCode !== 0) return stderr.toString();
	return text.startsWith("ok\n") ? String(Bun.hash(text)) : text.slice(0, 100);
}

async function* linesOf(
	stream: ReadableStream<Uint8Array>,
): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	let rest = "";
	for await (const bytes of stream) {
		rest += decoder.decode(bytes, { stream: true });
		const lines = rest.split("\n");
		rest = lines.pop() ?? "";
		yield* lines;
	}
}
