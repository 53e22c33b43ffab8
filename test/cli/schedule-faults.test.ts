// schedule --run when backups fail, die or take too long: it says so, tells the monitor, and goes on.

import { expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Kept } from "../helpers/kept.ts";
import { Monitor } from "../helpers/monitor.ts";
import { requireRoot } from "../helpers/mounts.ts";
import { BINARY, binary, FIXTURES, Home } from "../helpers/program.ts";
import { inShell } from "../helpers/shell.ts";

// Schedules take seconds by their nature, so they run side by side; and machines may be busy.
setDefaultTimeout(60_000);

test.concurrent("a failing backup is reported and does not end it", async () => {
	using home = new Home(null);
	await using kept = new Kept(binary, home, ["--every", "1s"]);
	await kept.log.until(/(no library at .*ended with exit code 20.*){2}/s);
	cpSync(join(FIXTURES, "library-v27.db"), home.library);
	await kept.stdout.until(/Backup created/);
});

test.concurrent("a backup that is killed is reported, also to the monitor, and does not end it", async () => {
	using home = new Home();
	await using monitor = new Monitor();
	const command = "kill -KILL $PPID";
	const flags = ["--on-success", command, "--ping-url", monitor.origin];
	const args = ["--every", "1s", "--", ...flags];
	await using kept = new Kept(binary, home, args);
	await kept.log.until(/(ended by SIGKILL.*){2}next backup/s);
	expect(monitor.paths).toContain("/fail");
});

test.concurrent("no backup begins while another is under way", async () => {
	using home = new Home();
	const command = "echo begun >&2; sleep 1.2; echo ended >&2";
	const args = ["--every", "1s", "--", "--on-success", command];
	await using kept = new Kept(binary, home, args);
	await kept.log.until(/(ended\n.*){2}/s);
	await kept.end("SIGTERM");
	const lines = (await kept.log.ended).split("\n");
	const said = lines.filter((line) => /^(begun|ended)$/.test(line));
	const expected = said.map((_, at) => (at % 2 === 0 ? "begun" : "ended"));
	expect(said).toEqual(expected);
	expect(kept.log.text).toMatch(/is left out: the one before took until now/);
});

test.concurrent("a program that is gone is reported, also to the monitor, and does not end it", async () => {
	using home = new Home();
	await using monitor = new Monitor();
	const copy = home.at("vpo");
	cpSync(BINARY, copy);
	const flags = ["--every", "1s", "--", "--ping-url", monitor.origin];
	await using kept = new Kept({ name: "copy", command: [copy] }, home, flags);
	await kept.stdout.until(/Backup created/);
	rmSync(copy);
	await kept.log.until(/(could not be started.*){2}/s);
	expect(monitor.pings.at(-1)?.body).toContain("could not be started");
});

test.concurrent("in a working directory that was removed it says so and goes on, and so it does in a new one of that name", async () => {
	using home = new Home();
	const folder = home.at("here");
	mkdirSync(folder);
	const shell = inShell(binary, `cd '${folder}' && exec "$@"`);
	const env = ["--on-success", "pwd >&2"];
	await using kept = new Kept(shell, home, ["--every", "1s", "--", ...env]);
	await kept.log.until(/\/here\n/);
	rmdirSync(folder);
	await kept.log.until(
		/here is gone: backing up in \/ for now\n(?:.*\n)*?\/\n/,
	);
	const before = kept.log.text.length;
	mkdirSync(folder);
	while (!/\/here\n/.test(kept.log.text.slice(before))) {
		await kept.log.until(/$/);
		await Bun.sleep(20);
	}
	expect(kept.log.text.match(/is gone/g)).toHaveLength(1);
	expect(kept.log.text).not.toContain("ended with exit code");
});

test.concurrent("as process 1 of a container it leaves no zombies of what commands leave running", async () => {
	requireRoot("it makes a PID namespace");
	using home = new Home();
	const flags = ["--kill-child", "--mount-proc", ...binary.command];
	const command = ["unshare", "--pid", "--fork", ...flags];
	const container = { name: "container", command };
	// Each backup leaves three of them, which end after it.
	const leave =
		"for i in 1 2 3; do sleep 0.2 >&- 2>&- & done; echo zombies: $(cat /proc/[0-9]*/stat | grep -c ' Z 1 ') >&2";
	const args = ["--every", "1s", "--", "--on-success", leave];
	await using kept = new Kept(container, home, args);
	await kept.log.until(/(zombies: \d+\n.*){5}/s);
	await kept.end("SIGKILL"); // unshare lets no other pass
	const counts = [...kept.log.text.matchAll(/zombies: (\d+)/g)].map(
		([, count]) => Number(count),
	);
	// Those of the last backup may still be on their way; four backups' would be twelve.
	expect(Math.max(...counts)).toBeLessThanOrEqual(3);
});
