// Hints are there to be pasted, and names on the disk are anybody's: whatever a folder or a file is called, the shell
// that a hint is pasted into does what the hint says, and nothing else.

import { expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { takeClaim } from "../../src/ground/claim.ts";
import { shellQuote } from "../../src/ground/program.ts";
import { makeScratch } from "../../src/ground/scratch.ts";
import { binary, Home, run } from "../helpers/program.ts";
import { succeed } from "../helpers/state.ts";

const EVIL = "it's; touch evil #\n`touch evil` $(touch evil)\u001b]0;x\u0007 &";

/** What a shell in the home does with a pasted line. */
function paste(home: Home, line: string): void {
	Bun.spawnSync(["sh", "-c", line], {
		cwd: home.path,
		env: { PATH: process.env.PATH ?? "" },
	});
}

test.each([
	...[EVIL, "plain", "two words", "-rf", "a\\b", "'", "*", "ä;ö", "100% \\n"],
	...["a\nb", "-\t'%s\\101", "\u202eabc\u200b\u0085ü", "\n\n 日本"],
])("%j is one word to a shell", (name) => {
	const line = `printf '%s.' ${shellQuote(name)}`;
	expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
	for (const shell of ["sh", "bash"]) {
		expect(succeed([shell, "-c", line])).toBe(`${name}.`);
	}
});

test("line feeds at the end, which a shell drops, can be seen at least", () => {
	expect(shellQuote("a\n\n")).toBe("'a\ufffd\ufffd'");
});

test("the state file of a folder with such a name is named so that it can be removed, and that only", async () => {
	using home = new Home();
	const folder = home.at(EVIL.replaceAll("/", ""));
	mkdirSync(folder);
	await run(binary, home, ["library", "backup", "-o", `${folder}/`]);
	writeFileSync(`${folder}/.vpo-state.json`, "{");
	const args = ["library", "pin", "latest", "--path", folder, "--json"];
	const { stdout } = await run(binary, home, args);
	const { error, hint } = JSON.parse(stdout);
	expect(error).toContain("is not what vpo writes");
	const command = /: (rm .*)$/s.exec(hint)?.[1] ?? "";
	expect(command).toStartWith("rm ");
	paste(home, command);
	expect(existsSync(home.at("evil"))).toBe(false);
});

test("only a salvage of ours is told how to be unpacked", async () => {
	using home = new Home();
	mkdirSync(home.backups, { recursive: true });
	writeFileSync(`${home.backups}/vpo-damaged-9; touch evil #.tar.gz`, "");
	const args = ["library", "restore", "--undo", "--yes", "--json"];
	const { stdout } = await run(binary, home, args);
	expect(JSON.parse(stdout)).toMatchObject({
		code: "NOT_FOUND",
		error: expect.stringContaining("no restore to undo"),
	});
	expect(stdout).not.toContain("touch");
});

test("the process that holds a claim is a number, or nobody", async () => {
	using home = new Home(null);
	const path = home.at("claim");
	const line = `${process.pid}; touch evil`;
	mkdirSync(`${path}/${line}-1-2`, { recursive: true });
	await using scratch = await makeScratch(home.path);
	const taken = takeClaim(path, scratch, undefined, 50);
	const outcome = await taken.then(
		async (claim) => {
			await claim[Symbol.asyncDispose]();
			return "";
		},
		({ message, hint }) => `${message} ${hint}`,
	);
	expect(outcome).not.toContain("touch");
});
