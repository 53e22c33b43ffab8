// The README and the pages of docs/: what they name is there.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { scripts } from "../../package.json";
import { commandsPage } from "../../scripts/docs/commands.ts";
import { withKeys } from "../../scripts/docs/keys.ts";
import { requireKnownArgs } from "../../src/cli/arguments/strict.ts";
import { describeCommands, findCommand } from "../../src/cli/root.ts";
import { PAGES } from "../helpers/console.ts";

setDefaultTimeout(60_000);

const ROOT = join(import.meta.dir, "..", "..");
const read = (page: string) => readFileSync(join(ROOT, page), "utf8");

test("docs/commands.md is what the command tree says (bun run docs writes it)", async () => {
	expect(read("docs/commands.md")).toBe(commandsPage(await describeCommands()));
});

test("docs/json.md has the keys that come (bun run docs writes them)", async () => {
	const page = read("docs/json.md");
	expect(await withKeys(page)).toBe(page);
});

test("the README is for the first ten minutes, and leads to every page", () => {
	const readme = read("README.md");
	expect(readme.split("\n").length).toBeLessThanOrEqual(200);
	const pages = [...PAGES, "CHANGELOG.md"].slice(1);
	expect(pages.filter((page) => !readme.includes(`](${page})`))).toEqual([]);
});

describe.each([...PAGES, "CHANGELOG.md"])("%s", (page) => {
	const text = read(page);

	test("its links lead somewhere", () => {
		const links = text.matchAll(/\]\((?!https?:)([^)#\s]*)(#[^)\s]+)?\)/g);
		for (const [, path = "", anchor] of links) {
			const target = path ? join(dirname(page), path) : page;
			expect([target, existsSync(join(ROOT, target))]).toEqual([target, true]);
			if (anchor) expect(anchorsOf(read(target))).toContain(anchor);
		}
	});

	test("the commands that it names are there, with their flags", async () => {
		for (const call of callsIn(text)) {
			const [name = "", ...words] = wordsOf(call);
			const command = findCommand(name);
			expect([call, command !== undefined]).toEqual([call, true]);
			const module = await command?.load();
			if (!module) continue;
			const end = words.indexOf("--");
			const own = end < 0 ? words : words.slice(0, end);
			const needed = Object.entries(module.command.args ?? {}).filter(
				([, { type }]) => type !== "positional",
			);
			const args = { ...Object.fromEntries(needed), "any…": MANY };
			expect(() => requireKnownArgs(own, args, module.restArgs)).not.toThrow();
		}
	});

	test("the scripts that it names are there", () => {
		const named = text.matchAll(/\bbun(?:@[\d.]+)? run ([\w:-]+)/g);
		for (const [, name = ""] of named) {
			expect(Object.keys(scripts)).toContain(name);
		}
	});
});

/** Operands are the concern of whoever runs the command. */
const MANY = { type: "positional", required: false } as const;

function anchorsOf(text: string): string[] {
	return [...text.matchAll(/^#+ (.*)$/gm)].map(
		([, title = ""]) =>
			`#${title
				.toLowerCase()
				.replaceAll(/[^\w\s-]/g, "")
				.replaceAll(" ", "-")}`,
	);
}

/** What stands behind "vpo library" in code, without what a shell makes of it. */
function callsIn(text: string): string[] {
	const code = [
		...text.matchAll(/^```(?:sh|console)\n([\s\S]*?)^```$/gm),
		...text.matchAll(/`([^`\n]+)`/g),
	].map(([, inside = ""]) => inside);
	return code
		.flatMap((block) => block.split("\n"))
		.flatMap((line) => [
			...line.matchAll(/(?:vpo (?:library|db)|vpo-library) ([a-z].*)/g),
		])
		.map(([, call = ""]) => call.split(/ [|>&;]|;| >/)[0] ?? "")
		.filter((call) => !call.includes("…"));
}

function wordsOf(call: string): string[] {
	const words = call.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
	return words.map((word) => word.replaceAll(/^['"]|['"]$/g, ""));
}
