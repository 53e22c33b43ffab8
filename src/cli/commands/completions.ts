// vpo library completions: shell → a script that completes calls in it → print.

import { defineCommand } from "citty";
import { isNamedLibrary, programName } from "../../ground/program.ts";
import { commonArgs, usage } from "../arguments/args.ts";
import type { Context } from "../context.ts";
import { bashCompletion } from "../manual/bash.ts";
import type { ListedCommand } from "../manual/command.ts";
import { fishCompletion } from "../manual/fish.ts";
import { zshCompletion } from "../manual/zsh.ts";
import type { Result } from "../output.ts";

export const examples = [
	"vpo library completions bash > ~/.local/share/bash-completion/completions/vpo",
	"vpo library completions zsh > ~/.zfunc/_vpo",
	"vpo library completions fish > ~/.config/fish/completions/vpo.fish",
];

const SHELLS = {
	bash: bashCompletion,
	zsh: zshCompletion,
	fish: fishCompletion,
} as const;

export const command = defineCommand({
	meta: {
		name: "completions",
		description:
			"Print a script with which a shell completes commands, flags, their values and the names of backups",
	},
	args: {
		shell: {
			type: "positional",
			required: true,
			valueHint: Object.keys(SHELLS).join("|"),
			description: "bash, zsh or fish",
		},
		...commonArgs,
	},
	async run({ args: { shell }, data }): Promise<Result> {
		if (!isShell(shell)) {
			throw usage(`SHELL must be bash, zsh or fish, not "${shell}"`);
		}
		const { describeCommands } = data as Context;
		const commands = withHelp(await describeCommands());
		const called = { program: programName, isGroup: isNamedLibrary };
		const text = SHELLS[shell](called, commands);
		return { text, json: { shell, completions: text } };
	},
});

function isShell(text: string): text is keyof typeof SHELLS {
	return Object.hasOwn(SHELLS, text);
}

/** With `help COMMAND`, which is no command of its own. */
function withHelp(commands: readonly ListedCommand[]): ListedCommand[] {
	const summary = "Show the help of a command";
	const operand = {
		label: "COMMAND",
		description: "A command's name",
		isRequired: false,
		isMany: false,
		values: commands.map(({ name }) => name),
	};
	const help = {
		name: "help",
		summary,
		aliases: [],
		description: summary,
		operands: [operand],
		options: [],
		restOptions: null,
		examples: [],
	};
	return [...commands, help];
}
