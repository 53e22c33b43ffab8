// The same work on a small machine: one core, and 512 MB of memory where a control group can set that limit.
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { archiveIn, temporaryFolder } from "../folders.ts";
import { allowedCores } from "../machine.ts";
import { type Contender, race, run, type Timing } from "../measure.ts";
import { backupCommand, ourBackup, ourRestore, ourVerify } from "../ours.ts";
import {
	carefulShellBackup,
	pythonBackup,
	pythonRestore,
	shellBackup,
} from "../peers.ts";
import { type Findings, timeTarget, timingTable } from "../report.ts";
import { sampleLibrary } from "../samples.ts";

const memoryBytes = 512e6;

/** Races backup, restore and verify of 100 MB against the peers, all of them so confined. */
export async function benchSmall(bench: Bench): Promise<Findings> {
	const library = await sampleLibrary(bench, 100);
	using made = temporaryFolder(join(bench.scratch, "small-"));
	using theirs = temporaryFolder(join(bench.scratch, "small-peer-"));
	await run(bench, backupCommand(bench, library, made.path), made.path);
	const peer = pythonBackup(library);
	await run(bench, peer.command(theirs.path), theirs.path);
	const archive = archiveIn(made.path);
	using group = memoryGroup();
	const confined = (contender: Contender) => confine(contender, group.path);
	const timings = await race(bench, {
		backup: confined(ourBackup(bench, library)),
		shell: confined(shellBackup(library)),
		python: confined(peer),
		careful: confined(carefulShellBackup(library)),
		restore: confined(
			ourRestore(bench, archive, library, "--no-safety-backup"),
		),
		pythonRestore: confined(
			pythonRestore(archiveIn(theirs.path), library, "as VPO"),
		),
		verify: confined(ourVerify(bench, archive)),
	});
	const memory = group.path === null ? "" : ", 512 MB of memory";
	const where = `1 core${memory}`;
	return {
		targets: [
			timeTarget(
				`backup, 100 MB, everything verified, on ${where}`,
				timings.backup,
				timings.careful,
				1,
			),
			timeTarget(
				`restore, 100 MB, on ${where}`,
				timings.restore,
				timings.pythonRestore,
				1,
			),
		],
		tables: [
			timingTable(`A small machine: ${where}`, Object.values<Timing>(timings)),
		],
	};
}

function confine(contender: Contender, group: string | null): Contender {
	const core = String(allowedCores()[0] ?? 0);
	return {
		...contender,
		command: (folder) => {
			const command = ["taskset", "-c", core, ...contender.command(folder)];
			if (group === null) return command;
			const enter = 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"';
			return ["sh", "-c", enter, "sh", group, ...command];
		},
	};
}

/** A control group with the limit, version 2 or 1; null where none may be made. */
function memoryGroup(): Disposable & { readonly path: string | null } {
	for (const [parent, limit] of [
		["/sys/fs/cgroup", "memory.max"],
		["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
	] as const) {
		const path = join(parent, `vpo-bench-${process.pid}`);
		try {
			mkdirSync(path);
		} catch {
			continue; // not ours to make
		}
		if (existsSync(join(path, limit))) {
			writeFileSync(join(path, limit), String(memoryBytes));
			return { path, [Symbol.dispose]: () => rmdirSync(path) };
		}
		rmdirSync(path);
	}
	return { path: null, [Symbol.dispose]: () => {} };
}
