// How words are quoted where a schedule is pasted. What can't be said on one line is refused, never bent.

import { usage } from "../arguments/args.ts";

/**
 * A shell's words, quoted only where it matters.
 * @throws AppError USAGE: control characters, which no line of a crontab or unit can hold
 */
export function shellWords(words: readonly string[]): string {
	return words.map(shellWord).join(" ");
}

function shellWord(word: string): string {
	requireOneLine(word);
	return /^[\w@+=:,./-]+$/.test(word)
		? word
		: `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * A shell's words for crontab(5), where % ends the command. Outside of quotes \% is a percent sign both to the crons
 * that unescape it and to those that leave it to the shell.
 */
export function crontabWords(words: readonly string[]): string {
	return words.map(crontabWord).join(" ");
}

/** NAME='a value', as a shell reads it in a crontab. */
export function crontabAssignment(name: string, value: string): string {
	return `${name}=${crontabWord(value)}`;
}

function crontabWord(word: string): string {
	if (!word.includes("%")) return shellWord(word);
	const parts = word.split("%");
	return parts.map((part) => (part ? shellWord(part) : "")).join("\\%");
}

/** The words of systemd's ExecStart= (systemd.service(5), "Command lines"). */
export function systemdWords(words: readonly string[]): string {
	return words
		.map((word) => systemdValue(word).replaceAll("$", "$$$$"))
		.join(" ");
}

/** One value of a systemd list, such as a path or an assignment. */
export function systemdValue(value: string): string {
	requireOneLine(value);
	const escaped = value.replaceAll("%", "%%");
	if (/^[\w@+=:,./%-]+$/.test(escaped)) return escaped;
	return `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function requireOneLine(word: string): void {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is for
	if (!/[\u0000-\u001f\u007f]/.test(word)) return;
	throw usage(
		`control characters and line breaks can't be scheduled: ${JSON.stringify(word)}`,
		"leave them out",
	);
}
