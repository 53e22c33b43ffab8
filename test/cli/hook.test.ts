// The user's own commands after a backup: what they get, and that they never get in its way.

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Monitor } from "../helpers/monitor.ts";
import { binary, Home, run, start } from "../helpers/program.ts";
import { Transcript } from "../helpers/transcript.ts";

const SECRET = "5eCr3t-0f-m1ne";
const BACKUP = ["library", "backup"];

test("a command gets the result, and its output goes to stderr", async () => {
	using home = new Home();
	const file = home.at("result.json");
	const command = `cat > ${file}; echo to stdout; echo to stderr >&2`;
	const args = [...BACKUP, "--json", "--on-success", command];
	const { exitCode, stdout, stderr } = await run(binary, home, args);
	expect(exitCode).toBe(0);
	expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(stdout));
	expect(stderr).toBe("to stdout\nto stderr\n");
});

test("a command for failures gets the error, and only then runs", async () => {
	using home = new Home(null);
	const file = home.at("error.json");
	const args = [
		...[...BACKUP, "--json", "--on-failure", `cat > ${file}`],
		...["--on-success", `touch ${home.at("wrong")}`],
	];
	const { stdout } = await run(binary, home, args);
	expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(stdout));
	expect(await Bun.file(home.at("wrong")).exists()).toBe(false);
});

test("of a backup that needs a look the command for failures hears as that, with code and reason, and so does the monitor", async () => {
	using home = new Home();
	await using monitor = new Monitor();
	await run(binary, home, BACKUP);
	using library = new Database(home.library);
	library.run("DELETE FROM files WHERE id > 30");
	const file = home.at("heard.json");
	const args = [
		...[...BACKUP, "--json", "--fail-on-shrink"],
		...["--on-failure", `cat > ${file}`, "--ping-url", monitor.origin],
	];
	const { exitCode, stdout } = await run(binary, home, args);
	expect(exitCode).toBe(60);
	const heard = JSON.parse(readFileSync(file, "utf8"));
	expect(heard).toEqual(JSON.parse(stdout));
	expect(heard).toMatchObject({
		success: false,
		code: "ATTENTION",
		exit_code: 60,
		error: expect.stringContaining("30 files, 120 in the backup of"),
		path: expect.stringContaining(home.backups),
	});
	expect(monitor.pings.at(-1)).toMatchObject({
		path: "/fail",
		body: expect.stringMatching(
			/^Needs a look, exit code 60\nWarning: .*30 files.*\n(Warning: .*\n)*Backup created: /,
		),
	});
});

test("a command that fails is a warning", async () => {
	using home = new Home();
	const args = [...BACKUP, "--json", "--on-success", "exit 3"];
	const { exitCode, stdout } = await run(binary, home, args);
	expect(exitCode).toBe(0);
	expect(JSON.parse(stdout)).toMatchObject({
		success: true,
		warnings: ["--on-success: the command failed: exit code 3"],
	});
});

test("without a shell a command is a warning", async () => {
	using home = new Home();
	const args = [...BACKUP, "--on-success", "true"];
	const env = { PATH: home.path };
	const { exitCode, stderr } = await run(binary, home, args, { env });
	expect(exitCode).toBe(0);
	expect(stderr).toContain("[warn] --on-success");
	expect(stderr).toContain("no shell");
});

test("a command does not get the URL", async () => {
	using home = new Home();
	const env = { VPO_BACKUP_PING_URL: `http://127.0.0.1:1/${SECRET}` };
	const args = [...BACKUP, "--on-success", "env"];
	const { stderr } = await run(binary, home, args, { env });
	expect(stderr).toContain("HOME=");
	expect(stderr).not.toContain(SECRET);
});

test("a command that is still running is ended by a signal, and the backup stands", async () => {
	using home = new Home();
	const command = "echo begun >&2; sleep 1000";
	const child = start(binary, home, [...BACKUP, "--on-success", command]);
	const log = new Transcript(child.stderr);
	await log.until(/begun/);
	child.kill("SIGTERM");
	expect(await child.exited).toBe(0);
	expect(await new Response(child.stdout).text()).toStartWith("Backup created");
	expect(await log.ended).toContain("the command failed: interrupted");
});
