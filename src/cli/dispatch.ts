// Finds the command that argv names, checks its arguments, and runs it.

import { runCommand } from "citty";
import type { AppError } from "../ground/errors.ts";
import { withGrace } from "../ground/process.ts";
import {
	isNamedLibrary,
	libraryName,
	ownCommand,
	programName,
} from "../ground/program.ts";
import { usage } from "./arguments/args.ts";
import {
	nearestHint,
	nearestOf,
	requireKnownArgs,
	withoutValue,
} from "./arguments/strict.ts";
import { before, GROUPS, versionResult } from "./arguments/words.ts";
import type { Context } from "./context.ts";
import { commandHelp, rootHelp } from "./help.ts";
import type { CommandModule } from "./manual/command.ts";
import type { Result } from "./output.ts";
import { findCommand, LIBRARY_COMMANDS } from "./root.ts";

/**
 * Runs the command that argv names.
 * @returns the exit code
 * @throws AppError USAGE, and whatever the command throws
 */
export async function dispatch(
	argv: readonly string[],
	context: Context,
): Promise<number> {
	const { output } = context;
	const hasGroup = GROUPS.includes(argv[0] ?? "");
	const [name = "", ...rest] = hasGroup ? argv.slice(1) : argv;
	const [word, ...topics] = [name, ...rest].filter(
		(it) => it !== "" && it !== "--json",
	);
	if (word === undefined) {
		output.info(`${rootHelp()}\n`);
		throw usage("no command given");
	}
	if (isHelp(word)) return printHelp(rootHelp(), context);
	if (word === "help") return await helpOn(topics, context);
	if (isVersion(word)) return output.result(versionResult);
	if (!hasGroup && !isNamedLibrary) throw unknown(name, GROUPS);
	return await runModule(await load(name, hasGroup), rest, context);
}

function load(name: string, hasGroup: boolean): Promise<CommandModule> {
	const command = findCommand(name);
	if (!command) throw unknown(name, hasGroup ? [] : GROUPS);
	return command.load();
}

async function helpOn(
	topics: readonly string[],
	context: Context,
): Promise<number> {
	const [topic, surplus] = topics.filter((word) => !GROUPS.includes(word));
	if (topic === undefined) return printHelp(rootHelp(), context);
	if (surplus !== undefined)
		throw usage(`unexpected argument: ${withoutValue(surplus)}`);
	return printHelp(commandHelp(await load(topic, true)), context);
}

function printHelp(help: string, { output }: Context): Promise<number> {
	return output.result({ text: help, json: { help } });
}

async function runModule(
	module: CommandModule,
	rawArgs: string[],
	context: Context,
): Promise<number> {
	const flags = before(rawArgs, "--");
	if (flags.some(isVersion)) return context.output.result(versionResult);
	if (flags.some(isHelp)) return printHelp(commandHelp(module), context);
	const args = module.command.args;
	if (typeof args === "object" && !(args instanceof Promise)) {
		const own = module.restArgs ? [...flags] : rawArgs;
		requireKnownArgs(own, args, module.restArgs);
	}
	const running = runCommand(module.command, { rawArgs, data: context });
	const { result } = await (module.endsItself
		? running
		: withGrace(running, context.signal));
	return context.output.result(withWarnings(result as Result, context));
}

function withWarnings(result: Result, { warnings }: Context): Result {
	if (warnings.length === 0) return result;
	const { json, warnings: own = [] } = result;
	const all = [
		...warnings,
		...("warnings" in json ? (json.warnings as []) : []),
	];
	return {
		...result,
		warnings: [...warnings, ...own],
		json: { ...json, warnings: all },
	};
}

function isHelp(word: string): boolean {
	return word === "--help" || word === "-h";
}

function isVersion(word: string): boolean {
	return word === "--version" || word === "-V";
}

function unknown(given: string, groups: readonly string[]): AppError {
	const word = withoutValue(given);
	if (word.startsWith("-")) {
		const flags = ["--help", "--version"];
		const order = `flags come after the command: ${libraryName} COMMAND ${word}`;
		return usage(`unknown flag ${word}`, nearestHint(word, flags, order));
	}
	const commands = Object.keys(LIBRARY_COMMANDS);
	const nearest = nearestOf(word, [...groups, ...commands]);
	const full = commands.includes(nearest ?? "")
		? ownCommand(nearest ?? "")
		: `${programName} ${nearest}`;
	const hint =
		nearest === null ? `see ${programName} --help` : `did you mean ${full}?`;
	return usage(`unknown command ${word}`, hint);
}
