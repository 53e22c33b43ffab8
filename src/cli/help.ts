// The help texts, at every level, no wider than a terminal of 80 columns.

import type { ArgDef, ArgsDef } from "citty";
import { isNamedLibrary, libraryName, programName } from "../ground/program.ts";
import { version } from "../ground/version.ts";
import { type CommandModule, LIBRARY_COMMANDS } from "./root.ts";

const WIDTH = 80;
/** How the tables of commands name the program. */
const WRITTEN_AS = "vpo library";

/** The help of `vpo`, which is also that of `vpo library`: there is one group. */
export function rootHelp(): string {
	const group = isNamedLibrary ? "" : `     (${programName} db … is the same)`;
	const commands = Object.entries(LIBRARY_COMMANDS);
	return [
		`${programName} ${version}: backs up, restores and lists VPO's library database`,
		"",
		"USAGE",
		`  ${libraryName} COMMAND [OPTIONS]${group}`,
		"",
		"COMMANDS",
		...columns(
			commands.map(([name, { description, aliases = [] }]) => {
				const also = aliases.length > 0 ? ` (or ${aliases.join(", ")})` : "";
				return [name, description + also];
			}),
		),
		"",
		"OPTIONS",
		"  -h, --help     Show this help, or that of a command",
		"  -V, --version  Show the version",
		"",
		"EXAMPLES",
		...["backup", "backups", "restore latest"].map(
			(call) => `  ${libraryName} ${call}`,
		),
		"",
		`Every command takes --json, and tells its options: ${libraryName} help COMMAND`,
	].join("\n");
}

/** The help of one command, with examples. */
export function commandHelp({
	command,
	examples,
	restArgs,
}: CommandModule): string {
	const { name, description } = command.meta as CommandMeta;
	const args = Object.entries((command.args ?? {}) as ArgsDef);
	const isPositional = ([, { type }]: [string, ArgDef]) =>
		type === "positional";
	const positionals = args.filter(isPositional);
	const operands = positionals.map(operandRow);
	const options = args.filter((arg) => !isPositional(arg)).map(optionRow);
	const usage = [
		`  ${libraryName} ${name} [OPTIONS]`,
		...positionals.map(([name, { required }]) => {
			const label = name.toUpperCase();
			return required === false ? `[${label}]` : label;
		}),
		...(restArgs ? ["[-- BACKUP OPTIONS]"] : []),
	];
	return [
		...wrap(description, WIDTH),
		"",
		"USAGE",
		usage.join(" "),
		...(operands.length > 0 ? ["", "ARGUMENTS", ...columns(operands)] : []),
		"",
		"OPTIONS",
		...columns(options),
		"",
		"EXAMPLES",
		...examples.map((line) => `  ${line.replaceAll(WRITTEN_AS, libraryName)}`),
	].join("\n");
}

interface CommandMeta {
	readonly name: string;
	readonly description: string;
}

type Row = readonly [label: string, text: string];

function operandRow([name, { description }]: [string, ArgDef]): Row {
	return [name.toUpperCase(), description ?? ""];
}

// A flag that is on from the start is only ever switched off.
function optionRow([name, definition]: [string, ArgDef]): Row {
	const { description = "", default: preset } = definition;
	if (definition.type === "boolean" && preset === true) {
		return [`    --no-${name}`, definition.negativeDescription ?? description];
	}
	const alias = "alias" in definition ? definition.alias : undefined;
	const hint = "valueHint" in definition ? ` ${definition.valueHint}` : "";
	return [`${alias ? `-${alias}, ` : "    "}--${name}${hint}`, description];
}

/** Two columns, the second one wrapped. */
function columns(rows: readonly Row[]): string[] {
	const labelWidth = Math.max(...rows.map(([label]) => label.length));
	return rows.flatMap(([label, text]) => {
		const [first = "", ...more] = wrap(text, WIDTH - labelWidth - 4);
		const indent = " ".repeat(labelWidth + 4);
		return [
			`  ${label.padEnd(labelWidth)}  ${first}`,
			...more.map((line) => indent + line),
		];
	});
}

function wrap(text: string, width: number): string[] {
	const lines: string[] = [];
	let line = "";
	for (const word of text.split(" ")) {
		if (line !== "" && line.length + 1 + word.length > width) {
			lines.push(line);
			line = word;
		} else line = line === "" ? word : `${line} ${word}`;
	}
	return [...lines, line];
}
