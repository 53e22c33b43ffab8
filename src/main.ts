// argv in, exit code out; the only file that ends the process.

import { versionResult } from "./cli/arguments/words.ts";

const argv = process.argv.slice(2);
// Answered before anything is loaded. What doesn't take the answer is reported like any other failure, below.
if (
	argv.length === 1 &&
	/^(--version|-V)$/.test(argv[0] ?? "") &&
	(await say(versionResult.text))
) {
	process.exit(0);
}

const { lowerPriority, watchProcess } = await import("./ground/process.ts");
const signal = watchProcess(process.exit);
lowerPriority();
const { run } = await import("./cli/run.ts");
process.exit(await run(argv, process.env, signal));

function say(text: string): Promise<boolean> {
	return Bun.write(Bun.stdout, `${text}\n`).then(
		() => true,
		() => false,
	);
}
