// What schedule prints does, pasted, what was asked for: run by a shell as cron, docker and systemd would read it.

import { describe, expect, test } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { FIXTURES, Home, PROGRAMS, run, runJson } from "../helpers/program.ts";
import { backupsIn, succeed } from "../helpers/state.ts";

const SECRET = "5eCr3t-0f-m1ne";
const HOUR_MS = 3_600_000;
const SCHEDULE = ["library", "schedule"];
const HARD_NOTE = `50% of "it's" $HOME \\ \`id\` %`;

/** As cron starts things: nothing in the environment but a home that is not ours. */
function shell(command: string): string {
	return succeed([
		"env",
		"-i",
		"PATH=/usr/bin:/bin",
		"HOME=/",
		"sh",
		"-c",
		command,
	]);
}

/** To Vixie's cron a percent sign ends the command, unless a backslash stands before it. */
function asVixie(line: string): string {
	return line.replace(/(?<!\\)%.*/s, "").replaceAll("\\%", "%");
}

function crontabLines(text: string): string[] {
	return text.split("\n").filter((line) => line && !line.startsWith("#"));
}

describe.each(PROGRAMS)("$name", (program) => {
	test.each([
		["unescapes percent signs, as Vixie's", asVixie],
		["leaves them to the shell, as BusyBox's", (line: string) => line],
	])("the line for a cron that %s makes the backup", async (_, read) => {
		using home = new Home();
		const flags = ["--output", "./some where/", "--note", HARD_NOTE];
		const args = [...SCHEDULE, "--at", "03:05", "--", ...flags];
		const { exitCode, stdout } = await run(program, home, args);
		expect(exitCode).toBe(0);
		const [line = "", ...others] = crontabLines(stdout);
		expect(others).toEqual([]);
		expect(line).toStartWith("5 3 * * * ");
		expect(shell(read(line.slice("5 3 * * * ".length)))).toBe("");
		const folder = home.at("some where");
		const listed = await runJson(program, home, [
			"library",
			"backups",
			"--path",
			folder,
		]);
		expect(listed.json.backups).toMatchObject([{ note: HARD_NOTE }]);
	});

	test("VPO's variables go along, with absolute paths", async () => {
		using home = new Home(null);
		cpSync(join(FIXTURES, "library-v27.db"), home.at("my library.db"));
		const env = {
			VPO_DATABASE_PATH: "my library.db",
			VPO_BACKUP_DIR: "~/kept",
		};
		const args = [...SCHEDULE, "--at", "3:00"];
		const { stdout } = await run(program, home, args, { env });
		const [line = ""] = crontabLines(stdout);
		shell(line.slice("0 3 * * * ".length));
		expect(backupsIn(home.at("kept"))).toHaveLength(1);
	});

	test("each time has its line", async () => {
		using home = new Home();
		const args = [
			...SCHEDULE,
			"--at",
			"03:00",
			"--at",
			"15:30",
			"--at",
			"03:00",
		];
		const { stdout } = await run(program, home, args);
		expect(crontabLines(stdout).map((line) => line.slice(0, 10))).toEqual([
			"0 3 * * * ",
			"30 15 * * ",
		]);
	});

	test("--json has it all, and the next five times", async () => {
		using home = new Home();
		const args = [...SCHEDULE, "--cron", "30 4 * * SUN"];
		const env = { TZ: "Asia/Kolkata" };
		const { exitCode, json } = await runJson(program, home, args, { env });
		expect(exitCode).toBe(0);
		expect(Object.keys(json)).toEqual([
			"crontab",
			"systemd_service",
			"systemd_timer",
			"container",
			"next_runs",
			"warnings",
		]);
		const times = json.next_runs as string[];
		expect(times).toHaveLength(5);
		for (const time of times) {
			expect(time).toEndWith("T23:00:00Z");
			expect(new Date(time).getUTCDay()).toBe(6);
		}
		expect(json.systemd_timer).toContain("\nOnCalendar=Sun *-*-* 04:30:00\n");
		expect(json.systemd_timer).toContain("\nPersistent=true\n");
		expect(json.warnings).toEqual([]);
	});

	test("the next times of an interval are the clock's for cron, and counted from now for a container", async () => {
		using home = new Home();
		const args = [...SCHEDULE, "--every", "6h"];
		const cron = await runJson(program, home, args);
		for (const time of cron.json.next_runs as string[]) {
			expect(time).toMatch(/T(00|06|12|18):00:00/);
		}
		const from = Date.now();
		const container = [...args, "--format", "container"];
		const { json } = await runJson(program, home, container);
		const [first = ""] = json.next_runs as string[];
		expect(Date.parse(first) - from).toBeWithin(5.99 * HOUR_MS, 6.01 * HOUR_MS);
	});

	test("an interval that no clock divides evenly has no crontab line", async () => {
		using home = new Home();
		const args = [...SCHEDULE, "--every", "90min"];
		const { exitCode, stdout, stderr } = await run(program, home, args);
		expect([exitCode, stdout]).toEqual([2, ""]);
		expect(stderr).toContain("cron can't keep to --every 90min");
		const { json } = await runJson(program, home, args);
		expect(json.crontab).toBeNull();
		expect(json.systemd_timer).toContain("OnUnitActiveSec=5400s");
	});

	test.each([
		[["--at", "25:00"], "--at must be"],
		[["--at", "03:00", "--at", "nine"], "--at must be"],
		[["--every", "0s"], "--every must be"],
		[["--cron", "* * *"], "--cron "],
		[[], "--at, --every or --cron"],
		[["--at", "03:00", "--every", "6h"], "--at and --every exclude"],
		[["--every", "6h", "--cron", "@daily"], "--every and --cron exclude"],
		[["--at", "03:00", "--format", "launchd"], "--format must be"],
		[["--at", "03:00", "--format", "systemd", "--run"], "--format and --run"],
		[["--at", "03:00", "--no-catch-up"], "--no-catch-up"],
		[
			["--at", "03:00", "--level", "9"],
			"write it behind two dashes: -- --level",
		],
		[["--at", "03:00", "backup"], "unexpected argument: backup"],
		[["--at", "03:00", "--", "--levle", "9"], "unknown flag --levle"],
		[["--at", "03:00", "--", "--level", "99"], "--level must be"],
		[["--at", "03:00", "--", "backup"], "unexpected argument: backup"],
		[["--at", "03:00", "--", "--help"], "--help can't be scheduled"],
		[["--at", "03:00", "--", "--dry-run"], "--dry-run can't be scheduled"],
		[["--at", "03:00", "--", "-o", "x.tar.gz"], "--output names one file"],
		[["--at", "03:00", "--", "--note", "a\nb"], "line breaks"],
		[["--at", "03:00", "--", "--prune"], "--prune needs a rule"],
		[["--run", "--at", "03:00", "--", "--level", "99"], "--level must be"],
	])("%j is refused", async (flags, reason) => {
		using home = new Home();
		const args = [...SCHEDULE, ...flags];
		const { exitCode, stdout, stderr } = await run(program, home, args);
		expect(stderr).toContain(reason);
		expect([exitCode, stdout]).toEqual([2, ""]);
	});

	test.each(["crontab", "systemd", "container"])(
		"a secret is never printed into a %s",
		async (format) => {
			using home = new Home();
			const flag = ["--", "--ping-url", `https://host/${SECRET}`];
			const args = [...SCHEDULE, "--at", "03:00", "--format", format, ...flag];
			const { exitCode, stdout, stderr } = await run(program, home, args);
			expect(exitCode).toBe(2);
			expect(stderr).toContain("ping_url = ");
			expect(stdout + stderr).not.toContain(SECRET);
		},
	);

	test("a secret in the environment is not printed, and it is said where it belongs", async () => {
		using home = new Home();
		const env = { VPO_BACKUP_PING_URL: `https://host/${SECRET}` };
		const args = [...SCHEDULE, "--at", "03:00", "--json"];
		const { stdout, stderr } = await run(program, home, args, { env });
		expect(JSON.parse(stdout).warnings).toHaveLength(1);
		expect(stderr).toContain(home.at(".vpo", "config.toml"));
		expect(stdout + stderr).not.toContain(SECRET);
	});
});
