// Where a benchmark ran and with what: processor, memory, kernel, and the version of every tool.

import { readFileSync } from "node:fs";
import {
	availableParallelism,
	cpus,
	loadavg,
	release,
	totalmem,
} from "node:os";
import type { Bench } from "./bench.ts";
import { run } from "./measure.ts";

const tools = [
	{ name: "sqlite3", package: "sqlite3", argv: ["sqlite3", "--version"] },
	{ name: "pigz", package: "pigz", argv: ["sh", "-c", "pigz --version 2>&1"] },
	{ name: "python3", package: "python3", argv: ["python3", "--version"] },
	{ name: "tar", package: "tar", argv: ["tar", "--version"] },
	{ name: "gzip", package: "gzip", argv: ["gzip", "--version"] },
	{
		name: "sqldiff",
		package: "sqlite3-tools",
		argv: ["sh", "-c", "dpkg -s sqlite3-tools | grep ^Version"],
	},
	{ name: "taskset", package: "util-linux", argv: ["taskset", "--version"] },
] as const;

/** The Debian packages of tools that are needed and not there. */
export function missingPackages(): string[] {
	return tools
		.filter(({ name }) => Bun.which(name) === null)
		.map((tool) => tool.package);
}

/** One line each for the machine and the versions. */
export async function describeMachine(
	bench: Bench,
): Promise<readonly string[]> {
	const ask = (argv: readonly string[]) => run(bench, argv, bench.scratch);
	const pythonSqlite = "import sqlite3; print(sqlite3.sqlite_version)";
	const versions = [
		["vpo", [bench.vpo, "--version"]] as const,
		["Bun", [process.execPath, "--version"]] as const,
		...tools.map(({ name, argv }) => [name, argv] as const),
		["Python's SQLite", ["python3", "-c", pythonSqlite]] as const,
	].map(async ([name, argv]) => `${name} ${versionIn(await ask(argv))}`);
	const memory = `${Math.round(totalmem() / 2 ** 30)} GiB memory`;
	const cores = `${availableParallelism()} cores of ${cpus()[0]?.model.trim()}`;
	const load = `load ${loadavg()[0]?.toFixed(1)} before`;
	return [
		`${cores}, ${memory}, Linux ${release()}, ${load}`,
		(await Promise.all(versions)).join(", "),
	];
}

/** The processors that this process may run on. */
export function allowedCores(): number[] {
	const status = readFileSync("/proc/self/status", "utf8");
	const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(status)?.[1] ?? "0";
	return list.split(",").flatMap((range) => {
		const [first = 0, last = first] = range.split("-").map(Number);
		return Array.from(
			{ length: last - first + 1 },
			(_, index) => first + index,
		);
	});
}

function versionIn(text: string): string {
	return /\d+(\.\d+)+/.exec(text)?.[0] ?? "?";
}
