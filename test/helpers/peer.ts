// Another program that has the library open, as VPO's daemon does: peer.py, spoken to line by line.

import { Database } from "bun:sqlite";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "./program.ts";

/** Any user that is not root. */
export const OTHER_USER = 65_534;
/** Handed over as text: another user may not be let into the folder that it is in. */
const SCRIPT = readFileSync(join(import.meta.dir, "peer.py"), "utf8");

export interface Answer {
	readonly rows?: readonly (readonly unknown[])[];
	/** SQLite's name of the error: SQLITE_BUSY, … */
	readonly error?: string;
	readonly message?: string;
}

/** What a peer did between `fire` and `cease`. */
export interface Fired {
	readonly commits: number;
	readonly longest_ms: number;
	readonly error: string | null;
}

export interface PeerOptions {
	/** How long it waits for locks itself. */
	readonly timeoutSeconds?: number;
	readonly uid?: number;
}

/** The Python of the system, which other users may run too. */
export function python(): string {
	const found = existsSync("/usr/bin/python3")
		? "/usr/bin/python3"
		: Bun.which("python3");
	if (!found) throw new Error("this test needs python3 (apt install python3)");
	return found;
}

/** The same program, run by another user. */
export function asUser({ name, command }: Program, uid: number): Program {
	return { name, command: [...becoming(uid), ...command] };
}

function becoming(uid: number): string[] {
	return ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
}

/** A SQLite connection in a process of its own; it ends when disposed of. */
export class Peer implements AsyncDisposable {
	readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
	readonly #lines: AsyncIterator<string>;

	private constructor(uid: number | undefined) {
		const become = uid === undefined ? [] : becoming(uid);
		this.#child = Bun.spawn([...become, python(), "-c", SCRIPT], {
			stdin: "pipe",
			stdout: "pipe",
			stderr: "inherit",
		});
		this.#lines = linesOf(this.#child.stdout);
	}

	/** Connects: the file is open, but not locked. */
	static async connect(
		path: string,
		{ timeoutSeconds = 5, uid }: PeerOptions = {},
	): Promise<Peer> {
		const peer = new Peer(uid);
		await peer.#ask({ open: path, timeout: timeoutSeconds });
		return peer;
	}

	/** Connects, runs these statements and stays. */
	static async holding(
		path: string,
		statements: readonly string[],
		options?: PeerOptions,
	): Promise<Peer> {
		const peer = await Peer.connect(path, options);
		for (const statement of statements) {
			const { error, message } = await peer.sql(statement);
			if (error) throw new Error(`${statement}: ${error} ${message}`);
		}
		return peer;
	}

	get pid(): number {
		return this.#child.pid;
	}

	sql(text: string): Promise<Answer> {
		return this.#ask({ sql: text });
	}

	/** Starts to commit as fast as it can; returns after its tables are there. */
	async fire(): Promise<void> {
		await this.#ask({ fire: true });
	}

	/** Ends what `fire` began. */
	async cease(): Promise<Fired> {
		return (await this.#ask({ cease: true })) as unknown as Fired;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#child.kill("SIGKILL");
		await this.#child.exited;
	}

	/** Ends it as a power cut would: nothing is rolled back, checkpointed or removed. */
	kill(): Promise<void> {
		return this[Symbol.asyncDispose]();
	}

	async #ask(command: object): Promise<Answer> {
		this.#child.stdin.write(`${JSON.stringify(command)}\n`);
		await this.#child.stdin.flush();
		const { value, done } = await this.#lines.next();
		if (done) throw new Error("the peer ended");
		return JSON.parse(value) as Answer;
	}
}

/** What the linked tables of `fire` say: the sum that never changes, and how many transactions are in. */
export function ledgerOf(path: string): { sum: number; commits: number } {
	const database = new Database(path, { readonly: true });
	try {
		const value = (sql: string) => Number(database.query(sql).values()[0]?.[0]);
		return {
			sum:
				value("SELECT sum(amount) FROM fire_left") +
				value("SELECT sum(amount) FROM fire_right"),
			commits: value("SELECT count(*) FROM fire_log"),
		};
	} finally {
		database.close(true);
	}
}

/** The sum that `ledgerOf` must find, in every state that was ever committed. */
export const LEDGER_SUM = 128_000;

async function* linesOf(stream: ReadableStream<Uint8Array>) {
	const decoder = new TextDecoder();
	let text = "";
	for await (const chunk of stream) {
		text += decoder.decode(chunk, { stream: true });
		const lines = text.split("\n");
		text = lines.pop() ?? "";
		yield* lines;
	}
}
