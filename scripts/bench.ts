// Measures vpo against what does the same job on a Debian system, and writes the tables of docs/benchmarks.md.
// Every promise stands next to what was measured; nothing fails because a machine is slow.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Bench } from "./bench/bench.ts";
import { temporaryFolder } from "./bench/folders.ts";
import { describeMachine, missingPackages } from "./bench/machine.ts";
import { benchBackup } from "./bench/parts/backup.ts";
import { benchCores } from "./bench/parts/cores.ts";
import { benchGrowth } from "./bench/parts/growth.ts";
import { benchInside } from "./bench/parts/inside.ts";
import { benchLevels } from "./bench/parts/levels.ts";
import { benchList } from "./bench/parts/list.ts";
import { benchMany } from "./bench/parts/many.ts";
import { benchMemory } from "./bench/parts/memory.ts";
import { benchNeighbour } from "./bench/parts/neighbour.ts";
import { benchRestore } from "./bench/parts/restore.ts";
import { benchSmall } from "./bench/parts/small.ts";
import { benchStart } from "./bench/parts/start.ts";
import { benchStore } from "./bench/parts/store.ts";
import { type Findings, insertReport, renderReport } from "./bench/report.ts";

const parts = {
	backup: benchBackup,
	restore: benchRestore,
	inside: benchInside,
	list: benchList,
	many: benchMany,
	memory: benchMemory,
	cores: benchCores,
	store: benchStore,
	start: benchStart,
	levels: benchLevels,
	small: benchSmall,
	neighbour: benchNeighbour,
	growth: benchGrowth,
} satisfies Record<string, (bench: Bench) => Promise<Findings>>;

const built = join(import.meta.dir, "../dist/vpo");
const page = join(import.meta.dir, "../docs/benchmarks.md");
const growthMb = [10, 100, 1_000, 4_000];

const usage = `usage: bun scripts/bench.ts [--quick | --full] [--only PART,...] [--vpo PATH]
  --quick  3 rounds, nothing larger than 100 MB
  --full   up to 4 GB
  --only   of ${Object.keys(parts).join(", ")}
  --vpo    another program than dist/vpo
--only and --vpo leave the page as it is.
BENCH_DIR is where the scratch folder is made (20 GB with --full); default ${tmpdir()}`;

const interruption = new AbortController();

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			quick: { type: "boolean", default: false },
			full: { type: "boolean", default: false },
			only: { type: "string" },
			help: { type: "boolean", default: false },
			vpo: { type: "string", default: built },
		},
	});
	if (values.help) return console.log(usage);
	const chosen = values.only?.split(",") ?? Object.keys(parts);
	const unknown = chosen.find((name) => !(name in parts));
	if (unknown !== undefined) throw new Error(`--only: no part "${unknown}"`);
	const vpo = resolve(values.vpo);
	if (!existsSync(vpo)) throw new Error(`no ${vpo}: bun run build makes it`);
	const missing = missingPackages();
	if (missing.length > 0) {
		throw new Error(`missing peers: apt-get install ${missing.join(" ")}`);
	}

	const parent = process.env.BENCH_DIR || tmpdir();
	using scratch = temporaryFolder(join(parent, "vpo-bench-"));
	const report = await measure(
		{
			vpo,
			scratch: scratch.path,
			signal: interruption.signal,
			rounds: values.quick ? 3 : 5,
			growthMb: growthMb.filter(
				(size) => size <= (values.full ? 4_000 : values.quick ? 100 : 1_000),
			),
			memoryMb: values.quick ? [10, 100] : [100, 2_000],
		},
		chosen,
	);
	console.log(report);
	const isComplete = !values.only && vpo === built;
	if (isComplete && insertReport(page, report)) {
		console.error("docs/benchmarks.md updated");
	}
}

async function measure(bench: Bench, chosen: readonly string[]) {
	const machine = await describeMachine(bench);
	const findings: Findings[] = [];
	for (const [name, part] of Object.entries(parts)) {
		if (!chosen.includes(name)) continue;
		console.error(name);
		findings.push(await part(bench));
	}
	return renderReport(machine, findings);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.once(signal, () => interruption.abort());
}
await main().catch((error: unknown) => {
	const { aborted } = interruption.signal;
	const reason = error instanceof Error ? error.message : String(error);
	console.error(aborted ? "interrupted" : reason);
	process.exitCode = aborted ? 130 : 1;
});
