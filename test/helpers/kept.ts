// A schedule that the program keeps in the foreground.

import { type Home, type Program, start } from "./program.ts";
import { Transcript } from "./transcript.ts";

const RUN = ["library", "schedule", "--run"];

/** It runs until the end of the test. */
export class Kept implements AsyncDisposable {
	readonly child: ReturnType<typeof start>;
	readonly stdout: Transcript;
	readonly log: Transcript;

	constructor(program: Program, home: Home, args: readonly string[]) {
		const env = { TZ: "UTC" };
		this.child = start(program, home, [...RUN, ...args], { env });
		this.stdout = new Transcript(this.child.stdout);
		this.log = new Transcript(this.child.stderr);
	}

	/** @returns the exit code, and how long it took */
	async end(signal: NodeJS.Signals): Promise<[exitCode: number, ms: number]> {
		const from = performance.now();
		this.child.kill(signal);
		return [await this.child.exited, performance.now() - from];
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.end("SIGTERM");
		await Promise.all([this.stdout.ended, this.log.ended]);
	}
}
