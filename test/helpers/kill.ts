// Runs that are killed at one instant, and what must be true of the files then.

import { Database } from "bun:sqlite";
import { cpSync, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { contentOf } from "./content.ts";
import { leaveHotJournal, leaveHotWal } from "./kinds.ts";
import { binary, Home, run, start } from "./program.ts";
import {
	backupsIn,
	expectWholeBackup,
	integrityOf,
	scratchIn,
	stateOf,
} from "./state.ts";
import { trace } from "./trace.ts";

export const BACKUP = ["library", "backup"];
export const RESTORE = ["library", "restore", "--yes", "latest"];

/** As the run enters its n-th call that changes files, or so long after its start. */
export type Instant = { readonly call: number } | { readonly ms: number };

/** A home to start from, again and again. */
export interface Scene extends Disposable {
	readonly home: Home;
	/** What the library holds, once SQLite has rolled back or replayed what a crash left. */
	readonly old: unknown;
	/** What the newest backup holds. */
	readonly new: unknown;
}

/** How a library can have been left by a writer that was killed. */
export const LEFT = {
	"rows in its WAL": (path: string) => leaveHotWal(path, 300),
	"a hot journal": leaveHotJournal,
	nothing: (path: string) => {
		using library = new Database(path);
		library.run("DELETE FROM files WHERE id % 2 = 0");
	},
} as const;

/** A home with one backup, and a library that differs from it. */
export async function makeScene(
	leave: (path: string) => Promise<void> | void,
): Promise<Scene> {
	const home = new Home();
	const made = await run(binary, home, BACKUP);
	if (made.exitCode !== 0) throw new Error(made.stderr);
	const content = contentOf(home.library);
	await leave(home.library);
	rmSync(`${home.library}-shm`, { force: true });
	using copy = copyOf(home);
	return {
		home,
		old: contentAfterRecovery(copy.library),
		new: content,
		[Symbol.dispose]: () => home[Symbol.dispose](),
	};
}

/** What a killed run left. */
export interface Verdict {
	readonly holds: "old" | "new" | "neither";
	/** What was wrong; nothing, as it should be. */
	readonly problems: readonly string[];
}

/** Kills one restore in a copy of the scene. */
export async function killRestore(
	scene: Scene,
	instant: Instant,
): Promise<Verdict> {
	using home = copyOf(scene.home);
	const what = await kill(home, RESTORE, instant);
	const problems = [...strangersIn(home)];
	const beside = ["-wal", "-shm", "-journal"].filter((end) =>
		existsSync(home.library + end),
	);
	const holds = heldContent(scene, home);
	if (holds === "neither") problems.push("the library is neither old nor new");
	if (holds === "new" && beside.length > 0) {
		problems.push(`the new library has a ${beside}`);
	}
	problems.push(...(await problemsOfNextRun(home, RESTORE)));
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
	const mayLeave = call?.startsWith("unlinkat") || errno.endsWith("+");
	if (left > 0 && !mayLeave) problems.push("scratch files are left");
	if (left > 0) problems.push(...(await problemsOfNextRun(home, args)));
	const what = `${errno} at call ${at}, ${call}, exit ${exitCode}`;
	return { holds, problems: problems.map((problem) => `${what}: ${problem}`) };
}

function isNoSafetyBackup(name: string): boolean {
	return !name.includes("pre-restore");
}

/** Which of its two libraries stands in a copy of the scene. */
export function heldContent(scene: Scene, home: Home): Verdict["holds"] {
	const content = contentAfterRecovery(home.library);
	if (Bun.deepEquals(content, scene.old)) return "old";
	return Bun.deepEquals(content, scene.new) ? "new" : "neither";
}

/** The calls of an undisturbed run: each once at its first and once at its last turn, where it is done many times in a row. */
export async function callsOf(
	scene: Scene,
	args: readonly string[],
): Promise<{ readonly call: number; readonly name: string }[]> {
	using home = copyOf(scene.home);
	const { calls, exitCode, stderr } = await trace(home, args, {
		action: "count",
	});
	if (exitCode !== 0) throw new Error(stderr);
	return calls
		.map((name, index) => ({ call: index + 1, name }))
		.filter(({ name }, at) => name !== calls[at - 1] || name !== calls[at + 1]);
}

/** Of the calls of a run the first of each name on each file after each other one, however long the run is. */
export async function kindsOfCalls(
	scene: Scene,
	args: readonly string[],
): Promise<{ readonly call: number; readonly name: string }[]> {
	const calls = await callsOf(scene, args);
	const seen = new Set<string>();
	return calls.filter(({ name }, index) => {
		const kind = `${calls[index - 1]?.name} ${name}`;
		const isNew = !seen.has(kind);
		seen.add(kind);
		return isNew;
	});
}

/** So many instants, spread over the time that an undisturbed run takes. */
export async function instantsOf(
	scene: Scene,
	args: readonly string[],
	count: number,
): Promise<{ readonly ms: number }[]> {
	const times: number[] = [];
	for (let attempt = 0; attempt < 3; attempt++) {
		using home = copyOf(scene.home);
		const began = performance.now();
		await run(binary, home, args);
		times.push(performance.now() - began);
	}
	const most = Math.max(...times);
	return Array.from({ length: count }, (_, at) => ({
		ms: (most * (at + 0.5)) / count,
	}));
}

/** Runs `work` for all items, two at a time. */
export async function twoAtATime<T, R>(
	items: readonly T[],
	work: (item: T) => Promise<R>,
): Promise<R[]> {
	const queue = items.values();
	const found: R[] = [];
	const worker = async () => {
		for (const item of queue) found.push(await work(item));
	};
	await Promise.all([worker(), worker()]);
	return found;
}

/** A home with the same files. */
export function copyOf(home: Home): Home {
	const copy = new Home(null);
	cpSync(home.path, copy.path, { recursive: true, preserveTimestamps: true });
	return copy;
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

function contentAfterRecovery(path: string): unknown {
	// A copy, so that what lies beside it stays as it is for the next run.
	using home = new Home(null);
	for (const end of ["", "-wal", "-journal"]) {
		if (existsSync(path + end)) cpSync(path + end, home.library + end);
	}
	const integrity = integrityOf(home.library);
	return integrity === "ok" ? contentOf(home.library) : integrity;
}

// Whatever a killed run may leave: private scratch folders, and whole backups.
function* strangersIn(home: Home): Generator<string> {
	for (const folder of [home.at(".vpo"), home.backups]) {
		for (const path of scratchIn(folder)) {
			const mode = statSync(path).mode & 0o777;
			if (mode !== 0o700) yield `${path} has mode ${mode.toString(8)}`;
		}
		for (const name of readdirSync(folder)) {
			if (
				!/^(library\.db.*|backups|vpo-library-.*\.tar\.gz|\.vpo-scratch-.*)$/.test(
					name,
				)
			) {
				yield `there is a ${name}`;
			}
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
