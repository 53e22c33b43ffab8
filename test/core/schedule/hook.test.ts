// A command of the user's: what it gets, what is said of it, and that nothing of it stays behind.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runHook } from "../../../src/core/schedule/hook.ts";

const environment = { PATH: process.env.PATH, GREETING: "hello" };
const options = { environment, timeoutMs: 30_000 };
let folder = "";

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "vpo-hook-"));
});

afterEach(() => {
	rmSync(folder, { recursive: true });
});

test("it gets its input and our environment", async () => {
	const file = join(folder, "out");
	const command = `{ cat; echo "$GREETING"; } > '${file}'`;
	expect(await runHook(command, "{}\n", options)).toBeNull();
	expect(readFileSync(file, "utf8")).toBe("{}\nhello\n");
});

test("one that does not read its input succeeds all the same", async () => {
	expect(await runHook("exit 0", "x".repeat(1e6), options)).toBeNull();
});

test.each([
	["exit 3", "exit code 3"],
	["no-such-command-here 2>&-", "exit code 127"],
	["kill -KILL $$", "ended by SIGKILL"],
])("of %p is said: %s", async (command, reason) => {
	expect(await runHook(command, "", options)).toBe(reason);
});

test("without a shell it does not run", async () => {
	const bare = { ...options, environment: { PATH: folder } };
	expect(await runHook("true", "", bare)).toContain("no shell (sh)");
});

test("one that takes too long is ended with all that it started", async () => {
	const command = `sleep 1000 & echo $! > '${folder}/pid'; wait`;
	const quick = { ...options, timeoutMs: 300 };
	expect(await runHook(command, "", quick)).toBe(
		"ended, as it took longer than 0.3 s",
	);
	const pid = readFileSync(join(folder, "pid"), "utf8").trim();
	expect(await isGone(pid)).toBe(true);
});

test("one that ignores its end is killed", async () => {
	const command = `trap '' TERM; sleep 1000 & echo $! > '${folder}/pid'; while :; do wait; done`;
	const quick = { ...options, timeoutMs: 300 };
	expect(await runHook(command, "", quick)).toContain("took longer");
	const pid = readFileSync(join(folder, "pid"), "utf8").trim();
	expect(await isGone(pid)).toBe(true);
});

test("a signal ends it", async () => {
	const controller = new AbortController();
	const { signal } = controller;
	setTimeout(() => controller.abort(), 100);
	expect(await runHook("sleep 1000", "", { ...options, signal })).toBe(
		"interrupted",
	);
});

test("after a signal it does not begin", async () => {
	const signal = AbortSignal.abort();
	const command = `touch '${folder}/ran'`;
	expect(await runHook(command, "", { ...options, signal })).toContain(
		"before it began",
	);
	expect(existsSync(join(folder, "ran"))).toBe(false);
});

// Killed, but it takes the kernel a moment, and nobody may have collected it yet.
async function isGone(pid: string): Promise<boolean> {
	for (;;) {
		const status = await Bun.file(`/proc/${pid}/stat`)
			.text()
			.catch(() => "");
		if (status === "" || / [ZX] /.test(status)) return true;
		await Bun.sleep(5);
	}
}
