// Completion for fish. What is typed and what a backup is called are data here: nothing is evaluated.

import { GROUPS } from "../arguments/words.ts";
import {
	kindOf,
	type ListedCommand,
	type Operand,
	type Option,
} from "./command.ts";
import { type Called, functionName } from "./shell.ts";

/** A script for a folder of completions, where it is called PROGRAM.fish. */
export function fishCompletion(
	{ program, isGroup }: Called,
	commands: readonly ListedCommand[],
): string {
	const name = functionName(program);
	const take = `complete -c ${program}`;
	const groups = GROUPS.join(" ");
	return `# fish completion for ${program}, made by: ${program} library completions fish

# The words behind the program and its group.
function __${name}_rest
	set -l words (commandline -opc)
	set -e words[1]
	contains -- "$words[1]" ${groups}; and set -e words[1]
	test (count $words) -gt 0; and printf '%s\\n' $words
end

# Whether the command line is at this command, by one of its names, before or behind its "--".
function __${name}_at
	set -l rest (__${name}_rest)
	contains -- "$rest[1]" (string split ' ' $argv[1]); or return 1
	if contains -- -- $rest
		test "$argv[2]" = --
	else
		test "$argv[2]" != --
	end
end

function __${name}_first
	test (count (commandline -opc)) -eq 1
end

# Whether the command itself is what comes next.
function __${name}_start
	test (count (__${name}_rest)) -eq 0${isGroup ? "" : `; and not __${name}_first`}
end

# The names of the backups in the folder that this call is about.
function __${name}_backups
	set -l words (commandline -opc)
	set -l folder
	for at in (seq (count $words))
		switch $words[$at]
			case --path -p
				set folder --path $words[(math $at + 1)]
			case '--path=*'
				set folder --path (string replace -- --path= '' $words[$at])
		end
	end
	printf '%s\\n' latest
	$words[1] library backups --names $folder 2>/dev/null </dev/null
end

${take} -f
${take} -n '__${name}_first' -a '${groups} help'
${take} -n 'test (count (__${name}_rest)) -eq 0' -s V -l version -d 'Show the version'
${take} -n 'test (count (__${name}_rest)) -eq 0' -s h -l help -d 'Show this help'
${commands
	.flatMap((command) => [
		"",
		`${take} -n '__${name}_start' -a ${command.name} -d ${fishQuoted(command.summary)}`,
		...commandLines(name, take, command),
	])
	.join("\n")}`;
}

function commandLines(
	name: string,
	take: string,
	{ name: command, aliases, options, operands, restOptions }: ListedCommand,
): string[] {
	const names = fishQuoted([command, ...aliases].join(" "));
	const at = `${take} -n "__${name}_at ${names}"`;
	const behind = `${take} -n "__${name}_at ${names} --"`;
	return [
		...options.map((option) => `${at} ${optionWords(option)}`),
		...operands.flatMap((operand) => operandLine(name, at, operand)),
		// Behind "--" fish takes no flags any more: there they are words.
		...(restOptions ?? []).map(
			({ flag, description }) =>
				`${behind} -a ${flag} -d ${fishQuoted(description)}`,
		),
	];
}

function optionWords({
	flag,
	short,
	label,
	values,
	description,
}: Option): string {
	const kind = kindOf({ label, values });
	return [
		...(short ? [`-s ${short.slice(1)}`] : []),
		`-l ${flag.slice(2)}`,
		...(label === null ? [] : ["-r"]),
		...(kind === "file" ? ["-F"] : []),
		...(kind === "folder" ? ["-a '(__fish_complete_directories)'"] : []),
		...(kind === "command" ? ["-a '(__fish_complete_command)'"] : []),
		...(kind === "value" ? [`-a ${fishQuoted(values.join(" "))}`] : []),
		`-d ${fishQuoted(description)}`,
	].join(" ");
}

function operandLine(name: string, at: string, operand: Operand): string[] {
	const kind = kindOf(operand);
	if (kind === "backup")
		return [`${at} -k -a '(__${name}_backups)'`, `${at} -F`];
	if (kind === "value") return [`${at} -a '${operand.values.join(" ")}'`];
	return kind === "file" ? [`${at} -F`] : [];
}

// In fish's single quotes a backslash escapes a quote and itself.
function fishQuoted(text: string): string {
	return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
