// What goes with every executable: manual page, completions, licence. The program itself prints them.

import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";

/** Where each page lies in a tarball. */
export const PAGES = {
	man: "man/vpo.1",
	bash: "completions/vpo.bash",
	zsh: "completions/_vpo",
	fish: "completions/vpo.fish",
} as const;

/**
 * Prints the pages of a program called `name` into a folder.
 * @param executable one that runs here
 */
export async function printPages(
	executable: string,
	name: string,
	folder: string,
): Promise<void> {
	const called = join(folder, name);
	mkdirSync(folder, { recursive: true });
	symlinkSync(executable, called);
	for (const page of ["man", "bash", "zsh", "fish"] as const) {
		const words = page === "man" ? ["man"] : ["completions", page];
		await $`${called} library ${words} > ${join(folder, page)}`.env({});
	}
}

/** Puts a program and what goes with it into a folder, as a tarball has it. */
export function layOut(
	root: string,
	executable: string,
	pages: string,
	folder: string,
): void {
	mkdirSync(join(folder, "man"), { recursive: true });
	mkdirSync(join(folder, "completions"));
	copyFileSync(executable, join(folder, "vpo"));
	copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
	for (const [page, path] of Object.entries(PAGES)) {
		copyFileSync(join(pages, page), join(folder, path));
	}
}
