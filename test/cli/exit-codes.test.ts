// Every way to fail has its exit code, one line that says what is wrong, a hint, and the same as one JSON document.

import { expect, setDefaultTimeout, test } from "bun:test";
import { FAILURES, writeLock } from "../helpers/failing.ts";
import { hearing } from "../helpers/hearing.ts";
import { binary, Home, type Outcome, run, start } from "../helpers/program.ts";
import { handles } from "../helpers/signals.ts";

setDefaultTimeout(30_000);

const BACKUP = ["library", "backup"];

/** The one document on stdout. */
function documentOf({ stdout }: Outcome): Record<string, unknown> {
	expect(stdout).toEndWith("}\n");
	return JSON.parse(stdout) as Record<string, unknown>;
}

test.each(FAILURES)(
	"$name is exit code $exitCode, $code",
	async ({ exitCode, code, error, stage }) => {
		using home = new Home();
		const { args, env = {}, held } = stage(home);
		using _ = held;
		const called = env.BUN_OPTIONS ? hearing() : binary;
		const text = await run(called, home, args, { env });
		expect(text).toMatchObject({ exitCode, stdout: "" });
		const [first = "", ...hint] = text.stderr.trimEnd().split("\n");
		expect(first.replace("[error] ", "")).toMatch(error);
		expect(hint).toHaveLength(1);

		const json = await run(called, home, [...args, "--json"], { env });
		expect(json).toMatchObject({ exitCode, stderr: text.stderr });
		expect(documentOf(json)).toEqual({
			success: false,
			error: expect.stringMatching(error),
			code,
			exit_code: exitCode,
			hint: hint[0]?.trim() ?? null,
		});
	},
);

test.each([
	["SIGINT", 130],
	["SIGTERM", 143],
	["SIGHUP", 129],
] as const)("%s is exit code %d", async (signal, exitCode) => {
	using home = new Home();
	using _ = writeLock(home.library);
	const args = [...BACKUP, "--lock-timeout", "60", "--json"];
	const child = start(binary, home, args);
	await handles(child.pid, signal);
	child.kill(signal);
	const stdout = await new Response(child.stdout).text();
	expect(await child.exited).toBe(exitCode);
	expect(JSON.parse(stdout)).toEqual({
		success: false,
		error: `interrupted by ${signal}; everything half-done was removed`,
		code: "INTERRUPTED",
		exit_code: exitCode,
		hint: null,
	});
});

test("the stack of a bug shows with VPO_DEBUG, the program's source never", async () => {
	using home = new Home();
	const bug = FAILURES[0]?.stage(home);
	const env = { ...bug?.env, VPO_DEBUG: "1" };
	const { stderr } = await run(hearing(), home, BACKUP, { env });
	expect(stderr).toContain("boom");
	expect(stderr).toMatch(/\n {4}at /);
	expect(stderr).not.toContain("function");
	expect(stderr.length).toBeLessThan(4000);
});
