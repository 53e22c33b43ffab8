// Finds the command that argv names, checks its arguments, and runs it.

import { runCommand } from "citty";
import type { AppError } from "../ground/errors.ts";
import { usage } from "./arguments/args.ts";
import {
	nearestHint,
	nearestOf,
	requireKnownArgs,
} from "./arguments/strict.ts";
import { before, versionResult } from "./arguments/words.ts";
import type { Context } from "./context.ts";
import { commandHelp, rootHelp } from "./help.ts";
import type { Result } from "./output.ts";
import { type CommandModule, GROUPS, LIBRARY_COMMANDS } from "./root.ts";

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
	const [group = "", name = "", ...rest] = argv;
	const words = argv.filter((word) => word !== "--json");
	// The first word that is not the group's.
	const word = GROUPS.includes(group) ? words[1] : words[0];
	if (isHelp(word)) {
		return output.result({ text: rootHelp(), json: { help: rootHelp() } });
	}
	if (word === "--version") return output.result(versionResult);
	if (word === undefined) {
		output.info(`${rootHelp()}\n`);
		throw usage("no command given");
	}
	if (!GROUPS.includes(group)) throw unknown(group, GROUPS);
	const command = Object.hasOwn(LIBRARY_COMMANDS, name)
		? LIBRARY_COMMANDS[name]
		: undefined;
	if (!command) throw unknown(name, []);
	return await runModule(await command.load(), rest, context);
}

async function runModule(
	module: CommandModule,
	rawArgs: string[],
	context: Context,
): Promise<number> {
	const flags = before(rawArgs, "--");
	if (flags.includes("--version")) return context.output.result(versionResult);
	if (flags.some(isHelp)) {
		const help = commandHelp(module);
		return context.output.result({ text: help, json: { help } });
	}
	const args = module.command.args;
	if (typeof args === "object" && !(args instanceof Promise)) {
		const own = module.restArgs ? [...flags] : rawArgs;
		requireKnownArgs(own, args, module.restArgs);
	}
	const { result } = await runCommand(module.command, {
		rawArgs,
		data: context,
	});
	return context.output.result(result as Result);
}

function isHelp(word: string | undefined): boolean {
	return word === "--help" || word === "-h";
}

function unknown(word: string, groups: readonly string[]): AppError {
	if (word.startsWith("-")) {
		const flags = ["--help", "--version"];
		const order = `flags come after the command: vpo library COMMAND ${word}`;
		return usage(`unknown flag ${word}`, nearestHint(word, flags, order));
	}
	const commands = Object.keys(LIBRARY_COMMANDS);
	const nearest = nearestOf(word, [...groups, ...commands]);
	const full = commands.includes(nearest ?? "")
		? `vpo library ${nearest}`
		: `vpo ${nearest}`;
	const hint = nearest === null ? "see vpo --help" : `did you mean ${full}?`;
	return usage(`unknown command ${word}`, hint);
}
