// What must be true of the files, wherever the power is cut in a run.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { binary, Home, runJson } from "../helpers/program.ts";
import { expectWholeBackup } from "../helpers/state.ts";
import type { Disk } from "./disk.ts";
import type { Trial } from "./promises.ts";
import type { LibraryFiles, Readers } from "./readers.ts";
import { keyOf, type State } from "./state.ts";

const LIBRARY = ".vpo/library.db";
const MEMORY = `${LIBRARY}.vpo.json`;
const ARCHIVE = /\.(tar\.gz|tgz)$/;

export class Judge {
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
			...(await this.#undoProblems(state, isReported)),
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
		const { removes = [], makes = 0 } = this.trial;
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
		if (isReported && [...state.keys()].filter(isNew).length < makes) {
			problems.push("a backup that was reported is not there");
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

	// What --undo takes back is what this run has replaced: nothing else once it has, and nothing before.
	async #undoProblems(state: State, isReported: boolean): Promise<string[]> {
		if (this.trial.library === "old") return [];
		const found = lastRestore(state);
		const due = lastRestore(this.#after);
		if (isReported) {
			return Bun.deepEquals(found, due) ? [] : ["--undo does not know of it"];
		}
		const isOurs = Bun.deepEquals(found?.kept, due?.kept);
		if ((await this.#read(state)) !== this.#new) {
			return found?.done && isOurs
				? ["--undo would undo what was not done"]
				: [];
		}
		return lastRestore(this.#before) === null || isOurs
			? []
			: ["--undo would take back an older restore"];
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

interface LastRestore {
	readonly kept: unknown;
	readonly done: boolean;
}

/** As it is remembered; null where it is not. */
function lastRestore(state: State): LastRestore | null {
	try {
		const text = new TextDecoder().decode(state.get(MEMORY)?.bytes);
		const { last_restore } = JSON.parse(text);
		return last_restore && { done: true, ...last_restore };
	} catch {
		return null;
	}
}

function nameOf(path: string): string {
	return path.slice(path.lastIndexOf("/") + 1);
}
