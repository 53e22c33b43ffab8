// The help texts, at every level, no wider than a terminal of 80 columns.

import { isNamedLibrary, libraryName, programName } from "../ground/program.ts";
import { version } from "../ground/version.ts";
import { wrap } from "./format.ts";
import {
	type CommandModule,
	describeCommand,
	type Option,
} from "./manual/command.ts";
import { LIBRARY_COMMANDS } from "./root.ts";

const WIDTH = 80;

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
export function commandHelp(module: CommandModule): string {
	const { name, description, operands, options, restOptions, examples } =
		describeCommand(module);
	const usage = [
		`  ${libraryName} ${name} [OPTIONS]`,
		...operands.map(({ label, isRequired }) =>
			isRequired ? label : `[${label}]`,
		),
		...(restOptions ? ["[-- BACKUP OPTIONS]"] : []),
	];
	const rows = operands.map(
		({ label, description }): Row => [label, description],
	);
	return [
		...wrap(description, WIDTH),
		"",
		"USAGE",
		usage.join(" "),
		...(rows.length > 0 ? ["", "ARGUMENTS", ...columns(rows)] : []),
		"",
		"OPTIONS",
		...columns(options.map(optionRow)),
		"",
		"EXAMPLES",
		...examples.map((line) => `  ${line}`),
	].join("\n");
}

type Row = readonly [label: string, text: string];

function optionRow({ flag, short, label, description }: Option): Row {
	const value = label === null ? "" : ` ${label}`;
	return [`${short ? `${short}, ` : "    "}${flag}${value}`, description];
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
