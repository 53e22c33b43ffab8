// One run of the program, and the power cut wherever it can be in it.

import type { Home } from "../helpers/program.ts";
import { copyOf } from "../helpers/scene.ts";
import { cutsOf, type Effort, type Focus } from "./cuts.ts";
import { type Cut, Disk } from "./disk.ts";
import { Judge } from "./judge.ts";
import type { Trial } from "./promises.ts";
import type { Readers } from "./readers.ts";
import { type Call, record } from "./recording.ts";
import { keyOf } from "./state.ts";

/** What the next run removes, and what SQLite makes anew. */
const PASSING = /(^|\/)\.vpo-(scratch|publishing)|-shm$/;

export interface Limits {
	/** To be content with. */
	readonly mostProblems?: number;
	readonly focus?: Focus;
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
	readonly disk: Disk;
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
		this.disk = this.replay(calls);
		this.#judge = new Judge(trial, readers, this.disk);
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
	 * @param disk of the run as it was recorded, or of what a worse program would have done
	 */
	async try(
		effort: Effort,
		disk: Disk = this.disk,
		{ mostProblems = Number.POSITIVE_INFINITY, focus }: Limits = {},
	): Promise<Findings> {
		const seen = new Map<string, boolean>();
		const problems = new Set<string>();
		let cuts = 0;
		for (const cut of cutsOf(disk, effort, focus)) {
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

	/** What tells of paths without what differs from run to run: where the home is, whose the scratch, of when a backup. */
	plain(text: string): string {
		return text
			.replaceAll(`${this.#folder}/`, "")
			.replaceAll(this.#folder, "HOME")
			.replaceAll(/\.vpo-scratch[^/ ]*/g, "SCRATCH")
			.replaceAll(/vpo-library-[^ ]*?\.tar\.gz/g, "BACKUP");
	}

	/** What stands on the disk if these are the calls: the recorded ones, or others. */
	replay(calls: readonly Call[]): Disk {
		const isRelevant = (path: string) => !PASSING.test(path);
		return Disk.after(this.#before.path, this.#folder, calls, isRelevant);
	}

	// A record that misses a call, or takes one for another, would prove nothing.
	#requireFaithful(after: Home): void {
		const { disk } = this;
		const replayed = disk.stateAfter({
			calls: disk.callCount,
			lost: new Set(),
		});
		const real = Disk.after(
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
