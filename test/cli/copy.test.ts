// Copies as a person meets them: after a backup, by hand, in the list, in check and metrics, and under prune.

import {
	afterEach,
	beforeEach,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { makeBackups } from "../helpers/backups.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { backupsIn } from "../helpers/state.ts";

setDefaultTimeout(60_000);

let home: Home;
beforeEach(() => {
	home = new Home();
	mkdirSync(home.at("usb"));
	writeFileSync(
		home.at(".vpo", "config.toml"),
		`[backup]
keep_last = 1
[[backup.copy]]
to = "../usb"
keep_last = 2
[[backup.copy]]
to = "../unmounted"
`,
	);
});
afterEach(() => home[Symbol.dispose]());

const call = (...args: string[]) => run(binary, home, ["library", ...args]);

test("where the backups can't be read, check says so once, and how the copies stand all the same", async () => {
	await call("backup");
	const env = { VPO_BACKUP_DIR: home.library };
	const check = ["library", "check"];
	const { stdout } = await run(binary, home, check, { env });
	const [summary = "", ...lines] = stdout.split("\n");
	expect(summary.split(home.library).length).toBe(3); // once for each that fails
	expect(summary).not.toInclude("0 backups");
	expect(lines).toContainEqual(
		expect.stringMatching(/^not known +newest backup +the backups could not/),
	);
	const { json } = await runJson(binary, home, check, { env });
	expect(json).toMatchObject({
		backup_count: null,
		damaged_count: null,
		copies: [{ total_count: 1, error: null }, { total_count: 0 }],
	});
	const away = { VPO_BACKUP_DIR: "s3://no-keys/at-all" };
	const far = await runJson(binary, home, check, {
		env: { ...away, AWS_SHARED_CREDENTIALS_FILE: "/nowhere" },
	});
	const findings = far.json.findings as { about: string; message: string }[];
	expect(findings.map(({ about }) => about)).toEqual(["backups", "copies"]);
	expect(far.json.copies).toMatchObject([{ total_count: 1 }, {}]);
});

test("a backup is copied, and a location that is not there is named: the backup stands, exit 60", async () => {
	const { exitCode, stdout, stderr } = await call("backup", "--prune");
	expect(exitCode).toBe(60);
	expect(stdout).toInclude(`Copied to ${home.at("usb")}: 1 backup, `);
	expect(stdout).toInclude(
		`Copied to ${home.at("unmounted")}: nothing, see the warning`,
	);
	expect(stdout).toInclude(`Pruned in ${home.at("usb")}: 0 removed`);
	expect(stderr).toInclude(`no such folder: ${home.at("unmounted")}`);
	expect(backupsIn(home.at("usb"))).toEqual(backupsIn(home.backups));
	const { json } = await runJson(binary, home, ["library", "backup"]);
	expect(json).toMatchObject({
		exit_code: 60,
		path: expect.stringContaining(home.backups),
		copies: [
			{ to: home.at("usb"), present_count: 1, problems: [] },
			{ copied: [] },
		],
		warnings: [expect.stringContaining("unmounted")],
	});
	const elsewhere = await call("backup", "--output", `${home.at("else")}/`);
	expect([elsewhere.exitCode, elsewhere.stdout.includes("Copied")]).toEqual([
		0,
		false,
	]);
});

test("copy does it by hand, and says what is there", async () => {
	const [name = ""] = await makeBackups(home.backups, [
		{ createdAt: "2026-02-05T14:30:22Z" },
	]);
	const dry = await call("copy", "--dry-run", "--to", "usb");
	expect([dry.exitCode, dry.stdout]).toEqual([
		0,
		expect.stringContaining(`Would copy to ${home.at("usb")}: 1 backup`),
	]);
	expect(backupsIn(home.at("usb"))).toEqual([]);
	expect((await call("copy", "--to", home.at("usb"))).exitCode).toBe(0);
	expect(backupsIn(home.at("usb"))).toEqual([name]);
	const { json, exitCode } = await runJson(binary, home, ["library", "copy"]);
	expect(exitCode).toBe(60);
	expect(json).toMatchObject({
		success: false,
		exit_code: 60,
		error: expect.stringContaining("unmounted"),
	});
	const unknown = await call("copy", "--to", "/nowhere");
	expect([unknown.exitCode, unknown.stderr]).toEqual([
		2,
		expect.stringContaining(`there are: ${home.at("usb")}`),
	]);
});

test("list, check, metrics and config tell of each location", async () => {
	await call("backup");
	const list = await call("backups");
	expect(list.stdout).toMatch(
		/^Copies in .*usb: 1 backup, .*, newest good just now$/m,
	);
	expect(list.stdout).toMatch(/^Copies in .*unmounted: no such folder/m);
	const check = await call("check", "--metrics", home.at("vpo.prom"));
	expect([check.exitCode, check.stdout]).toEqual([
		60,
		expect.stringMatching(/^warning +copies +no such folder/m),
	]);
	const metrics = readFileSync(home.at("vpo.prom"), "utf8");
	expect(metrics).toInclude(
		`vpo_backup_copy_up{location="${home.at("unmounted")}"} 0\n`,
	);
	expect(metrics).toInclude(
		`vpo_backup_copy_count{location="${home.at("usb")}"} 1\n`,
	);
	expect((await call("config")).stdout).toMatch(
		/^backup.copy.1.to +.*usb +config.toml$/m,
	);
	mkdirSync(home.at("unmounted"));
	expect((await call("copy")).exitCode).toBe(0);
	expect((await call("check")).stdout).toMatch(
		/^ok +copies\s+1 backup in .*usb, newest just now; 1 backup in/m,
	);
});

test("prune keeps in each location what its own rules keep; by flags or a path it is that one alone", async () => {
	const made = [3, 4, 5].map((day) => ({
		createdAt: `2026-02-0${day}T14:30:22Z`,
	}));
	const [oldest, middle, newest] = await makeBackups(home.backups, made);
	await call("copy");
	const names = (folder: string) => backupsIn(folder).sort();
	await call("prune", "--keep-last", "2", "--yes");
	expect(names(home.backups)).toEqual([middle ?? "", newest ?? ""]);
	expect(names(home.at("usb"))).toEqual([middle ?? "", newest ?? ""]);
	await makeBackups(home.at("usb"), made.slice(0, 1));
	const { exitCode, stdout } = await call("prune", "--yes");
	expect(exitCode).toBe(0);
	expect(stdout).toInclude(`In ${home.at("usb")}:`);
	expect(names(home.backups)).toEqual([newest ?? ""]);
	expect(names(home.at("usb"))).toEqual([middle ?? "", newest ?? ""]);
	expect(stdout).toInclude(oldest ?? "?");
	const alone = await call("prune", "--path", "usb", "--dry-run");
	expect(alone.stdout).toInclude("0 backups of 2 would go");
});
