// A refused archive: exit 46, one clear line, no trace. Dry run and restore alike.

import { expect } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { GzipPool } from "../../src/core/archive/gzip.ts";
import { SqliteThread } from "../../src/core/library/sqlite-thread.ts";
import { planRestore, restoreBackup } from "../../src/core/restore/restore.ts";
import type { RestorePlan } from "../../src/core/restore/restore-plan.ts";
import { AppError } from "../../src/ground/errors.ts";
import { resolveSettings } from "../../src/ground/settings.ts";
import { contentOf } from "./content.ts";
import { type Bytes, makeLibrary, toBytes } from "./hostile.ts";
import { binary, Home, type Outcome, run, start } from "./program.ts";
import { tree } from "./state.ts";

/** A refusal must come at once, and a hang must not stop the suite. */
const TIMEOUT_MS = 20_000;
/** Room for two paths and a sentence. */
const MOST_LINE_LENGTH = 400;
/** Everything that a terminal could obey: C0 without line feed, DEL, C1. */
const OBEYED = // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is for
	/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

/** An archive that must be refused, and why. */
export interface Refusal {
	readonly what: string;
	readonly archive: Bytes;
	readonly says: RegExp;
}

/** A HOME with a small library, and archives brought to it. */
export class Target implements Disposable {
	readonly home = new Home(null);
	readonly #pool = new GzipPool(1);
	readonly #sqlite = new SqliteThread();
	#refusals = 0;

	constructor() {
		writeFileSync(this.home.library, makeLibrary(this.home.path));
	}

	/** Puts an archive somewhere in this HOME. */
	write(archive: Bytes | string, name = "given.tar.gz"): string {
		const path = this.home.at(name);
		writeFileSync(path, toBytes(archive));
		return path;
	}

	/** Expects a dry run to refuse it without a trace, and a restore, each third time, in the same words. */
	async expectRefused({ archive, says }: Omit<Refusal, "what">): Promise<void> {
		const path = this.write(archive);
		const before = tree(this.home.path);
		const dry = await this.#plan(path).catch((error) => error);
		expect(dry).toBeInstanceOf(AppError);
		expect(dry).toMatchObject({ code: "INVALID_ARCHIVE", exitCode: 46 });
		expect(dry.message).toMatch(says);
		expect(dry.message.split(path)).toHaveLength(2);
		expect(dry.message).not.toContain(".vpo-scratch");
		expect(dry.message.length).toBeLessThan(MOST_LINE_LENGTH);
		// They read it by the same lines; a restore looks around first, which takes five times as long.
		if (this.#refusals++ % 3 === 0) {
			const real = await this.#restore(path).catch((error) => error);
			expect(real).toMatchObject({ code: dry.code, message: dry.message });
		}
		expect(tree(this.home.path)).toEqual(before);
	}

	/** The error of a dry run, or null if it accepts the archive. */
	async failureOf(archive: Bytes): Promise<unknown> {
		return this.#plan(this.write(archive)).then(
			() => null,
			(error) => error,
		);
	}

	/** Expects a dry run and a restore to accept it, and the restored library to be `library`. */
	async expectAccepted(archive: Bytes, library: Bytes): Promise<RestorePlan> {
		const path = this.write(archive);
		const plan = await this.#plan(path);
		await this.#restore(path);
		// The library keeps its file: what it holds is the same, not its bytes.
		const wanted = this.home.at("wanted.db");
		writeFileSync(wanted, library);
		expect(contentOf(this.home.library)).toEqual(contentOf(wanted));
		rmSync(wanted);
		return plan;
	}

	/** As `expectRefused`, of any file, with the compiled program. */
	async expectProgramRefuses(path: string, says: RegExp): Promise<void> {
		const before = tree(this.home.path);
		const args = ["library", "restore", path, "--json"];
		// One after the other: each looks at the library.
		const dry = await this.run([...args, "--dry-run"]);
		const real = await this.run([...args, "--yes"]);
		expect(real.exitCode).toBe(46);
		const failure = JSON.parse(real.stdout) as Record<string, unknown>;
		expect(failure).toMatchObject({
			success: false,
			code: "INVALID_ARCHIVE",
			exit_code: 46,
		});
		expect(String(failure.error)).toMatch(says);
		expect(dry).toEqual(real);
		expectOneLine(real);
		expect(tree(this.home.path)).toEqual(before);
	}

	/** Runs the compiled program; whatever it prints is harmless. */
	async run(args: readonly string[]): Promise<Outcome> {
		const outcome = await run(binary, this.home, args, {
			timeoutMs: TIMEOUT_MS,
		});
		expect(outcome.stdout).not.toMatch(OBEYED);
		expect(outcome.stderr).not.toMatch(OBEYED);
		return outcome;
	}

	/** Runs the compiled program and says what it took. */
	async measure(
		args: readonly string[],
	): Promise<{ exitCode: number; memoryBytes: number; milliseconds: number }> {
		const startedAt = performance.now();
		const child = start(binary, this.home, args, { timeoutMs: TIMEOUT_MS });
		const memory = watchMemory(child.pid);
		const exitCode = await child.exited;
		return {
			exitCode,
			memoryBytes: memory.stop(),
			milliseconds: performance.now() - startedAt,
		};
	}

	[Symbol.dispose](): void {
		this.#pool[Symbol.dispose]();
		this.#sqlite[Symbol.dispose]();
		this.home[Symbol.dispose]();
	}

	get #workshop() {
		return { pool: this.#pool, sqlite: this.#sqlite };
	}

	get #settings() {
		return resolveSettings({}, { HOME: this.home.path });
	}

	async #plan(path: string): Promise<RestorePlan> {
		return planRestore(await this.#settings, optionsOf(path), this.#workshop);
	}

	async #restore(path: string): Promise<void> {
		const confirm = async () => true;
		await restoreBackup(
			await this.#settings,
			optionsOf(path),
			this.#workshop,
			confirm,
		);
	}
}

// Not getrusage: the peak that it tells is at least that of the process which started the program, this one.
function watchMemory(pid: number): { stop(): number } {
	let peakBytes = 0;
	const look = () => {
		try {
			const status = readFileSync(`/proc/${pid}/status`, "utf8");
			const kibibytes = /VmHWM:\s+(\d+)/.exec(status)?.[1];
			peakBytes = Math.max(peakBytes, Number(kibibytes ?? 0) * 1024);
		} catch {
			// it has ended
		}
	};
	const timer = setInterval(look, 2);
	return {
		stop() {
			clearInterval(timer);
			return peakBytes;
		},
	};
}

function optionsOf(path: string) {
	return {
		reference: path,
		piped: null,
		allowNewerSchema: false,
		acceptsNew: false,
		safetyBackup: false,
		comparesContent: false,
		lockTimeoutMs: 0,
		startedAt: new Date(),
		vpoVersion: "test",
	};
}

// One line that says what is wrong, and one that says what to do.
function expectOneLine({ stderr }: Outcome): void {
	const lines = stderr.trimEnd().split("\n");
	expect(lines.length).toBeLessThanOrEqual(2);
	expect(lines[0]?.length).toBeLessThan(MOST_LINE_LENGTH);
}
