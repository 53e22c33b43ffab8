// The help texts, at every level.

import { stripVTControlCharacters } from "node:util";
import { renderUsage } from "citty";
import { version } from "../version.ts";
import { type CommandModule, LIBRARY_COMMANDS } from "./root.ts";

/** The help of `vpo`, which is also that of `vpo library`: there is one group. */
export function rootHelp(): string {
	const names = Object.entries(LIBRARY_COMMANDS);
	const width = Math.max(...names.map(([name]) => name.length));
	return [
		`vpo ${version}: backs up, restores and lists VPO's library database`,
		"",
		"USAGE",
		"  vpo library COMMAND [OPTIONS]     (vpo db … is the same)",
		"",
		"COMMANDS",
		...names.map(
			([name, { description }]) => `  ${name.padEnd(width)}  ${description}`,
		),
		"",
		"OPTIONS",
		"  -h, --help  Show this help, or that of a command",
		"  --version   Show the version",
		"",
		"EXAMPLES",
		"  vpo library backup",
		"  vpo library backups",
		"  vpo library restore latest",
		"",
		"Every command takes --json. A command's own options: vpo library COMMAND --help",
	].join("\n");
}

/** The help of one command, with examples. */
export async function commandHelp({
	command,
	examples,
}: CommandModule): Promise<string> {
	const parent = { meta: { name: "vpo library" } };
	const usage = stripVTControlCharacters(await renderUsage(command, parent));
	return [
		usage.trimEnd(),
		"",
		"EXAMPLES",
		"",
		...examples.map((line) => `  ${line}`),
	].join("\n");
}
