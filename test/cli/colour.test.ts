// Colour is for a terminal that knows it, marks words that say it already, and is never in a log, a pipe or a document.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { makeBackups } from "../helpers/backups.ts";
import { binary, Home, run } from "../helpers/program.ts";
import { runOnTerminal } from "../helpers/terminal.ts";

setDefaultTimeout(30_000);

const RED = "\x1b[31m";
const GREEN = "\x1b[32m";
const YELLOW = "\x1b[33m";
/** As on most terminals: NO_COLOR counts only where it is not empty. */
const WANTED = { NO_COLOR: "" };
const OFF = "\x1b[m";

/** A home with a good backup, an old one and one that was cut off. */
async function makeHome(): Promise<Home> {
	const home = new Home();
	await run(binary, home, ["library", "backup"]);
	const [name = ""] = readdirSync(home.backups).filter((it) =>
		it.endsWith(".gz"),
	);
	await makeBackups(home.backups, [{ createdAt: "2026-01-01T00:00:00Z" }]);
	const cut = join(home.backups, "vpo-library-2026-01-02T000000Z.tar.gz");
	cpSync(join(home.backups, name), cut);
	truncateSync(cut, 500);
	return home;
}

const CALLS: readonly (readonly [line: string, coloured: string[]])[] = [
	["check", [`${YELLOW}WARNING${OFF}:`, `${GREEN}ok${OFF} `]],
	[
		"verify",
		[`${GREEN}good${OFF} `, `${RED}BAD${OFF} `, `${RED}[error]${OFF}`],
	],
	["backups", [`${RED}  !${OFF} `]],
	["prune --keep-last 1 --dry-run", [`${YELLOW}remove${OFF} `]],
	["restore nothing", [`${RED}[error]${OFF} no backup`]],
];

describe.each(CALLS)("%s", (line, coloured) => {
	const args = ["library", ...line.split(" ")];

	test("is coloured on a terminal, and says the same without", async () => {
		using home = await makeHome();
		const { text } = await runOnTerminal(binary, home, args, { env: WANTED });
		for (const part of coloured) expect(text).toContain(part);
		const plain = await runOnTerminal(binary, home, args);
		expect(plain.text).not.toContain("\x1b[3");
		expect(withoutTimes(stripped(text))).toBe(
			withoutTimes(stripped(plain.text)),
		);
	});

	test("has no colour where nobody sees it or wants it", async () => {
		using home = await makeHome();
		const dumb = { env: { ...WANTED, TERM: "dumb" } };
		const { text } = await runOnTerminal(binary, home, args, dumb);
		expect(text).not.toContain("\x1b");
		const env = { TERM: "xterm-256color", FORCE_COLOR: "1" };
		for (const all of [args, [...args, "--json"]]) {
			const { stdout, stderr } = await run(binary, home, all, { env });
			expect(stdout + stderr).not.toContain("\x1b");
		}
	});
});

// Without what progress drew and took back.
function stripped(text: string): string {
	const lines = text.replaceAll("\x1b[K", "\n").split("\n");
	const kept = lines.filter((line) => !/^\r.*[█░…]/.test(line));
	return Bun.stripANSI(kept.join("\n").replaceAll("\r", "")).trim();
}

function withoutTimes(text: string): string {
	return text.replaceAll(/[\d.]+ (GB|s|min)\b|<1 h|just now/g, "…");
}
