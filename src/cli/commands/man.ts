// vpo library man: the manual page → print.

import { defineCommand } from "citty";
import { isoSeconds } from "../../core/archive/metadata.ts";
import { libraryName, programName } from "../../ground/program.ts";
import { build, version } from "../../ground/version.ts";
import { commonArgs } from "../arguments/args.ts";
import type { Context } from "../context.ts";
import { manualPage } from "../manual/man.ts";
import type { Result } from "../output.ts";

export const examples = [
	"vpo library man | man -l -",
	"vpo library man > ~/.local/share/man/man1/vpo.1",
];

export const command = defineCommand({
	meta: {
		name: "man",
		description: "Print the manual page, as man reads it",
	},
	args: { ...commonArgs },
	async run({ data }): Promise<Result> {
		const { describeCommands, now } = data as Context;
		const date = build?.date ?? isoSeconds(now).slice(0, 10);
		const called = { program: programName, library: libraryName };
		const commands = await describeCommands();
		const text = manualPage(called, version, date, commands);
		return { text, json: { man: text } };
	},
});
