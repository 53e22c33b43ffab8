// A machine whose backups are in a bucket: a home, and calls of the program in it.

import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { binary, Home, type Outcome, run } from "./program.ts";
import { expectWholeBackup } from "./state.ts";
import { ask, environmentOf, type Store } from "./store.ts";

/** A home whose backups are in a bucket, and calls of the program in it. */
export class Machine implements Disposable {
	readonly home = new Home();
	readonly outcomes: Outcome[] = [];
	readonly address: string;
	readonly env: Record<string, string>;
	readonly #store: Store;

	constructor(
		store: Store,
		address: string,
		changes: Record<string, string> = {},
	) {
		this.#store = store;
		this.address = address;
		this.env = { ...environmentOf(store), VPO_BACKUP_DIR: address, ...changes };
	}

	async call(...args: string[]): Promise<Outcome> {
		const outcome = await run(binary, this.home, ["library", ...args], {
			env: this.env,
		});
		this.outcomes.push(outcome);
		return outcome;
	}

	async done(...args: string[]): Promise<string> {
		const { exitCode, stdout, stderr } = await this.call(...args);
		expect({ args, exitCode, stderr: exitCode ? stderr : "" }).toEqual({
			args,
			exitCode: 0,
			stderr: "",
		});
		return stdout;
	}

	async json(...args: string[]): Promise<Record<string, unknown>> {
		return JSON.parse((await this.call(...args, "--json")).stdout);
	}

	async names(): Promise<string[]> {
		const { backups } = await this.json("backups");
		return (backups as { filename: string }[]).map(({ filename }) => filename);
	}

	/** Fetches what stands there, and sees that each is whole. */
	async expectWhole(): Promise<string[]> {
		const names = await this.names();
		for (const name of names) {
			const path = this.address.replace("s3://", "");
			const response = await ask(this.#store, "GET", `${path}/${name}`);
			writeFileSync(this.home.at(name), await response.bytes());
			expectWholeBackup(this.home.at(name));
		}
		return names;
	}

	[Symbol.dispose](): void {
		this.home[Symbol.dispose]();
	}
}
