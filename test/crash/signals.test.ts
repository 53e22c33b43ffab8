// Ctrl-C and a service manager's SIGTERM: the run ends soon, says so, and takes everything half-done with it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
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
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
const RUNS = [
	{ name: "backup", args: BACKUP, leave: LEFT.nothing },
	{ name: "restore", args: RESTORE, leave: LEFT["rows in its WAL"] },
];

/** Either signal in turn: their difference is a name and an exit code. */
function inTurn<T>(items: readonly T[]) {
	return items.map((item, at) => ({
		...item,
		signal: at % 2 === 0 ? ("SIGINT" as const) : ("SIGTERM" as const),
	}));
}

/** Either it was done whole, or nothing was and the exit code tells the signal. */
function problemsIn(
	scene: Scene,
	home: Home,
	args: readonly string[],
	signal: keyof typeof EXIT_CODES,
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
	if (!isDone && outcome.exitCode !== EXIT_CODES[signal]) {
		found.push(`exit ${outcome.exitCode} ${outcome.stderr}`);
	}
	if (existsSync(`${home.library}-journal`)) found.push("a journal is left");
	return found;
}

describe.each(RUNS)("a $name", ({ args, leave }) => {
	let scene: Scene;
	beforeAll(async () => {
		scene = await makeScene(leave);
	}, LONG);
	afterAll(() => scene[Symbol.dispose]());

	test(
		"that gets SIGINT or SIGTERM at any stage is undone, says so in JSON and exits with 130 or 143",
		async () => {
			const calls = await kindsOfCalls(scene, args);
			// Two threads share a -shm or open it twice: the next run may be a few calls shorter.
			const mostCall = (calls.at(-1)?.call ?? 0) - 20;
			const some = calls.filter(
				({ call }, index) => index % 5 === 2 && call < mostCall,
			);
			const interrupted: unknown[] = [];
			const problems = await twoAtATime(inTurn(some), async (at) => {
				const { call, name, signal } = at;
				using home = copyOf(scene.home);
				const outcome = await holding(
					home,
					[...args, "--json"],
					call,
					(pid) => {
						process.kill(pid, signal);
					},
				);
				const json = JSON.parse(outcome.stdout) as Record<string, unknown>;
				const isDone = outcome.exitCode === 0;
				const found = problemsIn(scene, home, args, signal, outcome);
				if (json.success !== isDone) found.push(`success: ${json.success}`);
				if (!isDone) {
					interrupted.push([signal, json.code]);
					if (json.exit_code !== EXIT_CODES[signal])
						found.push(`says ${json.exit_code}`);
					if (!String(json.error).includes(signal)) found.push(`${json.error}`);
				}
				return found.map((problem) => `${call} ${name}: ${problem}`);
			});
			expect(problems.flat()).toEqual([]);
			expect(interrupted.length).toBeGreaterThan(3);
			expect(new Set(interrupted.map(String))).toEqual(
				new Set(["SIGINT,INTERRUPTED", "SIGTERM,INTERRUPTED"]),
			);
		},
		LONG,
	);

	test(
		"that gets SIGINT or SIGTERM at any time ends at once and leaves nothing",
		async () => {
			const instants = (await instantsOf(scene, args, 9)).slice(1);
			const problems = await twoAtATime(inTurn(instants), async (at) => {
				const { ms, signal } = at;
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
				const exitCode = child.exitCode ?? EXIT_CODES[signal];
				const outcome = { exitCode, stdout, stderr };
				const found = problemsIn(scene, home, args, signal, outcome);
				const tookMs = performance.now() - sentAt;
				if (tookMs > 3000) found.push(`it took ${tookMs} ms`);
				if (child.exitCode !== 0 && stdout !== "") found.push(stdout);
				return found.map((problem) => `after ${ms} ms: ${problem}`);
			});
			expect(problems.flat()).toEqual([]);
		},
		LONG,
	);
});

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
