// The manual page, in the man(7) macros that every man reads.

import { ATTENTION_EXIT_CODE, EXIT_CODES } from "../../ground/errors.ts";
import { wrap } from "../format.ts";
import type { ListedCommand, Operand, Option } from "./command.ts";

const WIDTH = 78;

const ENVIRONMENT = [
	["VPO_DATA_DIR", "The data folder (default: ~/.vpo)"],
	["VPO_CONFIG_PATH", "The config file (default: config.toml in it)"],
	["VPO_DATABASE_PATH", "The library (default: library.db in it)"],
	["VPO_BACKUP_DIR", "Where backups are kept (default: backups in it)"],
	["VPO_TEMP_DIR", "Where scratch files lie (default: beside the library)"],
	["VPO_BACKUP_PING_URL", "Where each run is reported; a secret"],
	["VPO_DEBUG", "If set, errors are shown with the place that they come from"],
	["NO_COLOR", "If set, nothing is coloured"],
] as const;

const EXIT_TEXTS: Readonly<Record<number, string>> = {
	0: "All went well",
	[EXIT_CODES.GENERAL_ERROR]: "An unforeseen error, or a question was declined",
	[EXIT_CODES.USAGE]: "The call is wrong, or nobody was there to ask",
	[EXIT_CODES.CONFIG_ERROR]: "config.toml can't be read, or is wrong",
	[EXIT_CODES.NOT_FOUND]:
		"Library, backup, folder or path in the library is not there",
	[EXIT_CODES.OPERATION_FAILED]: "Reading, writing or a permission failed",
	[EXIT_CODES.DATABASE_ERROR]: "The library is damaged, or none of VPO's",
	[EXIT_CODES.DATABASE_LOCKED]: "Somebody has the library locked or open",
	[EXIT_CODES.INSUFFICIENT_SPACE]: "There is not enough space",
	[EXIT_CODES.SCHEMA_INCOMPATIBLE]:
		"The backup is newer than library or program",
	[EXIT_CODES.INVALID_ARCHIVE]: "The archive is damaged or foreign",
	[ATTENTION_EXIT_CODE]: "Done, but somebody should look",
	[ATTENTION_EXIT_CODE + 1]: "check found something critical",
	[EXIT_CODES.INTERRUPTED]: "Interrupted by SIGINT; 143 by SIGTERM",
};

/**
 * The page of section 1.
 * @param date "2026-02-05"
 */
export function manualPage(
	{ program, library }: { readonly program: string; readonly library: string },
	version: string,
	date: string,
	commands: readonly ListedCommand[],
): string {
	const name = escaped(program);
	return [
		`.TH ${program.toUpperCase().replaceAll("-", "\\-")} 1 ${date} "${name} ${version}" "User Commands"`,
		".SH NAME",
		`${name} \\- backs up, restores and lists the library database of VPO`,
		".SH SYNOPSIS",
		`.B ${escaped(library)}`,
		".I COMMAND",
		"[OPTIONS]",
		".SH DESCRIPTION",
		...paragraph(
			"Backs up the library of VPO (Video Policy Orchestrator), one SQLite file, while VPO runs. A backup counts only once it was read back and checked; a restore keeps what it replaces, and can be undone.",
		),
		".PP",
		...paragraph(
			`${library === program ? "" : `"${program} db" is the same as "${library}". `}Every command takes --json, and tells its options with --help.`,
		),
		".SH COMMANDS",
		...commands.flatMap((command) => section(library, command)),
		".SH EXIT STATUS",
		...Object.entries(EXIT_TEXTS).flatMap(([code, text]) =>
			item(`.B ${code}`, text),
		),
		".SH ENVIRONMENT",
		...ENVIRONMENT.flatMap(([variable, text]) =>
			item(`.B ${escaped(variable)}`, text),
		),
		".SH FILES",
		...item(".I ~/.vpo/library.db", "The library"),
		...item(".I ~/.vpo/config.toml", "VPO's settings; ours are in [backup]"),
		...item(".I ~/.vpo/backups", "The backups"),
	].join("\n");
}

function section(library: string, command: ListedCommand): string[] {
	const { name, description, operands, options, restOptions, aliases } =
		command;
	const behind = restOptions ? ["[\\-\\- BACKUP OPTIONS]"] : [];
	return [
		`.SS ${escaped(`${library} ${name}`)}`,
		`.B ${escaped(`${library} ${name}`)}`,
		[
			"[OPTIONS]",
			...operands.map(({ label, isRequired }) =>
				isRequired ? escaped(label) : `[${escaped(label)}]`,
			),
			...behind,
		].join(" "),
		".PP",
		...paragraph(description.replace(/([^.])$/, "$1.")),
		...(aliases.length > 0
			? [`Also called ${escaped(aliases.join(", "))}.`]
			: []),
		...operands.flatMap(operandItem),
		...options.flatMap(optionItem),
		".PP",
		"Examples:",
		".PP",
		".nf",
		".RS",
		...command.examples.map((it) => guarded(escaped(it))),
		".RE",
		".fi",
	];
}

function operandItem({ label, description }: Operand): string[] {
	return item(`.I ${escaped(label)}`, description);
}

function optionItem({ flag, short, label, description }: Option): string[] {
	const flags = short
		? `\\fB${escaped(short)}\\fR, \\fB${escaped(flag)}\\fR`
		: `\\fB${escaped(flag)}\\fR`;
	const value = label === null ? "" : ` \\fI${escaped(label)}\\fR`;
	return item(`${flags}${value}`, description);
}

function item(tag: string, text: string): string[] {
	return [".TP", tag, ...paragraph(text)];
}

// A sentence begins a line, so that troff knows where one ends.
function paragraph(text: string): string[] {
	const sentences = text.split(/(?<=\.) (?=[A-Z"])/);
	return sentences.flatMap((it) => wrap(escaped(it), WIDTH)).map(guarded);
}

// A line that begins with a dot or an apostrophe would be an order.
function guarded(line: string): string {
	return /^[.']/.test(line) ? `\\&${line}` : line;
}

function escaped(text: string): string {
	return text
		.replaceAll("\\", "\\e")
		.replaceAll("-", "\\-")
		.replaceAll("'", "\\(aq")
		.replaceAll("`", "\\(ga")
		.replaceAll("~", "\\(ti")
		.replaceAll("^", "\\(ha")
		.replaceAll("…", "\\&...")
		.replaceAll('"', "\\(dq");
}
