// What schedule prints does, pasted, what was asked for: run by a shell as cron, docker and systemd would read it.

import { expect, test } from "bun:test";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import {
	binary,
	FIXTURES,
	Home,
	run,
	runJson,
	source,
} from "../helpers/program.ts";
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

test.each([
	["unescapes percent signs (from source)", asVixie, source],
	["unescapes percent signs, as Vixie's", asVixie, binary],
	["leaves them to the shell, as BusyBox's", (line: string) => line, binary],
] as const)(
	"the line for a cron that %s makes the backup",
	async (_, read, program) => {
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
		const listed = await runJson(binary, home, [
			"library",
			"backups",
			"--path",
			folder,
		]);
		expect(listed.json.backups).toMatchObject([{ note: HARD_NOTE }]);
	},
);

test("VPO's variables go along, with absolute paths", async () => {
	using home = new Home(null);
	cpSync(join(FIXTURES, "library-v27.db"), home.at("my library.db"));
	const env = {
		VPO_DATABASE_PATH: "my library.db",
		VPO_BACKUP_DIR: "~/kept",
	};
	mkdirSync(home.at("kept"));
	const args = [...SCHEDULE, "--at", "3:00"];
	const { stdout } = await run(binary, home, args, { env });
	const [line = ""] = crontabLines(stdout);
	shell(line.slice("0 3 * * * ".length));
	expect(backupsIn(home.at("kept"))).toHaveLength(1);
});

test("each time has its line", async () => {
	using home = new Home();
	const args = [...SCHEDULE, "--at", "03:00", "--at", "15:30", "--at", "03:00"];
	const { stdout } = await run(binary, home, args);
	expect(crontabLines(stdout).map((line) => line.slice(0, 10))).toEqual([
		"0 3 * * * ",
		"30 15 * * ",
	]);
});

test("--json has it all, and the next five times", async () => {
	using home = new Home();
	const args = [...SCHEDULE, "--cron", "30 4 * * SUN"];
	const env = { TZ: "Asia/Kolkata" };
	const { exitCode, json } = await runJson(binary, home, args, { env });
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
	expect(json.systemd_timer).toContain(
		"\nOnCalendar=Sun *-*-* 04:30:00 Asia/Kolkata\n",
	);
	expect(json.systemd_timer).toContain("\nPersistent=true\n");
	expect(json.warnings).toEqual([]);
});

test("the next times of an interval are the clock's for cron, and counted from now for a container", async () => {
	using home = new Home();
	const args = [...SCHEDULE, "--every", "6h"];
	const cron = await runJson(binary, home, args);
	for (const time of cron.json.next_runs as string[]) {
		expect(time).toMatch(/T(00|06|12|18):00:00/);
	}
	const from = Date.now();
	const container = [...args, "--format", "container"];
	const { json } = await runJson(binary, home, container);
	const [first = ""] = json.next_runs as string[];
	expect(Date.parse(first) - from).toBeWithin(5.99 * HOUR_MS, 6.01 * HOUR_MS);
});

test.each(["2d", "5h", "13s"])(
	"an interval of %s, which no day divides, has no timer: it would begin anew at each start of the machine",
	async (every) => {
		using home = new Home();
		const args = [...SCHEDULE, "--every", every];
		const systemd = [...args, "--format", "systemd"];
		const { exitCode, stdout, stderr } = await run(binary, home, systemd);
		expect([exitCode, stdout]).toEqual([2, ""]);
		expect(stderr).toContain(`systemd can't keep to --every ${every}`);
		const { json } = await runJson(binary, home, args);
		expect(json.systemd_timer).toBeNull();
	},
);

test("beside a timer the next times are systemd's, which leaves out what a night skips", async () => {
	using home = new Home();
	const env = { TZ: "Europe/Berlin" };
	const args = [...SCHEDULE, "--cron", "30 2 25-31 3 *"];
	const timesOf = async (format: string) => {
		const flags = ["--format", format];
		const { json } = await runJson(binary, home, [...args, ...flags], {
			env,
		});
		return json.next_runs as string[];
	};
	const [timer, container] = [
		await timesOf("systemd"),
		await timesOf("container"),
	];
	// The last Sunday of March: 02:30 does not exist.
	const isSkipped = (time: string) =>
		time.endsWith("T01:30:00Z") && new Date(time).getUTCDay() === 0;
	expect(timer.some(isSkipped)).toBe(false);
	expect(
		container.every((time) => timer.includes(time) || isSkipped(time)),
	).toBe(true);
});

test("what one cron would read as another time is written so that none does", async () => {
	using home = new Home();
	const args = [...SCHEDULE, "--cron", "5/15 3 * * MON-SAT"];
	const { stdout } = await run(binary, home, args);
	expect(crontabLines(stdout)[0]).toStartWith("5,20,35,50 3 * * 1-6 ");
});

test("a line that cron would cut off is refused, one byte shorter it is not", async () => {
	using home = new Home();
	const lengthOf = async (note: string) => {
		const args = [...SCHEDULE, "--at", "03:00", "--", "--note", note];
		const { exitCode, stdout, stderr } = await run(binary, home, args);
		return { exitCode, stderr, line: crontabLines(stdout)[0] ?? "" };
	};
	const short = await lengthOf("x");
	const room = 998 - short.line.length;
	const longest = await lengthOf("x".repeat(room + 1));
	expect(longest.line).toHaveLength(998);
	const longer = await lengthOf("x".repeat(room + 2));
	expect(longer.exitCode).toBe(2);
	expect(longer.stderr).toContain("no line of more than 998 bytes");
	const wide = await lengthOf("ä".repeat(Math.ceil(room / 2) + 1));
	expect(wide.exitCode).toBe(2);
});

test("cron does not keep to TZ, so a line for another zone than the machine's is refused", async () => {
	using home = new Home();
	const env = { TZ: "Pacific/Kiritimati" };
	const args = [...SCHEDULE, "--at", "03:00"];
	const { exitCode, stdout, stderr } = await run(binary, home, args, {
		env,
	});
	expect([exitCode, stdout]).toEqual([2, ""]);
	expect(stderr).toContain("not to TZ=Pacific/Kiritimati");
	const same = await run(binary, home, args, {
		env: { TZ: "Africa/Abidjan" },
	});
	expect(same.stdout).toContain("times of Africa/Abidjan");
});

test("an interval that no clock divides evenly has no crontab line", async () => {
	using home = new Home();
	const args = [...SCHEDULE, "--every", "90min"];
	const { exitCode, stdout, stderr } = await run(binary, home, args);
	expect([exitCode, stdout]).toEqual([2, ""]);
	expect(stderr).toContain("cron can't keep to --every 90min");
	const { json } = await runJson(binary, home, args);
	expect(json.crontab).toBeNull();
	expect(json.systemd_timer).toContain(
		"\nOnCalendar=*-*-* 01,04,07,10,13,16,19,22:30:00 UTC\n",
	);
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
	[["--at", "03:00", "--level", "9"], "write it behind two dashes: -- --level"],
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
	const { exitCode, stdout, stderr } = await run(binary, home, args);
	expect(stderr).toContain(reason);
	expect([exitCode, stdout]).toEqual([2, ""]);
});

test.each(["crontab", "systemd", "container"])(
	"a secret is never printed into a %s",
	async (format) => {
		using home = new Home();
		const flag = ["--", "--ping-url", `https://host/${SECRET}`];
		const args = [...SCHEDULE, "--at", "03:00", "--format", format, ...flag];
		const { exitCode, stdout, stderr } = await run(binary, home, args);
		expect(exitCode).toBe(2);
		expect(stderr).toContain("ping_url = ");
		expect(stdout + stderr).not.toContain(SECRET);
	},
);

test("a secret in the environment is not printed, and it is said where it belongs", async () => {
	using home = new Home();
	const env = { VPO_BACKUP_PING_URL: `https://host/${SECRET}` };
	const args = [...SCHEDULE, "--at", "03:00", "--json"];
	const { stdout, stderr } = await run(binary, home, args, { env });
	expect(JSON.parse(stdout).warnings).toHaveLength(1);
	expect(stderr).toContain(home.at(".vpo", "config.toml"));
	expect(stdout + stderr).not.toContain(SECRET);
});
