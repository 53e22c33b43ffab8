// The page of commands and flags, made from the command tree as --help is.

import type {
	ListedCommand,
	Operand,
	Option,
} from "../../src/cli/manual/command.ts";
import { libraryName } from "../../src/ground/program.ts";

/** The whole page, in Markdown. */
export function commandsPage(commands: readonly ListedCommand[]): string {
	return [
		"# Commands and flags",
		"",
		"Made from the program by `bun run docs`. `vpo db …` is the same as `vpo library …`; of a program that is installed as",
		"`vpo-library` it is `vpo-library …`. `--help`, or `-h`, and `--version`, or `-V`, are answered at every level, and",
		"`vpo help COMMAND` as well. A flag or argument that a command does not know is refused, never ignored.",
		"",
		"| command | what it does |",
		"|---|---|",
		...commands.map(
			({ name, summary, aliases }) =>
				`| [\`${name}\`](#${name})${aliases.map((alias) => `, \`${alias}\``).join("")} | ${cell(summary)} |`,
		),
		...commands.flatMap(section),
		"",
	].join("\n");
}

function section(command: ListedCommand): string[] {
	const { name, description, operands, options, restOptions, examples } =
		command;
	const usage = [
		`${libraryName} ${name} [OPTIONS]`,
		...operands.map(({ label, isRequired }) =>
			isRequired ? label : `[${label}]`,
		),
		...(restOptions ? ["[-- BACKUP OPTIONS]"] : []),
	].join(" ");
	return [
		"",
		`## ${name}`,
		"",
		`${description}.`,
		"",
		"```text",
		usage,
		"```",
		"",
		"| argument or flag | what |",
		"|---|---|",
		...operands.map(operandRow),
		...options.map(optionRow),
		"",
		"```sh",
		...examples,
		"```",
	];
}

function operandRow({ label, description }: Operand): string {
	return `| \`${label}\` | ${cell(description)} |`;
}

function optionRow({ flag, short, label, description }: Option): string {
	const value = label === null ? "" : ` ${label}`;
	const names = [...(short === null ? [] : [short]), `${flag}${value}`];
	return `| ${names.map((name) => `\`${name}\``).join(", ")} | ${cell(description)} |`;
}

function cell(text: string): string {
	return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
