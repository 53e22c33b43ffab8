// A database from outside is opened in a process of its own, which can be ended, whatever a hostile schema has it do, and
// whose memory goes with it. A thread that is deep in SQLite can't be ended, and SQLite's own limits have no effect here.

import { AppError } from "../../../ground/errors.ts";
import { ownProcess } from "../../../ground/program.ts";
import { abortable, type PlainError, revive } from "../../work/thread.ts";
import type { Examination, News } from "./examination.ts";
import { limitsFor, watchLimits } from "./limits.ts";

/** By which the program knows that it is to be an examiner: `vpo --examine`. */
export const EXAMINE = "--examine";

/** What an examiner reads, one line each. */
export interface ExamineRequest {
	readonly path: string;
	readonly freeCores: number;
}

/** How it ends. */
type Ending = { readonly result: Examination } | { readonly error: PlainError };

/** What it answers, one line each. */
export type ExamineAnswer = { readonly news: News } | Ending;

type Child = Bun.Subprocess<"pipe", "pipe", "ignore">;

/** Examines files, each in a process that works at nothing else meanwhile; one that is done takes the next file. */
export class Examiner implements Disposable {
	/** Ready for the next file, and it alone. */
	readonly #idle: Child[] = [];
	readonly #busy = new Set<Child>();
	readonly #limitsFor: typeof limitsFor;

	/** @param limits what a file of so many bytes may take */
	constructor(limits = limitsFor) {
		this.#limitsFor = limits;
	}

	/** Starts a process, so that it is ready when there is work. */
	start(): void {
		if (this.#idle.length > 0) return;
		const child = startChild();
		if (child) this.#idle.push(child);
	}

	/**
	 * Examines a private file, within so much time and memory as a file of its size needs.
	 * @returns null where no process can work here
	 * @throws AppError INVALID_ARCHIVE: it takes more, or the process crashed of it; OPERATION_FAILED: somebody ended the
	 * process; as `examineFile`
	 */
	async examine(
		path: string,
		sizeBytes: number,
		freeCores: number,
		signal?: AbortSignal,
		onNews?: (news: News) => void,
	): Promise<Examination | null> {
		signal?.throwIfAborted();
		this.start();
		const child = this.#idle.pop();
		if (!child) return null;
		this.#busy.add(child);
		let isTold = false;
		const tell = (news: News) => {
			isTold = true;
			onNews?.(news);
		};
		using limits = watchLimits(child.pid, this.#limitsFor(sizeBytes));
		// Nobody waits for the end of one that is ended: it may hang in a share, and never come to it.
		const answer = await Promise.race([
			abortable(ask(child, { path, freeCores }, tell), signal),
			limits.exceeded.then(() => null),
		]).catch((error) => {
			this.#end(child);
			throw error;
		});
		if (answer !== null) {
			const isSound = "result" in answer && answer.result.damage === "";
			// What is damaged may keep its threads busy for ever.
			if (!isSound) this.#end(child);
			else if (this.#busy.delete(child)) this.#idle.push(child);
			if ("error" in answer) throw revive(answer.error);
			return answer.result;
		}
		if (limits.reason) {
			this.#end(child);
			throw limits.reason;
		}
		this.#busy.delete(child);
		await abortable(child.exited, signal);
		if (child.signalCode !== null) throw killed(String(child.signalCode));
		// Who was told of it may keep the only thread here that could go on, until the answer comes.
		if (isTold) throw ended("before it was done");
		return null;
	}

	[Symbol.dispose](): void {
		for (const child of [...this.#idle, ...this.#busy]) this.#end(child);
		this.#idle.length = 0;
	}

	#end(child: Child): void {
		child.kill("SIGKILL");
		this.#busy.delete(child);
	}
}

function startChild(): Child | null {
	try {
		const child = Bun.spawn([...ownProcess(), EXAMINE], {
			stdin: "pipe",
			stdout: "pipe",
			stderr: "ignore",
		});
		child.unref();
		return child;
	} catch {
		return null; // no more processes, or no memory for one
	}
}

/** How it ends, or null where it ended without a word. */
async function ask(
	child: Child,
	request: ExamineRequest,
	onNews: (news: News) => void,
): Promise<Ending | null> {
	child.ref();
	const reader = child.stdout.getReader();
	try {
		child.stdin.write(`${JSON.stringify(request)}\n`);
		await child.stdin.flush();
		let text = "";
		const decoder = new TextDecoder();
		for (;;) {
			const { value, done } = await reader.read();
			if (done) return null;
			const lines = (text + decoder.decode(value, { stream: true })).split(
				"\n",
			);
			text = lines.pop() ?? "";
			for (const line of lines) {
				const answer = JSON.parse(line) as ExamineAnswer;
				if (!("news" in answer)) return answer;
				onNews(answer.news);
			}
		}
	} catch {
		return null; // what it reads and writes is closed
	} finally {
		reader.releaseLock();
		child.unref();
	}
}

function killed(signal: string): AppError {
	const isOurs = !["SIGKILL", "SIGTERM"].includes(signal);
	return ended(`by ${signal}`, isOurs);
}

function ended(how: string, isOurs = false): AppError {
	return new AppError(
		isOurs ? "INVALID_ARCHIVE" : "OPERATION_FAILED",
		`the process that checks library.db was ended ${how}`,
		{ hint: isOurs ? undefined : "the system may be short of memory" },
	);
}
