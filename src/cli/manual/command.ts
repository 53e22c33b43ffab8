// What a command tells about itself, as plain data: help, manual page and completions are made from it.

import type { ArgDef, ArgsDef, CommandDef } from "citty";
import { libraryName } from "../../ground/program.ts";

/** How the commands' examples name the program. */
const WRITTEN_AS = /(?<![\w/-])vpo library(?= )/g;

/** A command's module: what it does, and calls to show in its help. */
export interface CommandModule {
	readonly command: CommandDef;
	readonly examples: readonly string[];
	/** The flags of another command, which this one takes behind `--`. */
	readonly restArgs?: ArgsDef;
	/** Whether it heeds signals itself to the end, because it has to tell others of it. */
	readonly endsItself?: boolean;
}

export interface CommandText {
	readonly name: string;
	readonly description: string;
	readonly operands: readonly Operand[];
	readonly options: readonly Option[];
	/** What stands behind `--`; null where nothing may. */
	readonly restOptions: readonly Option[] | null;
	readonly examples: readonly string[];
}

/** A command as the contents page has it. */
export interface ListedCommand extends CommandText {
	readonly summary: string;
	/** Its other names. */
	readonly aliases: readonly string[];
}

export interface Operand {
	/** "BACKUP", or "BACKUP…" for one that takes all that follow. */
	readonly label: string;
	readonly description: string;
	readonly isRequired: boolean;
	readonly isMany: boolean;
	/** All that it may be; empty where that is not a list. */
	readonly values: readonly string[];
}

export interface Option {
	/** "--output"; "--no-catch-up" for what is only ever switched off. */
	readonly flag: string;
	/** "-o" */
	readonly short: string | null;
	/** What its value is, "PATH"; null where it takes none. */
	readonly label: string | null;
	readonly description: string;
	readonly values: readonly string[];
}

/** What a word on the command line may be; the completions have a way for each. */
export type WordKind = "backup" | "file" | "folder" | "command" | "value";

/** What the word behind a label is; null where nothing can be said of it. */
export function kindOf({
	label,
	values,
}: Pick<Operand, "values"> & {
	readonly label: string | null;
}): WordKind | null {
	if (values.length > 0) return "value";
	const name = label?.replace("…", "") ?? "";
	if (["BACKUP", "OLD", "NEW"].includes(name)) return "backup";
	if (["PATH", "FILE"].includes(name)) return "file";
	if (["DIR", "LOCATION"].includes(name)) return "folder";
	return name === "CMD" ? "command" : null;
}

export function describeCommand({
	command,
	examples,
	restArgs,
}: CommandModule): CommandText {
	const { name, description } = command.meta as CommandMeta;
	const args = Object.entries((command.args ?? {}) as ArgsDef);
	return {
		name,
		description,
		operands: args.filter(isPositional).map(toOperand),
		options: args.filter((arg) => !isPositional(arg)).map(toOption),
		restOptions: restArgs ? Object.entries(restArgs).map(toOption) : null,
		examples: examples.map((line) => line.replaceAll(WRITTEN_AS, libraryName)),
	};
}

interface CommandMeta {
	readonly name: string;
	readonly description: string;
}

type Arg = [name: string, definition: ArgDef];

function isPositional([, { type }]: Arg): boolean {
	return type === "positional";
}

function toOperand([name, definition]: Arg): Operand {
	return {
		label: name.toUpperCase(),
		description: definition.description ?? "",
		isRequired: definition.required !== false,
		isMany: name.endsWith("…"),
		values: valuesOf(definition),
	};
}

// A flag that is on from the start is only ever switched off.
function toOption([name, definition]: Arg): Option {
	const { type, description = "" } = definition;
	if (type === "boolean" && definition.default === true) {
		return {
			flag: `--no-${name}`,
			short: null,
			label: null,
			description: definition.negativeDescription ?? description,
			values: [],
		};
	}
	const alias = "alias" in definition ? definition.alias : undefined;
	return {
		flag: `--${name}`,
		short: typeof alias === "string" ? `-${alias}` : null,
		label: type === "boolean" ? null : (definition.valueHint ?? "TEXT"),
		description,
		values: valuesOf(definition),
	};
}

function valuesOf(definition: ArgDef): readonly string[] {
	if ("options" in definition) return definition.options ?? [];
	// A positional argument has no list of its own: "bash|zsh|fish".
	const hint = definition.valueHint ?? "";
	return hint.includes("|") ? hint.split("|") : [];
}
