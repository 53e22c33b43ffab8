// The manual page: what man shows is what --help says, and mandoc finds nothing wrong with it.

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { commandHelp } from "../../src/cli/help.ts";
import { LIBRARY_COMMANDS } from "../../src/cli/root.ts";
import { binary, Home, run } from "../helpers/program.ts";

test("the page is clean, and has every command, flag and example that help has", async () => {
	using home = new Home(null);
	const { stdout, stderr } = await run(binary, home, ["library", "man"]);
	expect(stderr).toBe("");
	writeFileSync(home.at("vpo.1"), stdout);
	const lint = Bun.spawnSync([
		"mandoc",
		"-T",
		"lint",
		"-W",
		"style",
		home.at("vpo.1"),
	]);
	expect(lint.stdout.toString() + lint.stderr.toString()).toBe("");

	const options = ["-T", "ascii", "-O", "width=400", home.at("vpo.1")];
	const rendered = Bun.spawnSync(["mandoc", ...options]).stdout.toString();
	const page = rendered.replaceAll(/.[\b]/g, ""); // bold and underlined
	for (const [name, { load }] of Object.entries(LIBRARY_COMMANDS)) {
		const module = await load();
		expect(page).toContain(`\n   vpo library ${name}\n`);
		for (const [, flag = ""] of commandHelp(module).matchAll(
			/^ {2}(?:-\w, | {4})(--\S+)/gm,
		)) {
			expect(page).toContain(flag);
		}
		for (const example of module.examples) {
			expect(page).toContain(example.replaceAll("…", "..."));
		}
	}
});
