// What one run of the program asked of the file system, in its order, with all that it wrote.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { python } from "../helpers/peer.ts";
import { binary, type Home, type Outcome, run } from "../helpers/program.ts";

const SCRIPT = join(import.meta.dir, "..", "helpers", "record.py");

/** A call that changes files, or makes changes last; paths are absolute. */
export type Call =
	| {
			readonly does: "write";
			readonly path: string;
			readonly offset: number;
			readonly bytes: Uint8Array;
	  }
	| {
			readonly does: "truncate" | "extend";
			readonly path: string;
			readonly size: number;
	  }
	| {
			readonly does: "create" | "mkdir" | "remove" | "sync";
			readonly path: string;
	  }
	| {
			readonly does: "link" | "rename";
			readonly source: string;
			readonly path: string;
	  };

export interface Recording {
	readonly calls: readonly Call[];
	readonly outcome: Outcome;
}

/** Runs the binary to its end and records it. */
export async function record(
	home: Home,
	args: readonly string[],
): Promise<Recording> {
	const log = home.at(`..`, `vpo-record-${crypto.randomUUID()}`);
	const program = {
		name: "recorded",
		command: [python(), SCRIPT, home.path, log, "--", ...binary.command],
	};
	try {
		const outcome = await run(program, home, args);
		if (!existsSync(log)) throw new Error(`record.py: ${outcome.stderr}`);
		const data = readFileSync(`${log}.data`);
		const lines = readFileSync(log, "utf8").split("\n").filter(Boolean);
		return { outcome, calls: lines.map((line) => toCall(line, data)) };
	} finally {
		for (const end of ["", ".data"]) rmSync(log + end, { force: true });
	}
}

function toCall(line: string, data: Uint8Array): Call {
	const { at, length, ...call } = JSON.parse(line);
	return call.does === "write"
		? { ...call, bytes: data.subarray(at, at + length) }
		: call;
}
