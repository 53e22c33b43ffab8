// The program works in odd environments: no HOME, nothing in the environment, streams that are closed, full or gone.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { writeLock } from "../helpers/failing.ts";
import { Monitor } from "../helpers/monitor.ts";
import { binary, Home, run, runJson, start } from "../helpers/program.ts";
import { inShell } from "../helpers/shell.ts";
import { handles } from "../helpers/signals.ts";
import { backupsIn } from "../helpers/state.ts";

setDefaultTimeout(30_000);

const BACKUP = ["library", "backup"];
const BACKUPS = ["library", "backups"];
const CANNOT_WRITE =
	"[error] cannot write to stdout: no space left on device\n  the command did its work, only its result is lost\n";

/** The backups in the home's folder, each one proven by a dry run. */
async function proven(home: Home): Promise<string[]> {
	const names = backupsIn(home.backups);
	for (const name of names) {
		const args = ["library", "restore", "--dry-run", name];
		expect(await runJson(binary, home, args)).toMatchObject({
			exitCode: 0,
			json: { valid: true },
		});
	}
	return names;
}

test("without HOME the passwd entry tells the home folder", async () => {
	using home = new Home(null);
	const { homedir } = userInfo();
	for (const bare of ["", "env -u HOME", "env HOME="]) {
		const shell = inShell(binary, `HOME=; exec ${bare} "$@"`);
		expect(await runJson(shell, home, BACKUPS)).toMatchObject({
			json: { directory: join(homedir, ".vpo", "backups") },
		});
	}
});

test("with nothing in its environment it backs up, lists and restores", async () => {
	using home = new Home();
	const bare = inShell(binary, 'exec env -i "$@"');
	const library = ["--database", home.library];
	const backup = [...BACKUP, ...library, "--output", "backups/"];
	expect(await runJson(bare, home, backup)).toMatchObject({
		exitCode: 0,
		json: { success: true },
	});
	const folder = ["--path", "backups"];
	expect(await runJson(bare, home, [...BACKUPS, ...folder])).toMatchObject({
		exitCode: 0,
		json: { total_count: 1 },
	});
	const restore = ["library", "restore", "latest", "--yes"];
	expect(
		await runJson(bare, home, [...restore, ...library, ...folder]),
	).toMatchObject({ exitCode: 0, json: { success: true } });
});

test("an empty variable counts as unset", async () => {
	using home = new Home();
	const names = [
		"VPO_DATA_DIR",
		"VPO_CONFIG_PATH",
		"VPO_DATABASE_PATH",
		"VPO_BACKUP_DIR",
		"VPO_TEMP_DIR",
		"VPO_BACKUP_PING_URL",
		"VPO_DEBUG",
	];
	const env = Object.fromEntries(names.map((name) => [name, ""]));
	const { json } = await runJson(binary, home, BACKUP, { env });
	expect(String(json.path)).toStartWith(`${home.backups}/`);
});

test("a stdout that is full is an error, told once and briefly", async () => {
	using home = new Home();
	const full = inShell(binary, 'exec "$@" >/dev/full');
	for (const args of [BACKUPS, [...BACKUPS, "--json"], ["--help"]]) {
		expect(await run(full, home, args)).toEqual({
			exitCode: 40,
			stdout: "",
			stderr: CANNOT_WRITE,
		});
	}
	const failing = await run(full, home, ["library", "backupz", "--json"]);
	expect(failing).toMatchObject({
		exitCode: 2,
		stderr:
			"[error] unknown command backupz\n  did you mean vpo library backup?\n",
	});
});

test("a reader of stdout that leaves early is no error", async () => {
	using home = new Home();
	const line = '{ "$@"; echo "$?" >code; } | true';
	await run(inShell(binary, line), home, [...BACKUPS, "--json"]);
	expect(readFileSync(home.at("code"), "utf8")).toBe("0\n");
});

test.each([">&-", "2>&-", "<&-", "<&- >&- 2>&-", "2>/dev/full"])(
	"with %s it makes a good backup all the same",
	async (redirection) => {
		using home = new Home();
		const odd = inShell(binary, `exec "$@" ${redirection}`);
		expect(await run(odd, home, BACKUP)).toMatchObject({ exitCode: 0 });
		expect(await proven(home)).toHaveLength(1);
	},
);

test("without stderr a failure keeps its document and its exit code", async () => {
	using home = new Home();
	const args = [...BACKUP, "--nope"];
	for (const redirection of ["2>&-", "2>/dev/full"]) {
		const mute = inShell(binary, `exec "$@" ${redirection}`);
		expect(await runJson(mute, home, args)).toMatchObject({
			exitCode: 2,
			json: { error: "unknown flag --nope" },
		});
	}
});

test("without stdin a restore refuses at once", async () => {
	using home = new Home();
	await run(binary, home, BACKUP);
	const closed = inShell(binary, 'exec "$@" <&-');
	const args = ["library", "restore", "latest"];
	expect(await runJson(closed, home, args)).toMatchObject({
		exitCode: 2,
		json: { code: "CONFIRMATION_REQUIRED" },
	});
});

test("a hangup that nohup keeps away does not end a backup", async () => {
	using home = new Home();
	const lock = writeLock(home.library);
	const immune = inShell(binary, "trap '' HUP; exec \"$@\"");
	const child = start(immune, home, [...BACKUP, "--lock-timeout", "60"]);
	await handles(child.pid, "SIGTERM");
	child.kill("SIGHUP");
	lock[Symbol.dispose]();
	expect(await child.exited).toBe(0);
	expect(await proven(home)).toHaveLength(1);
});

test("the scratch folder is where VPO_TEMP_DIR says, made if missing, and empty in the end", async () => {
	using home = new Home();
	const scratch = home.at("scratch", "deep");
	for (const VPO_TEMP_DIR of [scratch, "scratch/deep", "~/scratch/deep"]) {
		const env = { VPO_TEMP_DIR };
		expect(await run(binary, home, BACKUP, { env })).toMatchObject({
			exitCode: 0,
		});
		expect(readdirSync(scratch)).toEqual([]);
		rmdirSync(scratch);
	}
	mkdirSync(scratch);
	const env = { VPO_TEMP_DIR: join(scratch, "file") };
	await Bun.write(env.VPO_TEMP_DIR, "");
	expect(await run(binary, home, BACKUP, { env })).toMatchObject({
		exitCode: 40,
		stdout: "",
		stderr: expect.stringContaining(env.VPO_TEMP_DIR),
	});
});

describe("in a working directory that was removed", () => {
	const gone = inShell(binary, 'mkdir x; cd x; rmdir ../x; exec "$@"');

	test("it backs up, lists and restores, and tells whom it tells", async () => {
		using home = new Home();
		await using monitor = new Monitor();
		const ping = ["--ping-url", monitor.origin];
		const made = await runJson(gone, home, [...BACKUP, ...ping]);
		expect(made).toMatchObject({ exitCode: 0, json: { success: true } });
		expect(monitor.paths).toEqual(["/start", "/"]);
		const restore = ["library", "restore", "latest", "--yes"];
		expect(await runJson(gone, home, restore)).toMatchObject({ exitCode: 0 });
		const name = String(made.json.path).split("/").at(-1) ?? "";
		const verify = ["library", "verify", name];
		expect(await runJson(gone, home, verify)).toMatchObject({ exitCode: 0 });
	});

	test.each([
		[[...BACKUP, "--output", "new/"], {}],
		[[...BACKUP, "--database", "library.db"], {}],
		[BACKUP, { VPO_BACKUP_DIR: "kept" }],
		[BACKUP, { VPO_CONFIG_PATH: "vpo.toml" }],
	] as const)(
		"a path that is relative to it is nowhere: %j %j",
		async (args, env) => {
			using home = new Home();
			await using monitor = new Monitor();
			const flags = [...args, "--ping-url", monitor.origin];
			const { exitCode, json } = await runJson(gone, home, flags, { env });
			expect(exitCode).toBe(20);
			expect(json.error).toStartWith("the working directory was removed");
			expect(monitor.paths.at(-1)).toBe("/fail");
			expect(readdirSync(home.at(".vpo"))).toEqual(["library.db"]);
		},
	);

	test("a backup of its own name is nowhere", async () => {
		using home = new Home();
		const args = ["library", "restore", "./x.tar.gz", "--yes"];
		const { json } = await runJson(gone, home, args);
		expect(json.error).toStartWith("the working directory was removed");
	});
});
