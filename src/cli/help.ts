// The help texts, at every level, no wider than a terminal of 80 columns.

import type { ArgDef, ArgsDef } from "citty";
import { version } from "../ground/version.ts";
import { type CommandModule, LIBRARY_COMMANDS } from "./root.ts";

const WIDTH = 80;

/** The help of `vpo`, which is also that of `vpo library`: there is one group. */
export function rootHelp(): string {
	return [
		`vpo ${version}: backs up, restores and lists VPO's library database`,
		"",
		"USAGE",
		"  vpo library COMMAND [OPTIONS]     (vpo db … is the same)",
		"",
		"COMMANDS",
		...columns(
			Object.entries(LIBRARY_COMMANDS).map(([name, { description }]) => [
				name,
				description,
			]),
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
		"Every command takes --json, and tells its options: vpo library COMMAND --help",
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
		`  vpo library ${name} [OPTIONS]`,
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
		...examples.map((line) => `  ${line}`),
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
