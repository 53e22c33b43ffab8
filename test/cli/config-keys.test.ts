// What only flags had can stand in config.toml, a template has every key, and a wrong one never keeps anybody from a restore.

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { FIRST_CONFIG } from "../../src/core/upkeep/first-config.ts";
import { makeBackups } from "../helpers/backups.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";

setDefaultTimeout(30_000);

const INIT = ["library", "config", "--init"];

function configure(home: Home, text: string): string {
	const path = home.at(".vpo", "config.toml");
	writeFileSync(path, text);
	return path;
}

test("config --init writes every key as a comment, which changes nothing", async () => {
	using home = new Home();
	const before = await runJson(binary, home, ["library", "config"]);
	const { exitCode, stdout } = await run(binary, home, INIT);
	expect(exitCode).toBe(0);
	const path = home.at(".vpo", "config.toml");
	expect(stdout).toStartWith(`Written: ${path}\n`);
	expect(readFileSync(path, "utf8")).toBe(FIRST_CONFIG);
	expect(statSync(path).mode & 0o777).toBe(0o600);
	const after = await runJson(binary, home, ["library", "config"]);
	expect(after).toEqual(before);
});

test("config --init never writes over a file, whatever is in it", async () => {
	using home = new Home();
	const path = configure(home, "log_level = 'info'\n");
	const { exitCode, stderr } = await run(binary, home, INIT);
	expect(exitCode).toBe(40);
	expect(stderr).toBe(
		`[error] ${path} is there already, nothing was written\n  see all keys: vpo library config --init --dry-run\n`,
	);
	expect(readFileSync(path, "utf8")).toBe("log_level = 'info'\n");
	const shown = await run(binary, home, [...INIT, "--dry-run"]);
	expect(shown).toEqual({ exitCode: 0, stdout: FIRST_CONFIG, stderr: "" });
});

test("config --init makes the folder, and the file that VPO_CONFIG_PATH names", async () => {
	using home = new Home(null);
	const env = { VPO_CONFIG_PATH: "~/etc/vpo/my.toml" };
	const dry = await run(binary, home, [...INIT, "--dry-run"], { env });
	expect(dry.exitCode).toBe(0);
	expect(existsSync(home.at("etc"))).toBe(false);
	const { json } = await runJson(binary, home, INIT, { env });
	expect(json).toEqual({
		success: true,
		config_path: home.at("etc/vpo/my.toml"),
	});
	expect(existsSync(home.at("etc/vpo/my.toml"))).toBe(true);
});

test.each([
	['kep_daily = 7\nlevel = "x"', 'unknown key "kep_daily" in [backup]'],
	["level = 11", "backup.level: "],
	["utc = 1", "backup.utc: "],
])(
	"a wrong key of [backup] (%j) stops backup, prune and check, not restore and the list",
	async (keys, says) => {
		using home = new Home();
		await run(binary, home, ["library", "backup"]);
		const path = configure(home, `[backup]\n${keys}\n`);
		for (const words of ["backup", "prune --keep-last 1 --yes", "check"]) {
			const { exitCode, stderr } = await run(binary, home, [
				"library",
				...words.split(" "),
			]);
			expect([words, exitCode]).toEqual([words, 11]);
			expect(stderr).toStartWith(`[error] ${path}: ${says}`);
		}
		for (const words of ["restore --yes latest", "backups", "verify"]) {
			const args = ["library", ...words.split(" ")];
			const { exitCode, stderr } = await run(binary, home, args);
			expect([words, exitCode]).toEqual([words, 0]);
			expect(stderr).toStartWith(`[warn] ${path}: ${says}`);
			expect(stderr).toContain("; backup, prune and check refuse it\n");
			const { json } = await runJson(binary, home, args);
			expect(String(json.warnings)).toStartWith(`${path}: ${says}`);
		}
	},
);

test("what says where backups are must be right for everybody", async () => {
	using home = new Home();
	configure(home, "[backup]\ndirectory = 7\n");
	const { exitCode, stderr } = await run(binary, home, ["library", "backups"]);
	expect(exitCode).toBe(11);
	expect(stderr).toContain("backup.directory: expected string");
});

test("each key of the template is right as it stands, and known to config", async () => {
	using home = new Home();
	configure(home, FIRST_CONFIG.replaceAll(/^# (?=\w+ = |\[\[)/gm, ""));
	const { exitCode, json } = await runJson(binary, home, ["library", "config"]);
	expect(exitCode).toBe(0);
	const settings = Object.entries(json.settings as object);
	const unset = settings.filter(
		([name, { origin }]) => origin !== "config.toml" && name !== "config_file",
	);
	expect(unset).toEqual([]);
});

test("max_age says how old the newest backup may be, and a flag wins", async () => {
	using home = new Home();
	await makeBackups(home.backups, [{ createdAt: "2026-01-01T00:00:00Z" }]);
	const status = async (...flags: string[]) => {
		const args = ["library", "check", ...flags];
		const { json } = await runJson(binary, home, args);
		return json.status;
	};
	expect(await status()).toBe("critical");
	configure(home, "[backup]\nmax_age = '900y'\n");
	expect(await status()).toBe("ok");
	expect(await status("--max-age", "2d")).toBe("critical");
	const path = configure(home, "[backup]\nmax_age = '30m'\n");
	for (const command of ["check", "config"]) {
		const { exitCode, stderr } = await run(binary, home, ["library", command]);
		expect(exitCode).toBe(11);
		expect(stderr).toStartWith(`[error] ${path}: [backup] max_age: `);
	}
});

test("metrics names the file that check writes each time, from the config file's folder", async () => {
	using home = new Home();
	await run(binary, home, ["library", "backup"]);
	configure(home, "[backup]\nmetrics = 'vpo.prom'\n");
	await run(binary, home, ["library", "check"]);
	const text = readFileSync(home.at(".vpo", "vpo.prom"), "utf8");
	expect(text).toContain("vpo_backup_check_status 0\n");
	await run(binary, home, ["library", "check", "--metrics", "other.prom"]);
	expect(existsSync(home.at("other.prom"))).toBe(true);
});

test("utc says where the days of the rules begin, for prune and for backup --prune", async () => {
	const times = ["03T200000Z", "04T130000Z", "04T160000Z"];
	const [first, second] = times.map((it) => `vpo-library-2026-03-${it}.tar.gz`);
	const env = { TZ: "Asia/Tokyo" };
	using home = new Home();
	await makeBackups(
		home.backups,
		["03T20", "04T13", "04T16"].map((it) => ({
			createdAt: `2026-03-${it}:00:00Z`,
		})),
	);
	const prune = ["library", "prune", "--keep-daily", "2", "--dry-run"];
	const removed = async () => {
		const { json } = await runJson(binary, home, prune, { env });
		return (json.remove as { name: string }[]).map(({ name }) => name);
	};
	expect(await removed()).toEqual([String(first)]);
	configure(home, "[backup]\nutc = true\nkeep_daily = 3\n");
	expect(await removed()).toEqual([String(second)]);
	const backup = ["library", "backup", "--prune"];
	const { json } = await runJson(binary, home, backup, { env });
	expect(json.pruned).toEqual([second]);
});
