// The executable is what it is: no variable of Bun's runs code in it, makes it another program, or shows what it sends.

import { describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { Monitor } from "../helpers/monitor.ts";
import { binary, Home, PROGRAMS, run } from "../helpers/program.ts";
import { inShell } from "../helpers/shell.ts";

const SECRET = "5eCr3t-0f-m1ne";

test.each([
	["BUN_OPTIONS", "--preload=EVIL"],
	["BUN_OPTIONS", "--help"],
	["BUN_OPTIONS", "--inspect-brk"],
	["BUN_OPTIONS", "--cpu-prof"],
	["BUN_OPTIONS", "--no-such-flag"],
	["BUN_BE_BUN", "1"],
	["BUN_INSPECT", "ws://127.0.0.1:1/x"],
	["BUN_INSPECT_CONNECT_TO", "unix:///tmp/nobody"],
	["BUN_INSPECT_PRELOAD", "EVIL"],
	["BUN_TRACE", "EVIL"],
	["BUN_JSC_useJIT", "0"],
	["BUN_JSC_logGC", "2"],
	["NODE_TLS_REJECT_UNAUTHORIZED", "0"],
])("%s=%s does nothing", async (name, value) => {
	using home = new Home();
	const evil = home.at("evil.js");
	writeFileSync(evil, 'console.log("EVIL"); process.exit(99);');
	const env = { [name]: value.replace("EVIL", evil) };
	const args = ["library", "backup", "--json"];
	const outcome = await run(binary, home, args, { env });
	expect(outcome.exitCode).toBe(0);
	expect(JSON.parse(outcome.stdout)).toMatchObject({ success: true });
	expect(outcome.stderr.replace(/^\[GC<.*\n/, "")).toBe("");
	expect(readdirSync(home.path).sort()).toEqual([".vpo", "evil.js"]);
});

test("one that the engine reads is gone for the run itself, which keeps its name, arguments, input and process", async () => {
	using home = new Home();
	const shell = inShell(
		binary,
		'echo $$ >&2; exec -a my-vpo "$@" library backup --note "a  b" --on-success \'env; tr "\\0" " " < /proc/$PPID/cmdline; echo $PPID\' >/dev/null',
	);
	const bash = { ...shell, command: ["bash", ...shell.command.slice(1)] };
	const env = { BUN_JSC_useJIT: "0", BUN_INSTALL: "/opt/bun" };
	const { exitCode, stderr } = await run(bash, home, [], { env });
	expect(exitCode).toBe(0);
	const [pid = "", ...lines] = stderr.trimEnd().split("\n");
	expect(lines.at(-1)).toEndWith(` ${pid}`);
	expect(lines.at(-1)).toStartWith("my-vpo library backup --note a  b ");
	expect(lines).toContain("BUN_INSTALL=/opt/bun");
	expect(stderr).not.toContain("BUN_JSC");
});

describe.each(PROGRAMS)("$name", (program) => {
	test.each(["curl", "1"])(
		"BUN_CONFIG_VERBOSE_FETCH=%s does not show the ping URL",
		async (how) => {
			using home = new Home();
			await using monitor = new Monitor();
			const env = { BUN_CONFIG_VERBOSE_FETCH: how };
			const url = `${monitor.origin}/${SECRET}`;
			const args = ["library", "backup", "--ping-url", url];
			const { stdout, stderr } = await run(program, home, args, { env });
			expect(monitor.paths).toContain(`/${SECRET}`);
			expect(stdout + stderr).not.toContain(SECRET);
		},
	);
});
