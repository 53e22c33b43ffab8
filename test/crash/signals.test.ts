// Ctrl-C and a service manager's SIGTERM: the run ends soon, says so, and takes everything half-done with it.

import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { instantsOf, kindsOfCalls, twoAtATime } from "../helpers/instants.ts";
import { Peer } from "../helpers/peer.ts";
import { binary, Home, type Outcome, start } from "../helpers/program.ts";
import {
	BACKUP,
	copyOf,
	heldContent,
	LEFT,
	makeScene,
	RESTORE,
	type Scene,
} from "../helpers/scene.ts";
import { backupsIn, scratchIn } from "../helpers/state.ts";
import { holding } from "../helpers/trace.ts";

const LONG = 60_000;
const SIGNALS = [
	{ signal: "SIGINT", exitCode: 130 },
	{ signal: "SIGTERM", exitCode: 143 },
] as const;
const RUNS = [
	{ name: "backup", args: BACKUP, leave: LEFT.nothing },
	{ name: "restore", args: RESTORE, leave: LEFT["rows in its WAL"] },
];
const CASES = RUNS.flatMap((run) =>
	SIGNALS.map((signal) => ({ ...run, ...signal })),
);

/** Either it was done whole, or nothing was and the exit code tells the signal. */
function problemsIn(
	scene: Scene,
	home: Home,
	args: readonly string[],
	exitCode: number,
	outcome: Outcome,
): string[] {
	const isDone = outcome.exitCode === 0;
	const found: string[] = [];
	const left = [home.at(".vpo"), home.backups].flatMap(scratchIn);
	if (left.length > 0) found.push(`left: ${left.join(", ")}`);
	const holds = heldContent(scene, home);
	const isRestore = args.includes("restore");
	if (holds !== (isDone && isRestore ? "new" : "old")) {
		found.push(`the library holds the ${holds} one`);
	}
	const made = backupsIn(home.backups).filter(
		(name) => !name.includes("pre-restore"),
	).length;
	if (made !== (isDone && !isRestore ? 2 : 1)) found.push(`${made} backups`);
	if (!isDone && outcome.exitCode !== exitCode) {
		found.push(`exit ${outcome.exitCode} ${outcome.stderr}`);
	}
	if (existsSync(`${home.library}-journal`)) found.push("a journal is left");
	return found;
}

test.each(CASES)(
	"a $name that gets $signal at any stage is undone, says so in JSON and exits with $exitCode",
	async ({ args, leave, signal, exitCode }) => {
		using scene = await makeScene(leave);
		const calls = await kindsOfCalls(scene, args);
		const some = calls.filter((_, index) => index % 5 === 2);
		const interrupted: unknown[] = [];
		const problems = await twoAtATime(some, async ({ call, name }) => {
			using home = copyOf(scene.home);
			const outcome = await holding(home, [...args, "--json"], call, (pid) => {
				process.kill(pid, signal);
			});
			const json = JSON.parse(outcome.stdout) as Record<string, unknown>;
			const isDone = outcome.exitCode === 0;
			const found = problemsIn(scene, home, args, exitCode, outcome);
			if (json.success !== isDone) found.push(`success: ${json.success}`);
			if (!isDone) {
				interrupted.push(json.code);
				if (json.exit_code !== exitCode) found.push(`says ${json.exit_code}`);
				if (!String(json.error).includes(signal)) found.push(`${json.error}`);
			}
			return found.map((problem) => `${call} ${name}: ${problem}`);
		});
		expect(problems.flat()).toEqual([]);
		expect(interrupted.length).toBeGreaterThan(3);
		expect(new Set(interrupted)).toEqual(new Set(["INTERRUPTED"]));
	},
	LONG,
);

test.each(CASES)(
	"a $name that gets $signal at any time ends at once and leaves nothing",
	async ({ args, leave, signal, exitCode }) => {
		using scene = await makeScene(leave);
		const instants = (await instantsOf(scene, args, 6)).slice(1);
		const problems = await twoAtATime(instants, async ({ ms }) => {
			using home = copyOf(scene.home);
			const child = start(binary, home, args);
			await Bun.sleep(ms);
			child.kill(signal);
			const sentAt = performance.now();
			const [stdout, stderr] = await Promise.all([
				new Response(child.stdout).text(),
				new Response(child.stderr).text(),
			]);
			await child.exited;
			const outcome = { exitCode: child.exitCode ?? exitCode, stdout, stderr };
			const found = problemsIn(scene, home, args, exitCode, outcome);
			const tookMs = performance.now() - sentAt;
			if (tookMs > 3000) found.push(`it took ${tookMs} ms`);
			if (child.exitCode !== 0 && stdout !== "") found.push(stdout);
			return found.map((problem) => `after ${ms} ms: ${problem}`);
		});
		expect(problems.flat()).toEqual([]);
	},
	LONG,
);

test("a backup that waits for a lock ends with the signal, not with the timeout", async () => {
	using home = new Home();
	const statements = ["PRAGMA journal_mode = DELETE", "BEGIN IMMEDIATE"];
	await using _ = await Peer.holding(home.library, statements);
	const child = start(binary, home, [...BACKUP, "--lock-timeout", "50"]);
	await Bun.sleep(700);
	expect(child.exitCode).toBeNull();
	child.kill("SIGTERM");
	expect(await child.exited).toBe(143);
	expect(scratchIn(home.at(".vpo"))).toEqual([]);
});
