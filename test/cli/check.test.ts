// vpo library check, --skip-unchanged and the shrink alarm: what cron relies on when nobody looks.

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeBackups } from "../helpers/backups.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { backupsIn, succeed } from "../helpers/state.ts";

function change(path: string, sql: string): void {
	const database = new Database(path);
	database.run(sql);
	database.close(true);
}

test("a fresh backup of a sound library is in good health: one line, and one for each promise", async () => {
	using home = new Home();
	await run(binary, home, ["library", "backup"]);
	const { exitCode, stdout } = await run(binary, home, [
		"library",
		"check",
		"--deep",
	]);
	expect(exitCode).toBe(0);
	const [summary, empty, ...lines] = stdout.trimEnd().split("\n");
	expect(summary).toBe(
		"OK: newest good backup just now; 1 backup; library of 120 files, 720.9 KB",
	);
	expect(empty).toBe("");
	expect(lines.map((line) => line.replace(/[\d.]+ GB/, "2.1 GB"))).toEqual([
		"RESULT  ABOUT          WHAT",
		"ok      settings       nothing wrong in config.toml",
		"ok      library        sound, every index too: 120 files, 720.9 KB, schema 27",
		"ok      backups        1 backup, none damaged",
		"ok      newest backup  made just now, at most 26h are allowed; it restores",
		"ok      space          the next backup needs 1.4 MB, 2.1 GB are free",
	]);
});

test("no backup is critical", async () => {
	using home = new Home();
	const { exitCode, json } = await runJson(binary, home, ["library", "check"]);
	expect(exitCode).toBe(61);
	expect(json).toMatchObject({
		success: false,
		status: "critical",
		exit_code: 61,
		backup_count: 0,
		findings: [{ about: "newest backup", severity: "critical" }],
	});
	expect((json.promises as object[]).map(Object.values)).toContainEqual([
		"newest backup",
		"critical",
		`no good backup in ${home.backups}`,
	]);
});

test("what can't be looked at is not called well", async () => {
	using home = new Home(null);
	await makeBackups(home.backups, [{ createdAt: "2026-01-01T00:00:00Z" }]);
	const check = ["library", "check", "--max-age", "900y"];
	const { exitCode, stdout } = await run(binary, home, check);
	expect(exitCode).toBe(61);
	expect(stdout).toContain("\nCRITICAL   library        ");
	expect(stdout).toContain(
		"\nnot known  space          the library could not be read\n",
	);
});

test("an unchanged library is not backed up again, a changed one is", async () => {
	using home = new Home();
	const skip = ["library", "backup", "--skip-unchanged"];
	await run(binary, home, skip);
	const second = await runJson(binary, home, skip);
	expect(second).toMatchObject({
		exitCode: 0,
		json: { success: true, unchanged: true },
	});
	expect(backupsIn(home.backups)).toHaveLength(1);
	change(
		home.library,
		"UPDATE files SET size_bytes = size_bytes + 1 WHERE id = 1",
	);
	await run(binary, home, skip);
	expect(backupsIn(home.backups)).toHaveLength(2);
});

test("a library that lost its files is backed up with an alarm", async () => {
	using home = new Home();
	await run(binary, home, ["library", "backup"]);
	change(home.library, "DELETE FROM files WHERE id > 50");
	const { exitCode, json } = await runJson(binary, home, [
		"library",
		"backup",
		"--fail-on-shrink",
	]);
	expect(exitCode).toBe(60);
	expect(String(json.warnings)).toContain("50 files, 120 in the backup of");
	const checked = await runJson(binary, home, ["library", "check"]);
	expect(checked).toMatchObject({
		exitCode: 60,
		json: { status: "warning" },
	});
});

test("a backup that is too old is critical", async () => {
	using home = new Home();
	await makeBackups(home.backups, [{ createdAt: "2026-01-01T00:00:00Z" }]);
	const old = await run(binary, home, ["library", "check", "--max-age", "26h"]);
	expect(old).toMatchObject({ exitCode: 61 });
	const fine = await run(binary, home, [
		"library",
		"check",
		"--max-age",
		"900y",
	]);
	expect(fine).toMatchObject({ exitCode: 0 });
});

test("a damaged library is critical, a truncated backup a warning", async () => {
	using home = new Home();
	await run(binary, home, ["library", "backup"]);
	const [name] = await makeBackups(home.backups, [
		{ createdAt: "2026-01-01T00:00:00Z" },
	]);
	truncateSync(join(home.backups, name ?? ""), 500);
	expect(await run(binary, home, ["library", "check"])).toMatchObject({
		exitCode: 60,
	});
	const bytes = readFileSync(home.library);
	bytes.fill(0xa5, 40 * 4096, 44 * 4096);
	writeFileSync(home.library, bytes);
	expect(await run(binary, home, ["library", "check"])).toMatchObject({
		exitCode: 61,
	});
});

test("a backup whose middle is damaged shows with --deep", async () => {
	using home = new Home();
	await run(binary, home, ["library", "backup"]);
	const path = join(home.backups, backupsIn(home.backups)[0] ?? "");
	const bytes = readFileSync(path);
	bytes[70_000] = (bytes[70_000] ?? 0) ^ 4;
	writeFileSync(path, bytes);
	expect(await run(binary, home, ["library", "check", "--deep"])).toMatchObject(
		{ exitCode: 61 },
	);
});

test("the library is backed up again when the backup it equals is damaged", async () => {
	using home = new Home();
	await run(binary, home, ["library", "backup"]);
	const path = join(home.backups, backupsIn(home.backups)[0] ?? "");
	const bytes = readFileSync(path);
	bytes[70_000] = (bytes[70_000] ?? 0) ^ 4;
	writeFileSync(path, bytes);
	await run(binary, home, ["library", "backup", "--skip-unchanged"]);
	expect(backupsIn(home.backups)).toHaveLength(2);
});

test("metrics are written whole, for anybody to read", async () => {
	using home = new Home();
	await run(binary, home, ["library", "backup"]);
	const file = home.at("vpo.prom");
	await run(binary, home, ["library", "check", "--metrics", file]);
	const text = readFileSync(file, "utf8");
	expect(text).toContain("vpo_backup_check_status 0\n");
	expect(text).toContain("vpo_library_files 120\n");
	expect(readdirSync(home.path).sort()).toEqual([".vpo", "vpo.prom"]);
});

test("metrics are printed where - is their file, with the check's exit code", async () => {
	using home = new Home();
	const args = ["library", "check", "--metrics"];
	const { exitCode, stdout, stderr } = await run(binary, home, [...args, "-"]);
	expect({ exitCode, stderr }).toEqual({ exitCode: 61, stderr: "" });
	expect(stdout).toStartWith("# HELP vpo_backup_check_status ");
	expect(stdout).toContain("\nvpo_backup_check_status 61\n");
	expect(stdout).not.toContain("CRITICAL");
	expect(readdirSync(home.path)).toEqual([".vpo"]);
	const both = await run(binary, home, [...args, "-", "--json"]);
	expect(both.exitCode).toBe(2);
	const path = home.at("vpo.prom");
	await run(binary, home, [...args, path]);
	const isTimed = (line: string) => /seconds \d|_bytes \d/.test(line);
	const facts = (text: string) =>
		text.split("\n").filter((line) => !isTimed(line));
	expect(facts(readFileSync(path, "utf8"))).toEqual(facts(stdout));
});

test("metrics that can't be written cost a warning, not the result", async () => {
	using home = new Home();
	await run(binary, home, ["library", "backup"]);
	const path = home.at("textfile", "vpo.prom");
	const args = ["library", "check", "--metrics", path];
	const { exitCode, json } = await runJson(binary, home, args);
	expect(exitCode).toBe(60);
	expect(json).toMatchObject({ status: "warning", file_count: 120 });
	expect(json.error).toStartWith("no metrics: cannot make a scratch folder in");
	expect(json.error).toEndWith(": no such file or folder");
	const { stdout } = await run(binary, home, args);
	expect(stdout).toStartWith("WARNING: no metrics: ");
	expect(stdout).toMatch(/\nwarning +metrics\n +no metrics: /);
	mkdirSync(home.at("textfile"));
	const written = await run(binary, home, args);
	expect(written.exitCode).toBe(0);
	expect(written.stdout).toMatch(/\nok +metrics +in /);
});

test("metrics are never written to what is no file, nor waited for there", async () => {
	using home = new Home();
	const fifo = home.at("fifo");
	succeed(["mkfifo", fifo]);
	for (const path of [fifo, "/dev/null", home.at(".vpo")]) {
		const args = ["library", "check", "--metrics", path];
		const { exitCode, json } = await runJson(binary, home, args);
		expect({ exitCode, error: json.error }).toEqual({
			exitCode: 40,
			error: `--metrics writes a file, and this is none: ${path}`,
		});
	}
	expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
});

test("metrics replace metrics, and nothing else", async () => {
	using home = new Home();
	await run(binary, home, ["library", "backup"]);
	const [backup = ""] = backupsIn(home.backups);
	const others = [
		home.library,
		join(home.backups, backup),
		home.at("config.toml"),
	];
	writeFileSync(home.at("config.toml"), "[backup]\n");
	for (const path of others) {
		const before = readFileSync(path);
		const check = ["library", "check", "--metrics", path];
		const { exitCode, json } = await runJson(binary, home, check);
		expect(exitCode).toBe(40);
		expect(json.error).toContain(path);
		expect(readFileSync(path).equals(before)).toBe(true);
	}
	writeFileSync(home.at("empty"), "");
	for (let time = 0; time < 2; time++) {
		const check = ["library", "check", "--metrics", home.at("empty")];
		expect((await run(binary, home, check)).exitCode).toBe(0);
	}
	expect(readFileSync(home.at("empty"), "utf8")).toStartWith("# HELP vpo_");
});

test("an unchanged library is backed up to another place, and to a name that was asked for", async () => {
	using home = new Home();
	const skip = ["library", "backup", "--skip-unchanged", "--output"];
	await run(binary, home, ["library", "backup"]);
	for (const output of ["usb/", "usb/asked-for.tar.gz"]) {
		const { json } = await runJson(binary, home, [...skip, home.at(output)]);
		expect(json.path).toStartWith(home.at("usb"));
		expect(existsSync(String(json.path))).toBe(true);
	}
	const again = await runJson(binary, home, [...skip, home.at("usb")]);
	expect(again.json).toMatchObject({ unchanged: true });
	expect(backupsIn(home.at("usb"))).toHaveLength(2);
});

test("config shows each value and where it comes from", async () => {
	using home = new Home();
	writeFileSync(
		home.at(".vpo", "config.toml"),
		"[backup]\nkeep_daily = 7\nping_url = 'http://127.0.0.1/secret'\n",
	);
	const env = { VPO_BACKUP_DIR: home.at("elsewhere") };
	const { json } = await runJson(binary, home, ["library", "config"], { env });
	expect(json.settings).toMatchObject({
		"backup.directory": {
			value: home.at("elsewhere"),
			origin: "VPO_BACKUP_DIR",
		},
		"backup.keep_daily": { value: 7, origin: "config.toml" },
		"backup.level": { value: 5, origin: "default" },
		"backup.ping_url": { value: "(set)", origin: "config.toml" },
	});
	expect(JSON.stringify(json)).not.toContain("secret");
});

test("what is wrong in config.toml is found by config and check, not first by the backup", async () => {
	using home = new Home();
	await run(binary, home, ["library", "backup"]);
	const path = home.at(".vpo", "config.toml");
	const ask = (command: string) => run(binary, home, ["library", command]);
	writeFileSync(path, "[backup]\nkeep_within = 'soon'\n");
	for (const command of ["config", "backup"]) {
		const { exitCode, stderr } = await ask(command);
		expect([command, exitCode]).toEqual([command, 11]);
		expect(stderr).toStartWith(`[error] ${path}: [backup] keep_within: `);
	}
	const { exitCode, stdout } = await ask("check");
	expect(exitCode).toBe(61);
	expect(stdout).toStartWith(`CRITICAL: ${path}: [backup] keep_within: `);

	writeFileSync(path, "[backup]\nping_url = 'ftp://secret'\n");
	const problem =
		"ping_url in config.toml must be an http:// or https:// address";
	expect(await ask("config")).toMatchObject({
		exitCode: 0,
		stderr: `[warn] ${problem}\n`,
	});
	expect(await ask("check")).toMatchObject({
		exitCode: 60,
		stdout: expect.stringContaining(
			`WARNING: ${problem}: nobody is told of a backup; `,
		),
	});
});
