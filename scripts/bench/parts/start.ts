// Start-up: `vpo --version` against a compiled program that only prints a constant.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { race, run } from "../measure.ts";
import { type Findings, timeTarget, timingTable } from "../report.ts";

const buildFlags =
	"--compile --minify --format=esm --bytecode --no-compile-autoload-dotenv --no-compile-autoload-bunfig";

/** Races the starts; they are short, so with more rounds. */
export async function benchStart(bench: Bench): Promise<Findings> {
	const source = join(bench.scratch, "constant.ts");
	const constant = join(bench.scratch, "constant");
	writeFileSync(source, 'console.log("0.1.0");\n');
	const flags = [...buildFlags.split(" "), source, "--outfile", constant];
	await run(bench, [process.execPath, "build", ...flags], bench.scratch);
	const timings = await race(
		{ ...bench, rounds: bench.rounds * 6 },
		{
			ours: { name: "vpo --version", command: () => [bench.vpo, "--version"] },
			constant: { name: "a compiled constant", command: () => [constant] },
		},
	);
	const { ours, constant: peer } = timings;
	return {
		targets: [timeTarget(ours.name, ours, peer, 1.5)],
		tables: [timingTable("Start-up", Object.values(timings))],
	};
}
