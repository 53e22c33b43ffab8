// One run of the program, and what must be true of the files wherever the power is cut in it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { binary, Home, runJson } from "../helpers/program.ts";
import { copyOf } from "../helpers/scene.ts";
import { expectWholeBackup } from "../helpers/state.ts";
import { cutsOf, type Effort } from "./cuts.ts";
import { type Cut, Disk, keyOf, type State } from "./disk.ts";
import type { LibraryFiles, Readers } from "./readers.ts";
import { type Call, record } from "./recording.ts";

const LIBRARY = ".vpo/library.db";
const ARCHIVE = /\.(tar\.gz|tgz)$/;
/** What the next run removes, and what SQLite makes anew. */
const PASSING = /(^|\/)\.vpo-(scratch|publishing)|-shm$/;

/** A run, and what must be there once it has reported success. */
export interface Trial {
	readonly name: string;
	readonly args: readonly string[];
	/** Whether the library holds what it held before the run, or what it held after it. */
	readonly library: "old" | "new";
	/** Whether there is an archive with a new name. */
	readonly isBackup?: boolean;
	/** Backups that it may remove; all others stay. */
	readonly removes?: readonly string[];
	/** Backups that were pinned before it, and stay so. */
	readonly pinned?: readonly string[];
	/** Backups that it pins. */
	readonly pins?: readonly string[];
}

export interface Findings {
	/** Distinct states of the files, out of all cuts. */
	readonly states: number;
	readonly cuts: number;
	/** What was lost, and where; nothing, as it should be. */
	readonly problems: readonly string[];
}

/** A recorded run, which can be tried as it was and with calls of it left out. */
export class Recorded implements Disposable {
	readonly calls: readonly Call[];
	readonly #before: Home;
	readonly #folder: string;
	readonly #judge: Judge;

	private constructor(
		trial: Trial,
		before: Home,
		folder: string,
		calls: readonly Call[],
		readers: Readers,
	) {
		this.#before = before;
		this.#folder = folder;
		this.calls = calls;
		this.#judge = new Judge(trial, readers, this.#disk(calls));
	}

	static async make(
		trial: Trial,
		home: Home,
		readers: Readers,
	): Promise<Recorded> {
		const before = copyOf(home);
		using running = copyOf(home);
		const { calls, outcome } = await record(running, trial.args);
		if (outcome.exitCode !== 0) throw new Error(outcome.stderr);
		const folder = running.path;
		const recorded = new Recorded(trial, before, folder, calls, readers);
		recorded.#requireFaithful(running);
		await recorded.#judge.prepare();
		return recorded;
	}

	/**
	 * Cuts the power everywhere.
	 * @param calls the recorded ones, or what a worse program would have done
	 * @param mostProblems to be content with
	 */
	async try(
		effort: Effort,
		calls: readonly Call[] = this.calls,
		mostProblems = Number.POSITIVE_INFINITY,
	): Promise<Findings> {
		const disk = this.#disk(calls);
		const seen = new Map<string, boolean>();
		const problems = new Set<string>();
		let cuts = 0;
		for (const cut of cutsOf(disk, effort)) {
			cuts += 1;
			const state = disk.stateAfter(cut);
			const isReported = cut.calls === disk.callCount;
			const key = keyOf(state);
			// A state that is good after the report is good before it as well.
			if (seen.get(key) === true || (seen.has(key) && !isReported)) continue;
			seen.set(key, isReported);
			for (const problem of await this.#judge.problemsOf(state, isReported)) {
				problems.add(`${problem}, ${describe(disk, cut)}`);
			}
			if (problems.size >= mostProblems) break;
		}
		return { states: seen.size, cuts, problems: [...problems] };
	}

	get name(): string {
		return this.#judge.trial.name;
	}

	/** The calls that make something last, by what they do: "restore: sync .vpo/library.db". */
	syncs(): Map<string, number[]> {
		const found = new Map<string, number[]>();
		for (const [at, { does, path }] of this.calls.entries()) {
			if (does !== "sync") continue;
			const below = path
				.slice(this.#folder.length + 1)
				.replace(/\.vpo-scratch[^/]*/, "SCRATCH");
			const name = `${this.name}: ${below || "HOME"}`;
			found.set(name, [...(found.get(name) ?? []), at]);
		}
		return found;
	}

	#disk(calls: readonly Call[]): Disk {
		const isRelevant = (path: string) => !PASSING.test(path);
		return new Disk(this.#before.path, this.#folder, calls, isRelevant);
	}

	// A record that misses a call, or takes one for another, would prove nothing.
	#requireFaithful(after: Home): void {
		const disk = this.#disk(this.calls);
		const replayed = disk.stateAfter({
			calls: disk.callCount,
			lost: new Set(),
		});
		const real = new Disk(
			after.path,
			after.path,
			[],
			(path) => !PASSING.test(path),
		);
		const found = keyOf(real.stateAfter({ calls: 0, lost: new Set() }));
		if (keyOf(replayed) !== found) {
			throw new Error(`the record differs:\n${keyOf(replayed)}\n---\n${found}`);
		}
	}

	[Symbol.dispose](): void {
		this.#before[Symbol.dispose]();
	}
}

function describe(disk: Disk, { calls, lost, torn }: Cut): string {
	const what = (at: number) => disk.changes[at]?.what ?? "";
	const names = [...lost].map(what);
	const some = names.slice(0, 4).join(", ");
	const more = names.length > 4 ? ` and ${names.length - 4} more` : "";
	const part = torn
		? `, ${what(torn.change)} torn: ${JSON.stringify(torn.part)}`
		: "";
	return `after ${calls} of ${disk.callCount} calls, without ${some || "nothing"}${more}${part}`;
}

class Judge {
	readonly trial: Trial;
	readonly #readers: Readers;
	readonly #before: State;
	readonly #after: State;
	readonly #libraries = new Map<string, string>();
	readonly #archives = new Map<string, string | null>();
	readonly #pins = new Map<string, ReadonlySet<string>>();
	#old = "";
	#new = "";

	constructor(trial: Trial, readers: Readers, disk: Disk) {
		this.trial = trial;
		this.#readers = readers;
		this.#before = disk.stateAfter({ calls: 0, lost: new Set() });
		const all = { calls: disk.callCount, lost: new Set<number>() };
		this.#after = disk.stateAfter(all);
	}

	async prepare(): Promise<void> {
		this.#old = await this.#read(this.#before);
		this.#new = await this.#read(this.#after);
		const { library } = this.trial;
		if ((this.#old === this.#new) !== (library === "old")) {
			throw new Error(`${this.trial.name} changed what it should not`);
		}
	}

	async problemsOf(state: State, isReported: boolean): Promise<string[]> {
		return [
			...(await this.#libraryProblems(state, isReported)),
			...this.#archiveProblems(state, isReported),
			...(await this.#pinProblems(state, isReported)),
		];
	}

	async #libraryProblems(state: State, isReported: boolean): Promise<string[]> {
		if ([...state.keys()].some((path) => path.startsWith(`${LIBRARY}-mj`))) {
			// Elsewhere, outside of a container, its path is not the one that the journal tells.
			return ["there is a super-journal"];
		}
		const found = await this.#read(state);
		const due = this.trial.library === "old" ? this.#old : this.#new;
		if (isReported) {
			return found === due ? [] : ["the library is not what was reported"];
		}
		return found === this.#old || found === this.#new
			? []
			: [`the library is neither old nor new (${found.slice(0, 60)})`];
	}

	async #read(state: State): Promise<string> {
		const files: [string, Uint8Array][] = [];
		let key = "";
		for (const end of ["", "-wal", "-journal"]) {
			const content = state.get(LIBRARY + end);
			if (!content) continue;
			key += `${end}=${content.hash} `;
			files.push([end, content.bytes]);
		}
		const known = this.#libraries.get(key);
		if (known !== undefined) return known;
		const read = state.has(LIBRARY)
			? (await this.#readers.read(new Map(files) as LibraryFiles)).join(" ")
			: "none";
		this.#libraries.set(key, read);
		return read;
	}

	#archiveProblems(state: State, isReported: boolean): string[] {
		const { removes = [], isBackup } = this.trial;
		const problems: string[] = [];
		for (const [path, { bytes, hash }] of state) {
			if (!ARCHIVE.test(path)) continue;
			const problem = this.#wholeness(hash, bytes);
			if (problem !== null) problems.push(`${nameOf(path)} is not whole`);
		}
		for (const [path, { hash }] of this.#before) {
			if (!ARCHIVE.test(path) || state.get(path)?.hash === hash) continue;
			if (removes.includes(nameOf(path)) && !state.has(path)) continue;
			problems.push(`${nameOf(path)} is not what it was`);
		}
		const isNew = (path: string) =>
			ARCHIVE.test(path) && !this.#before.has(path);
		if (isReported && isBackup && ![...state.keys()].some(isNew)) {
			problems.push("the backup that was reported is not there");
		}
		return problems;
	}

	#wholeness(hash: string, bytes: Uint8Array): string | null {
		const known = this.#archives.get(hash);
		if (known !== undefined) return known;
		const folder = mkdtempSync(join(tmpdir(), "vpo-power-archive-"));
		let problem: string | null = null;
		try {
			writeFileSync(join(folder, "x.tar.gz"), bytes);
			expectWholeBackup(join(folder, "x.tar.gz"));
		} catch (error) {
			problem = String(error);
		} finally {
			rmSync(folder, { recursive: true });
		}
		this.#archives.set(hash, problem);
		return problem;
	}

	async #pinProblems(state: State, isReported: boolean): Promise<string[]> {
		const { pinned = [], pins = [] } = this.trial;
		const due = [...pinned, ...(isReported ? pins : [])];
		if (due.length === 0) return [];
		const found = await this.#pinsIn(state);
		return due
			.filter((name) => !found.has(name))
			.map((name) => `${name} is not pinned`);
	}

	// By the program itself, on files as the cut has left them.
	async #pinsIn(state: State): Promise<ReadonlySet<string>> {
		const files = [...state].filter(([path]) =>
			path.startsWith(".vpo/backups/"),
		);
		const key = keyOf(new Map(files));
		const known = this.#pins.get(key);
		if (known) return known;
		using home = new Home(null);
		for (const [path, { bytes }] of files) {
			mkdirSync(dirname(home.at(path)), { recursive: true });
			writeFileSync(home.at(path), bytes, { mode: 0o600 });
		}
		const { json } = await runJson(binary, home, ["library", "backups"]);
		const backups = json.backups as { filename: string; pinned: boolean }[];
		const pins = new Set(
			backups.filter(({ pinned }) => pinned).map(({ filename }) => filename),
		);
		this.#pins.set(key, pins);
		return pins;
	}
}

function nameOf(path: string): string {
	return path.slice(path.lastIndexOf("/") + 1);
}
