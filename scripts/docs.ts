// Writes into the README and docs/ what the program says today: the page of commands, the keys of its JSON, and what
// stands in a console block and is no longer true.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeCommands } from "../src/cli/root.ts";
import {
	isAsShown,
	masked,
	PAGES,
	type Played,
	playPage,
} from "../test/helpers/console.ts";
import { commandsPage } from "./docs/commands.ts";
import { withKeys } from "./docs/keys.ts";

const ROOT = join(import.meta.dir, "..");
const commands = join(ROOT, "docs/commands.md");
writeFileSync(commands, commandsPage(await describeCommands()));

const json = join(ROOT, "docs/json.md");
writeFileSync(json, await withKeys(readFileSync(json, "utf8")));

const wanted = process.argv.slice(2);
for (const page of wanted.length > 0 ? wanted : PAGES) {
	const path = join(ROOT, page);
	const text = readFileSync(path, "utf8");
	const steps = await playPage(page);
	const written = steps.filter((step) => !isAsShown(step)).reduce(write, text);
	if (written === text) continue;
	writeFileSync(path, written);
	console.log(`${page} written`);
}

/** The page's text with what came in the place of what it shows; a line that is still true stays as it is. */
function write(text: string, { command, shown, came }: Played): string {
	const typed = `$ ${command.replaceAll("\n", "\n> ")}`;
	const kept = [...shown];
	const lines = came.map((line) => {
		const at = kept.findIndex((old) => masked(old) === masked(line));
		return kept.splice(at < 0 ? kept.length : at, 1)[0] ?? line;
	});
	const old = [typed, ...shown].join("\n");
	return text.replace(
		`\n${old}\n`,
		() => `\n${[typed, ...lines].join("\n")}\n`,
	);
}
