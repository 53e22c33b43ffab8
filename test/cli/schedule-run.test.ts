// schedule --run on the real clock: it goes on whatever a backup does, and ends at once when it is told to.

import { expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeLock } from "../helpers/failing.ts";
import { Kept } from "../helpers/kept.ts";
import { Monitor } from "../helpers/monitor.ts";
import { binary, FIXTURES, Home, PROGRAMS } from "../helpers/program.ts";
import { backupsIn, expectWholeBackups, scratchIn } from "../helpers/state.ts";

// Some schedules take seconds by their nature, and machines may be busy.
setDefaultTimeout(60_000);

const SECRET = "5eCr3t-0f-m1ne";

test.each(PROGRAMS)(
	"without a backup it makes one at once, then one at each time: $name",
	async (program) => {
		using home = new Home();
		await using kept = new Kept(program, home, ["--every", "1s"]);
		await kept.log.until(
			/\] the newest backup is too old \(none\): backing up now\n/,
		);
		await kept.stdout.until(/(Backup created.*){3}/s);
		await kept.log.until(
			/\] next backup: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(UTC\)\n/,
		);
		expect((await kept.end("SIGTERM"))[0]).toBe(143);
		expect(expectWholeBackups(home.backups).length).toBeGreaterThanOrEqual(3);
	},
);

test.each([
	["SIGTERM", 143],
	["SIGINT", 130],
	["SIGHUP", 129],
] as const)("%s ends its wait at once", async (signal, expected) => {
	using home = new Home();
	const args = ["--no-catch-up", "--every", "1h"];
	await using kept = new Kept(binary, home, args);
	await kept.log.until(/next backup/);
	const [exitCode, ms] = await kept.end(signal);
	expect(exitCode).toBe(expected);
	expect(ms).toBeLessThan(2000);
	expect(await kept.log.ended).toEndWith(`] stopped by ${signal}\n`);
	expect(kept.log.text).not.toContain("[error]");
	expect(await kept.stdout.ended).toBe("");
	expect(backupsIn(home.backups)).toEqual([]);
});

test("a signal breaks off a backup, and nothing of it stays behind", async () => {
	using home = new Home();
	await using monitor = new Monitor();
	using _ = writeLock(home.library);
	const url = ["--ping-url", `${monitor.origin}/${SECRET}`];
	const flags = ["--", "--lock-timeout", "3600", ...url];
	await using kept = new Kept(binary, home, ["--every", "1h", ...flags]);
	await monitor.heard(`/${SECRET}/start`);
	const [exitCode, ms] = await kept.end("SIGTERM");
	expect(exitCode).toBe(143);
	expect(ms).toBeLessThan(5000);
	expect(monitor.paths).toContain(`/${SECRET}/fail`);
	expect(backupsIn(home.backups)).toEqual([]);
	expect([...scratchIn(home.backups), ...scratchIn(home.at(".vpo"))]).toEqual(
		[],
	);
	expect(await kept.log.ended).not.toContain(SECRET);
});

test("a signal to it and to its backup at once, as systemd sends it, is one signal", async () => {
	using home = new Home();
	const { promise, resolve } = Promise.withResolvers<Response>();
	await using monitor = new Monitor(({ path }) =>
		path === "/fail" ? promise : new Response(),
	);
	using _ = writeLock(home.library);
	const flags = ["--lock-timeout", "3600", "--ping-url", monitor.origin];
	const args = ["--every", "1h", "--", ...flags];
	await using kept = new Kept(binary, home, args);
	await monitor.heard("/start");
	const { pid } = kept.child;
	const children = `/proc/${pid}/task/${pid}/children`;
	const ended = kept.end("SIGTERM");
	process.kill(Number(readFileSync(children, "utf8")), "SIGTERM");
	await monitor.heard("/fail");
	resolve(new Response());
	expect((await ended)[0]).toBe(143);
	// Its backup's and its own: both ended in order.
	const said = await kept.log.ended;
	expect(said.match(/\[error\] interrupted by/g)).toHaveLength(1);
	expect(said).toEndWith("] stopped by SIGTERM\n");
});

test("killed and started again it goes on counting from the newest backup", async () => {
	using home = new Home();
	const args = ["--every", "1h"];
	const before = new Kept(binary, home, args);
	const [, due] = await before.log.until(/next backup: (.*) \(UTC\)\n/);
	await before.end("SIGKILL");
	await using after = new Kept(binary, home, args);
	const [, next] = await after.log.until(/next backup: (.*) \(UTC\)\n/);
	const difference = Date.parse(String(due)) - Date.parse(String(next));
	expect(Math.abs(difference)).toBeLessThan(3000);
	expect(backupsIn(home.backups)).toHaveLength(1);
});

test("started again it makes up for a time that it missed", async () => {
	using home = new Home();
	const old = "vpo-library-2026-11-22T110747Z.tar.gz";
	cpSync(join(FIXTURES, old), join(home.backups, old));
	await using kept = new Kept(binary, home, ["--cron", "* * * * *"]);
	await kept.stdout.until(/Backup created/);
	expect(kept.log.text).toMatch(/too old \(2026-11-22 11:07:4\d\)/);
	expect(backupsIn(home.backups)).toHaveLength(2);
});

test("a secret reaches the backup, but no command line", async () => {
	using home = new Home();
	await using monitor = new Monitor();
	const command = "tr '\\0' ' ' < /proc/$PPID/cmdline";
	const flags = ["--ping-url", `${monitor.origin}/${SECRET}`];
	const args = ["--every", "1h", "--", ...flags, "--on-success", command];
	await using kept = new Kept(binary, home, args);
	await kept.log.until(/library backup --on-success.*next backup/s);
	expect(monitor.paths).toEqual([`/${SECRET}/start`, `/${SECRET}`]);
	expect(kept.log.text).not.toContain(SECRET);
});

test("with --json stdout has one document, at the end", async () => {
	using home = new Home();
	await using kept = new Kept(binary, home, ["--every", "1h", "--json"]);
	await kept.log.until(/Backup created.*next backup/s);
	await kept.end("SIGTERM");
	expect(JSON.parse(await kept.stdout.ended)).toMatchObject({
		success: false,
		error: "stopped by SIGTERM",
		code: "INTERRUPTED",
		exit_code: 143,
	});
});
