// argv in, exit code out; the only file that ends the process.

import { versionResult } from "./cli/arguments/words.ts";
import {
	lowerPriority,
	waitForManyFiles,
	watchProcess,
} from "./ground/process.ts";
import { dropForeignVariables } from "./ground/program.ts";

// Before anything else: a signal that comes earlier ends the process without a word.
const end = watchProcess();
const argv = process.argv.slice(2);
dropForeignVariables(process.env, argv);
// Answered before anything more is loaded. What doesn't take the answer is reported like any other failure, below.
if (
	argv.length === 1 &&
	/^(--version|-V)$/.test(argv[0] ?? "") &&
	(await say(versionResult.text))
) {
	process.exit(0);
}

lowerPriority();
await waitForManyFiles();
if (argv.length === 1 && argv[0] === "--examine") {
	const { examineOnDemand } = await import("./cli/commands/examine.ts");
	process.exit(await examineOnDemand());
}
const { run } = await import("./cli/run.ts");
process.exit(await run(argv, process.env, end));

function say(text: string): Promise<boolean> {
	return Bun.write(Bun.stdout, `${text}\n`).then(
		() => true,
		() => false,
	);
}
