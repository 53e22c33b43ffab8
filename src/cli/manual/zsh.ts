// Completion for zsh, with what comes with it. What is typed and what a backup is called are data here: nothing is evaluated.

import { GROUPS } from "../arguments/words.ts";
import {
	kindOf,
	type ListedCommand,
	type Operand,
	type Option,
} from "./command.ts";
import { type Called, functionName, quoted } from "./shell.ts";

/** A script to source, or for a folder of $fpath, where it is called _PROGRAM. */
export function zshCompletion(
	{ program, isGroup }: Called,
	commands: readonly ListedCommand[],
): string {
	const groups = GROUPS.join(" ");
	const first = isGroup ? "" : "\n\t\t((at == 2)) && return";
	const name = functionName(program);
	return `#compdef ${program}
# zsh completion for ${program}, made by: ${program} library completions zsh

# The names of the backups in the folder that this call is about; a short one where a date is typed.
_${name}_backups() {
	local -a names folder
	local at
	for ((at = 2; at < CURRENT; at++)); do
		case $words[at] in
		--path | -p) folder=(--path "\${(Q)words[at + 1]}") ;;
		--path=*) folder=(--path "\${(Q)words[at]#--path=}") ;;
		esac
	done
	names=("\${(@f)$("\${program/#\\~\\//$HOME/}" library backups --names $folder 2>/dev/null </dev/null)}")
	if [[ $PREFIX == [0-9]* ]]; then
		names=("\${(@)\${(@)names#vpo-library-}%.tar.gz}")
	elif [[ $PREFIX == */* ]]; then
		_files
		return
	else
		names=(latest $names)
	fi
	compadd -V backups -a names || _files
}

_${name}() {
	local program=$words[1] curcontext="$curcontext" context state line command
	local -a commands
	local -A opt_args
	local -i at=2
	((CURRENT > 2)) && [[ $words[2] == (${GROUPS.join("|")}) ]] && at=3
	if ((CURRENT == at)); then
		((at == 2)) && compadd -- ${groups} help --help --version${first}
		commands=(
${commands.map(({ name, summary }) => `\t\t\t${quoted(`${name}:${summary}`)}`).join("\n")}
		)
		_describe command commands
		return
	fi
	command=$words[at]
	shift $((at - 1)) words
	((CURRENT -= at - 1))
	curcontext="\${curcontext%:*}-$command:"
	case $command in
${commands.map((command) => commandCase(name, command)).join("\n")}
	esac
}

# Loaded from a folder of $fpath, or sourced.
if [[ $funcstack[1] == _${name} ]]; then
	_${name} "$@"
else
	compdef _${name} ${program}
fi`;
}

function commandCase(
	name: string,
	{ name: command, aliases, options, operands, restOptions }: ListedCommand,
): string {
	const own = [
		...options.flatMap((option) => optionSpecs(name, option)),
		...operands.map((operand) => operandSpec(name, operand)),
	];
	const pattern = [command, ...aliases].join(" | ");
	if (restOptions === null) return `\t${pattern})\n${call(own)}\n\t\t;;`;
	const rest = restOptions.flatMap((option) => optionSpecs(name, option));
	return `\t${pattern})
		local -i dashes=\${words[(i)--]}
		if ((dashes < CURRENT)); then
			shift $((dashes - 1)) words
			((CURRENT -= dashes - 1))
${call(rest)}
		else
${call(own)}
		fi
		;;`;
}

function call(specs: readonly string[]): string {
	const lines = ["_arguments -s -S", ...specs.map(quoted)];
	return `\t\t${lines.join(" \\\n\t\t\t")}`;
}

function optionSpecs(
	name: string,
	{ flag, short, label, values, description }: Option,
): string[] {
	const isRepeated = description.includes("more than once");
	const alone =
		short && !isRepeated ? `(${short} ${flag})` : isRepeated ? "*" : "";
	const text = `[${description.replaceAll(/[[\]\\]/g, "\\$&")}]`;
	const value =
		label === null ? "" : `:${label}:${actionOf(name, { label, values })}`;
	const long = `${alone}${flag}${label === null ? "" : "="}${text}${value}`;
	return short
		? [`${alone}${short}${label === null ? "" : "+"}${text}${value}`, long]
		: [long];
}

function operandSpec(name: string, operand: Operand): string {
	const action = actionOf(name, operand);
	return `${operand.isMany ? "*" : ""}:${operand.label}:${action}`;
}

function actionOf(
	name: string,
	word: Pick<Operand, "values"> & { readonly label: string },
): string {
	switch (kindOf(word)) {
		case "value":
			return `(${word.values.join(" ")})`;
		case "backup":
			return `_${name}_backups`;
		case "file":
			return "_files";
		case "folder":
			return "_files -/";
		case "command":
			return "_command_names -e";
		case null:
			return " ";
	}
}
