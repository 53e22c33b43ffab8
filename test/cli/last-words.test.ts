// One document, and an end, whatever the moment: early signals, second ones, readers that stall, descriptors that run out.

import { expect, test } from "bun:test";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { writeLock } from "../helpers/failing.ts";
import { Monitor } from "../helpers/monitor.ts";
import { binary, Home, run, start } from "../helpers/program.ts";
import { inShell } from "../helpers/shell.ts";
import { handles } from "../helpers/signals.ts";
import { backupsIn, scratchIn, succeed } from "../helpers/state.ts";

const BACKUP = ["library", "backup"];

/** Both ends of a pipe that nobody reads and that takes nothing more. */
function fullPipe(home: Home): { reader: number; writer: number } {
	const path = home.at("pipe");
	succeed(["mkfifo", path]);
	const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
	try {
		for (;;) writeSync(reader, new Uint8Array(4096));
	} catch {
		// It is full.
	}
	return { reader, writer: openSync(path, "w") };
}

test("a signal is heard as soon as the program can hear at all, and answered in JSON", async () => {
	using home = new Home();
	for (let round = 0; round < 5; round++) {
		const child = start(binary, home, [...BACKUP, "--json"]);
		await handles(child.pid, "SIGTERM");
		child.kill("SIGTERM");
		const json = JSON.parse(await new Response(child.stdout).text());
		expect(json).toMatchObject({ code: "INTERRUPTED", exit_code: 143 });
		expect(await child.exited).toBe(143);
	}
	expect(backupsIn(home.backups)).toEqual([]);
	expect(scratchIn(home.at(".vpo"))).toEqual([]);
});

test("a second signal ends what the first one has not ended yet, with its one document", async () => {
	using home = new Home();
	const { promise, resolve } = Promise.withResolvers<Response>();
	await using monitor = new Monitor(({ path }) =>
		path === "/fail" ? promise : new Response(),
	);
	using _ = writeLock(home.library);
	const flags = ["--lock-timeout", "3600", "--ping-url", monitor.origin];
	const child = start(binary, home, [...BACKUP, "--json", ...flags]);
	await monitor.heard("/start");
	child.kill("SIGTERM");
	await monitor.heard("/fail");
	await Bun.sleep(1050); // sooner it would be the echo of the first
	child.kill("SIGINT");
	const json = JSON.parse(await new Response(child.stdout).text());
	expect(json).toMatchObject({
		error: "interrupted by SIGINT before all half-done was removed",
		exit_code: 130,
	});
	expect(await child.exited).toBe(130);
	resolve(new Response());
});

test.each(["stdout", "stderr"] as const)(
	"a reader of %s that stalls does not make it deaf to signals",
	async (stalled) => {
		using home = new Home();
		const { reader, writer } = fullPipe(home);
		const args = [...BACKUP, "--on-success", "echo done > done"];
		const child = Bun.spawn([...binary.command, ...args, "--note", "x"], {
			cwd: home.path,
			env: { HOME: home.path, PATH: process.env.PATH ?? "", VPO_DEBUG: "1" },
			stdin: "ignore",
			stdout: stalled === "stdout" ? writer : "ignore",
			stderr: stalled === "stderr" ? writer : "ignore",
			timeout: 20_000,
			killSignal: "SIGKILL",
		});
		closeSync(writer);
		if (stalled === "stdout") {
			while (!(await Bun.file(home.at("done")).exists())) await Bun.sleep(5);
		} else await handles(child.pid, "SIGTERM");
		child.kill("SIGTERM");
		const sentAt = performance.now();
		expect(await child.exited).toBe(143);
		expect(performance.now() - sentAt).toBeLessThan(5000);
		closeSync(reader);
	},
);

test.each([8, 12, 14, 16, 18])(
	"with %d descriptors it says in JSON that there are too few",
	async (count) => {
		using home = new Home();
		const few = inShell(binary, `ulimit -n ${count}; exec "$@"`);
		const outcome = await run(few, home, [...BACKUP, "--json"]);
		expect(outcome.exitCode).toBe(40);
		expect(JSON.parse(outcome.stdout)).toMatchObject({
			error: expect.stringContaining("too many open files"),
			exit_code: 40,
		});
	},
);
