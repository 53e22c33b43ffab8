// Writes into the README and docs/ what the program says today: what stands in a console block and is no longer true.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAsShown, type Played, playPage } from "../test/helpers/console.ts";

const ROOT = join(import.meta.dir, "..");

const pages = [
	"README.md",
	...readdirSync(join(ROOT, "docs"))
		.filter((name) => name.endsWith(".md"))
		.map((name) => `docs/${name}`),
];
const wanted = process.argv.slice(2);
for (const page of wanted.length > 0 ? wanted : pages) {
	const steps = await playPage(page);
	const path = join(ROOT, page);
	const text = readFileSync(path, "utf8");
	const written = steps.filter((step) => !isAsShown(step)).reduce(write, text);
	if (written === text) continue;
	writeFileSync(path, written);
	console.log(`${page} written`);
}

/** The page's text with what came in the place of what it shows. */
function write(text: string, { command, shown, came }: Played): string {
	const typed = `$ ${command.replaceAll("\n", "\n> ")}`;
	const old = [typed, ...shown].join("\n");
	return text.replace(`\n${old}\n`, () => `\n${[typed, ...came].join("\n")}\n`);
}
