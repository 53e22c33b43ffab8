// A copy of the compiled program that hears Bun's variables again, so that a test can break it from within.

import { afterAll } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { BINARY, type Program } from "./program.ts";

let path: string | null = null;
afterAll(() => {
	if (path !== null) rmSync(dirname(path), { recursive: true, force: true });
});

/** The program with BUN_OPTIONS in force. */
export function hearing(): Program {
	path ??= copyThatHears();
	return { name: "hearing", command: [path] };
}

function copyThatHears(): string {
	const folder = mkdtempSync(join(tmpdir(), "vpo-hearing-"));
	const bytes = readFileSync(BINARY);
	const at = bytes.indexOf("\0-UN_OPTIONS\0", 0, "latin1");
	if (at < 0) throw new Error(`${BINARY} was not made deaf`);
	bytes.write("B", at + 1, "latin1");
	const copy = join(folder, "vpo");
	writeFileSync(copy, bytes, { mode: 0o755 });
	return copy;
}
