// Completion for bash, without any package. What is typed and what a backup is called are data here: nothing is evaluated.

import { GROUPS } from "../arguments/words.ts";
import { kindOf, type ListedCommand, type Option } from "./command.ts";
import { type Called, functionName, quoted, wordsOf } from "./shell.ts";

/** A script to source, or to lie in a folder of completions under the program's name. */
export function bashCompletion(
	{ program, isGroup }: Called,
	commands: readonly ListedCommand[],
): string {
	const groups = GROUPS.join(" ");
	const names = commands.map((command) => command.name).join(" ");
	const first = isGroup ? `${names} ${groups}` : `${groups} help`;
	const name = functionName(program);
	return `# bash completion for ${program}, made by: ${program} library completions bash

# Sets kind to what the word behind this flag is, "" where it takes none, and values to all that it may be.
_${name}_flag() {
	kind=
	values=
	case $1 in
${commands.flatMap(flagCases).join("\n")}
	esac
}

# Sets flags, operands (what their words are, "+" behind the last where it takes all that follow) and values.
_${name}_command() {
	flags=
	operands=
	values=
	case $1 in
${commands.flatMap(commandCases).join("\n")}
	esac
}

# Sets command to what a command is really called.
_${name}_aliased() {
	command=$1
	case $1 in
${commands.flatMap(aliasCases).join("\n")}
	esac
}

# Offers these words where they begin with what was typed.
_${name}_offer() {
	local word quoted
	for word; do
		[[ $word == "\${cur//\\\\/}"* ]] || continue
		printf -v quoted %q "$word"
		COMPREPLY+=("$quoted")
	done
}

# The names of the backups in the folder that this call is about; a short one where a date is typed.
_${name}_backups() {
	local names name program=$1
	[[ $program == "~/"* ]] && program=$HOME/\${program#"~/"}
	mapfile -t names < <("$program" library backups --names \${path:+--path "\${path//\\\\/}"} 2>/dev/null </dev/null)
	if [[ $cur == [0-9]* ]]; then
		for name in "\${names[@]}"; do
			name=\${name#vpo-library-}
			_${name}_offer "\${name%.tar.gz}"
		done
	else
		_${name}_offer latest "\${names[@]}"
	fi
}

# Offers what a word of this kind may be.
_${name}_words() {
	case $2 in
	backup)
		[[ $cur == */* ]] || _${name}_backups "$1"
		compopt -o default
		;;
	file) compopt -o default ;;
	folder) compopt -o dirnames ;;
	command) mapfile -t COMPREPLY < <(compgen -c -- "$cur") ;;
	value) _${name}_offer $values ;;
	esac
}

_${name}() {
	local IFS=$' \\t\\n' cur=\${COMP_WORDS[COMP_CWORD]} word group= command= path= behind= flag= kind= flags operands values
	local -i at count=0
	[[ $cur == = ]] && cur=
	for ((at = 1; at < COMP_CWORD; at++)); do
		word=\${COMP_WORDS[at]}
		# "--path=x" comes as three words.
		if [[ $word == = ]]; then
			continue
		elif [[ $kind ]]; then
			[[ $flag == --path || $flag == -p ]] && path=$word
			kind=
		elif [[ ! $group && ! $command && " ${groups} " == *" $word "* ]]; then
			group=$word
		elif [[ ! $command ]]; then
			_${name}_aliased "$word"
		elif [[ $word == -- ]]; then
			behind=1
			command+=" --"
		elif [[ $word == -* ]]; then
			flag=$word
			_${name}_flag "$command $flag"
		else
			count+=1
		fi
	done
	if [[ ! $command && ! $group ]]; then
		_${name}_offer ${first} --help --version
	elif [[ ! $command ]]; then
		_${name}_offer ${names} --help --version
	elif [[ $kind ]]; then
		_${name}_words "$1" "$kind"
	else
		_${name}_command "$command"
		if [[ $cur == -* ]]; then
			_${name}_offer $flags
		elif [[ ! $behind ]]; then
			operands=($operands)
			# The last one takes all that follow.
			((count >= \${#operands[@]})) && [[ \${operands[-1]-} == *+ ]] && count=\${#operands[@]}-1
			word=\${operands[count]-}
			_${name}_words "$1" "\${word%+}"
		fi
	fi
}

complete -F _${name} ${program}`;
}

function aliasCases({ name, aliases }: ListedCommand): string[] {
	const patterns = aliases.map(quoted).join(" | ");
	return aliases.length > 0 ? [`\t${patterns}) command=${name} ;;`] : [];
}

function flagCases({ name, options, restOptions }: ListedCommand): string[] {
	return [
		...options.flatMap((option) => flagCase(name, option)),
		...(restOptions ?? []).flatMap((option) => flagCase(`${name} --`, option)),
	];
}

function flagCase(
	command: string,
	{ flag, short, label, values }: Option,
): string[] {
	if (label === null) return [];
	const flags = [flag, ...(short ? [short] : [])];
	const patterns = flags.map((it) => quoted(`${command} ${it}`)).join(" | ");
	const kind = kindOf({ label, values }) ?? "text";
	const list = values.length > 0 ? ` values=${quoted(values.join(" "))}` : "";
	return [`\t${patterns}) kind=${kind}${list} ;;`];
}

function commandCases(command: ListedCommand): string[] {
	const { name, options, restOptions, operands } = command;
	const kinds = operands.map(
		(operand) => `${kindOf(operand) ?? "text"}${operand.isMany ? "+" : ""}`,
	);
	const values = operands.flatMap((operand) => operand.values);
	const flags = restOptions ? [...wordsOf(options), "--"] : wordsOf(options);
	const one = (label: string, words: readonly string[]) =>
		`\t${quoted(label)}) flags=${quoted(words.join(" "))}`;
	return [
		`${one(name, flags)} operands=${quoted(kinds.join(" "))} values=${quoted(values.join(" "))} ;;`,
		...(restOptions ? [`${one(`${name} --`, wordsOf(restOptions))} ;;`] : []),
	];
}
