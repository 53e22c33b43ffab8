// What stands where a library, a backup or a name of one is expected, and is something else: told, never waited for.

import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { succeed } from "../helpers/state.ts";

describe("a FIFO beside the library, in which SQLite would wait for ever", () => {
	test.each(["-journal", "-wal", "-shm"])("as its %s", async (ending) => {
		using home = new Home();
		await run(binary, home, ["library", "backup"]);
		const path = home.library + ending;
		rmSync(path, { force: true });
		succeed(["mkfifo", path]);
		for (const args of [
			["backup"],
			["backup", "--salvage"],
			["check"],
			["restore", "--yes", "latest"],
		]) {
			const { exitCode, json } = await runJson(
				binary,
				home,
				["library", ...args],
				{ timeoutMs: 10_000 },
			);
			expect({ args, exitCode }).toEqual({
				args,
				exitCode: args[0] === "check" ? 61 : 40,
			});
			expect(json.error).toBe(`not a regular file: ${path}`);
		}
	});
});
