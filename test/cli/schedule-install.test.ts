// schedule --install and --uninstall: shown before it is done, done once, and nothing of anybody else's is touched.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { requireRoot } from "../helpers/mounts.ts";
import { BINARY, binary, Home, type Program, run } from "../helpers/program.ts";
import { succeed } from "../helpers/state.ts";
import { runOnTerminal } from "../helpers/terminal.ts";

setDefaultTimeout(30_000);

const SCHEDULE = ["library", "schedule"];
const AT_3 = [...SCHEDULE, "--at", "03:00"];
const AT_4 = [...SCHEDULE, "--at", "04:00"];
const UNINSTALL = [...SCHEDULE, "--uninstall"];

describe("into the crontab", () => {
	const SPOOL = "/var/spool/cron/crontabs";
	/** Latin-1, a last line without a comment, and something like our mark. */
	const OTHERS = Buffer.from(
		"# Backups of the library /elsewhere: begin\nMAILTO=m\xe9\n5 4 * * * echo 100\\%\n",
		"latin1",
	);

	/** With a spool of the home's own, so that real crontab(1) changes no real crontab. */
	function withCron(home: Home, command: readonly string[]): Program {
		requireRoot("it puts a spool of its own over cron's");
		const spool = home.at("spool");
		mkdirSync(spool, { recursive: true });
		const line = `mount --bind '${spool}' ${SPOOL} && exec "$0" "$@"`;
		const inNamespace = ["unshare", "-m", "sh", "-c", line];
		return { name: "cron", command: [...inNamespace, ...command] };
	}

	const vpo = (home: Home) => withCron(home, binary.command);

	/** The user's crontab, each byte a character; null: there is none. */
	async function tableOf(home: Home): Promise<string | null> {
		const [path] = readdirSync(home.at("spool"));
		if (path === undefined) return null;
		const text = readFileSync(join(home.at("spool"), path), "latin1");
		// Debian's begins with three lines of its own.
		return text.replace(/^# DO NOT EDIT(?:.*\n){3}/, "");
	}

	function write(home: Home, table: Buffer): void {
		writeFileSync(home.at("table"), table);
		const { command } = withCron(home, ["crontab", home.at("table")]);
		succeed([...command]);
	}

	test("it comes behind what is there, once, and goes again", async () => {
		using home = new Home();
		write(home, OTHERS);
		const args = [...AT_3, "--install", "--yes", "--", "--note", "50%"];
		const first = await run(vpo(home), home, args);
		expect(first.stdout).toMatch(/^Installed in the crontab; next backups: /);
		const table = await tableOf(home);
		expect(table).toStartWith(OTHERS.toString("latin1"));
		expect(table).toMatch(
			/\n# Backups of the library .*: begin .*\n# Back up .*\n0 3 \* \* \* .* --note 50\\% .*\n# Backups .*: end\n$/,
		);
		const second = await run(vpo(home), home, args);
		expect(second.stdout).toStartWith("Nothing to change: ");
		expect(await tableOf(home)).toBe(table);
		const gone = await run(vpo(home), home, [...UNINSTALL, "--yes"]);
		expect(gone).toMatchObject({
			exitCode: 0,
			stdout: "Removed from the crontab\n",
		});
		expect(await tableOf(home)).toBe(OTHERS.toString("latin1"));
		const again = await run(vpo(home), home, [...UNINSTALL, "--yes"]);
		expect(again.stdout).toStartWith("Nothing to remove: ");
	});

	test("another time takes the place of the first, and another library has lines of its own", async () => {
		using home = new Home();
		const other = ["--", "--database", home.at("other.db")];
		await run(vpo(home), home, [...AT_3, "--install", "--yes"]);
		await run(vpo(home), home, [...AT_3, "--install", "--yes", ...other]);
		const moved = await run(vpo(home), home, [...AT_4, "--install", "--yes"]);
		expect(moved.stderr).toMatch(
			/^Into the crontab:\n\n# .*\n0 4 .*\n\ninstead of:\n\n# .*\n0 3 /,
		);
		const lines = (await tableOf(home))?.split("\n") ?? [];
		expect(
			lines.filter((line) => /^\d/.test(line)).map((line) => line.slice(0, 4)),
		).toEqual(["0 4 ", "0 3 "]);
		await run(vpo(home), home, [...UNINSTALL, "--yes"]);
		expect(await tableOf(home)).toContain(home.at("other.db"));
		await run(vpo(home), home, [...UNINSTALL, "--yes", ...other]);
		expect(await tableOf(home)).toBeNull();
	});

	test("it is shown and asked for; without a terminal nothing is done", async () => {
		using home = new Home();
		const args = [...AT_3, "--install"];
		const refused = await run(vpo(home), home, args);
		expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
		const no = await runOnTerminal(vpo(home), home, args, { answer: "\n" });
		expect(no.exitCode).toBe(1);
		expect(no.text).toMatch(
			/Into the crontab:.*0 3 \* \* \* .*Install it\? \[y\/N\]/s,
		);
		expect(await tableOf(home)).toBeNull();
		const yes = await runOnTerminal(vpo(home), home, args, { answer: "y\n" });
		expect(yes.exitCode).toBe(0);
		expect(await tableOf(home)).toContain("0 3 * * * ");
	});

	test("a crontab that can't be read, and marks that somebody broke, stay as they are", async () => {
		using home = new Home();
		await run(vpo(home), home, [...AT_3, "--install", "--yes"]);
		const table = String(await tableOf(home)).replace(/.*: end\n$/, "");
		write(home, Buffer.from(table, "latin1"));
		const broken = await run(vpo(home), home, [...AT_4, "--install", "--yes"]);
		expect(broken.exitCode).toBe(40);
		expect(broken.stderr).toContain(
			"has no end\n  take its lines out by hand: crontab -e",
		);
		expect(await tableOf(home)).toBe(table);
		mkdirSync(home.at("bin"));
		writeFileSync(
			home.at("bin", "crontab"),
			"#!/bin/sh\necho no way >&2; exit 1\n",
		);
		chmodSync(home.at("bin", "crontab"), 0o755);
		const env = { PATH: `${home.at("bin")}:/usr/bin:/bin` };
		const denied = await run(binary, home, [...AT_3, "--install", "--yes"], {
			env,
		});
		expect(denied.stderr).toStartWith(
			"[error] cannot read the crontab: no way",
		);
	});

	test("where there is no cron it says so", async () => {
		using home = new Home();
		const env = { PATH: home.path };
		const args = [...AT_3, "--install", "--yes"];
		const { exitCode, stderr } = await run(binary, home, args, { env });
		expect(exitCode).toBe(20);
		expect(stderr).toStartWith("[error] there is no crontab on this machine\n");
		const none = await run(binary, home, UNINSTALL, { env });
		expect(none.stdout).toStartWith("Nothing to remove: ");
	});
});

describe("into the user's own units", () => {
	const NOBODY = 65_534;
	const SYSTEMD = ["--format", "systemd", "--install", "--yes"];
	const unitsOf = (home: Home) => home.at(".config", "systemd", "user");

	/** A home of another user's, with a systemctl that keeps a record of what it is asked. */
	function prepare(): { home: Home; vpo: Program; asked: () => string[] } {
		requireRoot("it becomes another user");
		const home = new Home();
		mkdirSync(home.at("bin"));
		const record = home.at("asked");
		writeFileSync(
			home.at("bin", "systemctl"),
			`#!/bin/sh
echo "$*" >>${record}
[ "$2" != is-enabled ] || { grep -q '^--user enable' ${record} && ! grep -q '^--user disable' ${record} && echo enabled; }
`,
			{ mode: 0o755 },
		);
		writeFileSync(record, "");
		succeed(["cp", BINARY, home.at("vpo")]);
		succeed(["chown", "-R", `${NOBODY}:${NOBODY}`, home.path]);
		const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
		const command = ["setpriv", ...ids, home.at("vpo")];
		const asked = () => readFileSync(record, "utf8").trimEnd().split("\n");
		return { home, vpo: { name: "nobody", command }, asked };
	}

	const path = (home: Home) => ({ PATH: `${home.at("bin")}:/usr/bin:/bin` });

	test("they are written, switched on, and switched off again", async () => {
		const { home, vpo, asked } = prepare();
		using _ = home;
		const env = path(home);
		const done = await run(vpo, home, [...AT_3, ...SYSTEMD], { env });
		expect(done.stdout).toStartWith(
			`Installed in ${unitsOf(home)}; next backups: `,
		);
		expect(done.stderr).toContain("loginctl enable-linger");
		expect(asked()).toEqual([
			"--user show-environment",
			"--user daemon-reload",
			"--user enable vpo-backup.timer",
			"--user restart vpo-backup.timer",
		]);
		const files = readdirSync(unitsOf(home)).sort();
		expect(files).toEqual(["vpo-backup.service", "vpo-backup.timer"]);
		const paths = files.map((name) => join(unitsOf(home), name));
		const runtime = `XDG_RUNTIME_DIR=${home.path}`;
		const verify = ["systemd-analyze", "--user", "verify", ...paths];
		expect(succeed(["env", runtime, ...verify])).toBe("");
		const again = await run(vpo, home, [...AT_3, ...SYSTEMD], { env });
		expect(again.stdout).toStartWith("Nothing to change: ");
		const moved = await run(vpo, home, [...AT_4, ...SYSTEMD], { env });
		expect(moved.stdout).toStartWith("Installed in ");
		expect(
			readFileSync(join(unitsOf(home), "vpo-backup.timer"), "utf8"),
		).toContain("04:00:00");
		const gone = await run(vpo, home, [...UNINSTALL, "--yes"], { env });
		expect(gone.stdout).toBe(`Removed from ${unitsOf(home)}\n`);
		expect(readdirSync(unitsOf(home))).toEqual([]);
		expect(asked().slice(-2)).toEqual([
			"--user disable --now vpo-backup.timer",
			"--user daemon-reload",
		]);
	});

	test("files of somebody else's, and a systemd that does not answer, are left alone", async () => {
		const { home, vpo } = prepare();
		using _ = home;
		const own = join(unitsOf(home), "vpo-backup.service");
		mkdirSync(unitsOf(home), { recursive: true });
		writeFileSync(own, "[Unit]\n# by hand\n");
		succeed(["chown", "-R", `${NOBODY}:${NOBODY}`, home.at(".config")]);
		const env = path(home);
		const taken = await run(vpo, home, [...AT_3, ...SYSTEMD], { env });
		expect(taken.exitCode).toBe(40);
		expect(taken.stderr).toContain(
			`${own} is not what --install made for this library`,
		);
		expect(readFileSync(own, "utf8")).toBe("[Unit]\n# by hand\n");
		succeed(["rm", own]);
		writeFileSync(
			home.at("bin", "systemctl"),
			"#!/bin/sh\necho no bus >&2; exit 1\n",
		);
		const mute = await run(vpo, home, [...AT_3, ...SYSTEMD], { env });
		expect(mute.stderr).toStartWith(
			"[error] systemctl --user show-environment: no bus\n",
		);
		expect(existsSync(own)).toBe(false);
	});
});

test.each([
	[
		[...AT_3, "--install", "--uninstall"],
		"--install and --uninstall exclude each other",
	],
	[[...AT_3, "--run", "--install"], "--run and --install exclude each other"],
	[[...AT_3, "--uninstall"], "--uninstall takes no time"],
	[
		[...AT_3, "--install", "--format", "container"],
		"--install can't be done for a container",
	],
	[
		[...AT_3, "--yes"],
		"--yes has a meaning only with --install and --uninstall",
	],
	[[...SCHEDULE, "--install"], "say when"],
	[
		[...SCHEDULE, "--install", "--every", "2d", "--format", "systemd"],
		"systemd can't keep to --every 2d",
	],
	[
		[...AT_3, "--install", "--yes", "--", "--ping-url", "https://a/b"],
		"--ping-url is a secret",
	],
])("%j is refused", async (args, reason) => {
	using home = new Home();
	const { exitCode, stdout, stderr } = await run(binary, home, args);
	expect([exitCode, stdout]).toEqual([2, ""]);
	expect(stderr).toContain(reason);
});
