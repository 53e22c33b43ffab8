// From argv to an exit code: finds the command, checks its arguments, runs it, and reports whatever goes wrong.

import { runCommand } from "citty";
import type { AppError } from "../errors.ts";
import type { Environment } from "../settings.ts";
import { version } from "../version.ts";
import { nearestHint, requireKnownArgs, usage } from "./args.ts";
import type { Context } from "./context.ts";
import { commandHelp, rootHelp } from "./help.ts";
import { Output, type Result } from "./output.ts";
import { type CommandModule, GROUPS, LIBRARY_COMMANDS } from "./root.ts";

/**
 * Runs one call of the program. Never throws.
 * @param argv without the program's own name
 * @returns the exit code
 */
export async function run(
	argv: readonly string[],
	environment: Environment,
	signal: AbortSignal,
): Promise<number> {
	const output = new Output(before(argv, "--").includes("--json"), environment);
	try {
		return await dispatch(argv, {
			environment,
			output,
			signal,
			now: new Date(),
		});
	} catch (error) {
		// What a signal breaks off fails in many ways; the signal is the reason.
		const reason = signal.aborted ? signal.reason : error;
		return await output.failure(reason);
	}
}

async function dispatch(
	argv: readonly string[],
	context: Context,
): Promise<number> {
	const { output } = context;
	const words = argv.filter((word) => word !== "--json");
	if (words.length === 1 && words[0] === "--version") {
		return output.result({ text: `vpo ${version}`, json: { version } });
	}
	const [group, name, ...rest] = argv;
	if (
		isHelp(words) ||
		(GROUPS.includes(group ?? "") && isHelp(words.slice(1)))
	) {
		if (output.isJson && words.length < 2) throw usage("no command given");
		return output.result({ text: rootHelp(), json: { help: rootHelp() } });
	}
	if (!GROUPS.includes(group ?? "")) throw unknown(group ?? "", GROUPS);
	const commands = Object.keys(LIBRARY_COMMANDS);
	if (!Object.hasOwn(LIBRARY_COMMANDS, name ?? ""))
		throw unknown(name ?? "", commands);
	const module = await LIBRARY_COMMANDS[name ?? ""]?.load();
	if (!module) throw unknown(name ?? "", commands);
	return await runModule(module, rest, context);
}

async function runModule(
	module: CommandModule,
	rawArgs: string[],
	context: Context,
): Promise<number> {
	const flags = before(rawArgs, "--");
	if (flags.includes("--help") || flags.includes("-h")) {
		const help = await commandHelp(module);
		return context.output.result({ text: help, json: { help } });
	}
	const args = module.command.args;
	if (typeof args === "object" && !(args instanceof Promise)) {
		requireKnownArgs(rawArgs, args);
	}
	const { result } = await runCommand(module.command, {
		rawArgs,
		data: context,
	});
	return context.output.result(result as Result);
}

function isHelp(words: readonly string[]): boolean {
	return words.length === 0 || words[0] === "--help" || words[0] === "-h";
}

function unknown(word: string, known: readonly string[]): AppError {
	const what = word.startsWith("-") ? "flag" : "command";
	return usage(`unknown ${what} ${word}`, nearestHint(word, known));
}

function before(words: readonly string[], end: string): readonly string[] {
	const at = words.indexOf(end);
	return at < 0 ? words : words.slice(0, at);
}
