// Runs that are killed, or whose calls fail, at one instant, and what must be true of the files then.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Instant } from "./instants.ts";
import { binary, type Home, run, start } from "./program.ts";
import {
	BACKUP,
	copyOf,
	type Held,
	heldContent,
	RESTORE,
	type Scene,
} from "./scene.ts";
import {
	backupsIn,
	expectWholeBackup,
	namesIn,
	scratchIn,
	stateOf,
} from "./state.ts";
import { trace } from "./trace.ts";

/** What a run may leave, however it ended. */
const EXPECTED =
	/^(library\.db.*|backups|vpo-library-.*\.tar\.gz|\.vpo-scratch-.*|\.vpo-state\.json\.claim)$/;

/** What a killed run left. */
export interface Verdict {
	readonly holds: Held;
	/** What was wrong; nothing, as it should be. */
	readonly problems: readonly string[];
}

/** Kills one restore in a copy of the scene. */
export async function killRestore(
	scene: Scene,
	instant: Instant,
	args: readonly string[] = RESTORE,
): Promise<Verdict> {
	using home = copyOf(scene.home);
	const what = await kill(home, args, instant);
	const problems = [...strangersIn(home)];
	const holds = heldContent(scene, home);
	if (holds === "neither") problems.push("the library is neither old nor new");
	problems.push(...(await problemsOfNextRun(home, args)));
	return { holds, problems: problems.map((problem) => `${what}: ${problem}`) };
}

/** As `killRestore`, for a backup. */
export async function killBackup(
	scene: Scene,
	instant: Instant,
): Promise<Verdict> {
	using home = copyOf(scene.home);
	// SQLite itself rolls a hot journal back; nothing else is ever written to the library.
	const files = existsSync(`${home.library}-journal`)
		? []
		: [home.library, `${home.library}-wal`].filter(existsSync);
	const before = files.map(stateOf);
	const what = await kill(home, BACKUP, instant);
	const problems = [...strangersIn(home)];
	if (!Bun.deepEquals(files.map(stateOf), before)) {
		problems.push("the library's files changed");
	}
	const holds = heldContent(scene, home);
	if (holds !== "old") problems.push("the library changed");
	problems.push(...(await problemsOfNextRun(home, BACKUP)));
	return { holds, problems: problems.map((problem) => `${what}: ${problem}`) };
}

/** Has one call of a backup or a restore fail in a copy of the scene; with "+" all after it too. */
export async function failCall(
	scene: Scene,
	args: readonly string[],
	{ call: at, errno }: { readonly call: number; readonly errno: string },
): Promise<Verdict> {
	using home = copyOf(scene.home);
	const action = errno as `E${string}`;
	const { calls, exitCode, stdout } = await trace(home, [...args, "--json"], {
		action,
		at,
	});
	const holds = heldContent(scene, home);
	const isDone = exitCode === 0;
	const json = JSON.parse(stdout) as Record<string, unknown>;
	const call = calls[at - 1]?.replaceAll(home.path, "~");
	const problems = [...strangersIn(home)];
	const expected = isDone && args === RESTORE ? "new" : "old";
	// Where even the way back fails, the new one may stand; it is whole as well.
	const isEither = errno.endsWith("+") && args === RESTORE && holds === "new";
	if (holds !== expected && !isEither)
		problems.push(`the library holds the ${holds} one`);
	if (![0, 40, 44].includes(exitCode)) problems.push(`exit ${exitCode}`);
	if (json.success !== isDone) problems.push(`success: ${json.success}`);
	if (!isDone && !String(json.error).includes(home.path)) {
		problems.push(`no path in "${json.error}"`);
	}
	const made = backupsIn(home.backups).filter(isNoSafetyBackup).length;
	const due = isDone && args === BACKUP ? 2 : 1;
	const mayStand = errno.endsWith("+") && made === 2;
	if (made !== due && !mayStand) problems.push(`${made} backups`);
	// What can't be removed is left to the next run.
	const left = [home.at(".vpo"), home.backups].flatMap(scratchIn).length;
	const mayLeave = /^(unlinkat|rmdir)/.test(call ?? "") || errno.endsWith("+");
	if (left > 0 && !mayLeave) problems.push("scratch files are left");
	if (left > 0) problems.push(...(await problemsOfNextRun(home, args)));
	const what = `${errno} at call ${at}, ${call}, exit ${exitCode}`;
	return { holds, problems: problems.map((problem) => `${what}: ${problem}`) };
}

function isNoSafetyBackup(name: string): boolean {
	return !name.includes("pre-restore");
}

async function kill(
	home: Home,
	args: readonly string[],
	instant: Instant,
): Promise<string> {
	if ("call" in instant) {
		const { call: at } = instant;
		const { calls } = await trace(home, args, { action: "kill", at });
		return `before call ${at}, ${calls.at(-1)?.replaceAll(home.path, "~")}`;
	}
	const child = start(binary, home, args);
	await Bun.sleep(instant.ms);
	child.kill("SIGKILL");
	await child.exited;
	return `after ${Math.round(instant.ms)} ms`;
}

// Whatever a killed run may leave: private scratch folders, claims that others can read, and whole backups.
function* strangersIn(home: Home): Generator<string> {
	for (const folder of [home.at(".vpo"), home.backups]) {
		for (const path of scratchIn(folder)) {
			if (path.endsWith(".claim")) continue;
			const mode = statSync(path).mode & 0o777;
			if (mode !== 0o700) yield `${path} has mode ${mode.toString(8)}`;
		}
		for (const name of namesIn(folder)) {
			if (!EXPECTED.test(name)) yield `there is a ${name}`;
		}
	}
	for (const name of backupsIn(home.backups)) {
		try {
			expectWholeBackup(join(home.backups, name));
		} catch (error) {
			yield `${name}: ${(error as Error).message}`;
		}
	}
}

async function problemsOfNextRun(
	home: Home,
	args: readonly string[],
): Promise<string[]> {
	const { exitCode, stderr } = await run(binary, home, args);
	const left = [home.at(".vpo"), home.backups].flatMap(scratchIn);
	return [
		...(exitCode === 0 ? [] : [`the next run: ${exitCode} ${stderr}`]),
		...left.map((path) => `the next run left ${path}`),
	];
}
