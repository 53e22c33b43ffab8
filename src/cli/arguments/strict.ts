// Nothing passes that a command does not define; what was probably meant is in the hint.

import { parseArgs as tokenize } from "node:util";
import type { ArgDef, ArgsDef } from "citty";
import { closest, distance } from "fastest-levenshtein";
import { usage } from "./args.ts";

/** An argument of such a name takes all that follow; they are in `args._`. */
const MANY = "…";

/**
 * Rejects everything that a command does not define.
 * @param restArgs what belongs behind `--`, where it is checked by itself
 * @throws AppError USAGE: an unknown flag, a flag without its value, a value where none belongs, a surplus or missing argument
 */
export function requireKnownArgs(
	rawArgs: string[],
	args: ArgsDef,
	restArgs: ArgsDef = {},
): void {
	const tokens = tokensOf(rawArgs, args);
	const surplus: string[] = [];
	for (const token of tokens) {
		if (token.kind === "positional") surplus.push(token.value);
		if (token.kind === "option") requireKnownOption(token, args, restArgs);
	}
	for (const [name, definition] of Object.entries(args)) {
		if (definition.type !== "positional") continue;
		if (surplus.shift() === undefined && definition.required !== false) {
			throw usage(`missing ${name.toUpperCase()}`);
		}
		if (name.endsWith(MANY)) return;
	}
	if (surplus[0] !== undefined)
		throw usage(`unexpected argument: ${withoutValue(surplus[0])}`);
}

/** The flags of a call in their order, each by its full name; for what may be given more than once. */
export function flagsIn(
	rawArgs: readonly string[],
	args: ArgsDef,
): { readonly name: string; readonly value?: string | undefined }[] {
	return tokensOf(rawArgs, args).filter((token) => token.kind === "option");
}

function tokensOf(rawArgs: readonly string[], args: ArgsDef) {
	const { tokens } = tokenize({
		args: [...rawArgs],
		options: optionsOf(args),
		strict: false,
		tokens: true,
		allowPositionals: true,
	});
	return tokens;
}

interface OptionToken {
	readonly name: string;
	readonly rawName: string;
	readonly value?: string | undefined;
	readonly inlineValue?: boolean | undefined;
}

function requireKnownOption(
	token: OptionToken,
	args: ArgsDef,
	restArgs: ArgsDef,
): void {
	const { name, rawName, value } = token;
	const definition = Object.hasOwn(args, name) ? args[name] : undefined;
	if (definition && definition.type !== "positional") {
		if (definition.type === "boolean" && value !== undefined) {
			throw usage(`${rawName} takes no value`);
		}
		if (definition.type !== "boolean") requireValue(token);
		if (definition.type === "enum") requireListed(token, definition);
		return;
	}
	const positive = args[name.replace(/^no-/, "")];
	if (positive?.type === "boolean" && positive.default === true) {
		if (value !== undefined) throw usage(`${rawName} takes no value`);
		return;
	}
	if (Object.hasOwn(restArgs, name)) {
		throw usage(
			`${rawName} is not a flag of this command but of the one that it calls`,
			`write it behind two dashes: -- ${rawName}`,
		);
	}
	const shown = withoutValue(rawName);
	throw usage(`unknown flag ${shown}`, nearestHint(rawName, flagsOf(args)));
}

function requireValue({
	name,
	rawName,
	value,
	inlineValue,
}: OptionToken): void {
	if (!value) throw usage(`${rawName} needs a value`);
	if (!inlineValue && /^-./.test(value)) {
		throw usage(
			`${rawName} needs a value`,
			`one that begins with a dash is written --${name}=${value}`,
		);
	}
	if (inlineValue && !rawName.startsWith("--") && value.startsWith("=")) {
		throw usage(
			`${rawName} takes its value without "="`,
			`write --${name}${value}`,
		);
	}
}

function requireListed(
	{ name, value }: OptionToken,
	{ options = [] }: { readonly options?: readonly string[] },
): void {
	if (options.includes(value ?? "")) return;
	throw usage(`--${name} must be ${options.join(", ")}, not "${value}"`);
}

function optionsOf(
	args: ArgsDef,
): Record<string, { type: "boolean" | "string"; short?: string }> {
	return Object.fromEntries(
		Object.entries(args)
			.filter(([, definition]) => definition.type !== "positional")
			.map(([name, definition]) => [name, optionOf(definition)]),
	);
}

function optionOf(definition: ArgDef): {
	type: "boolean" | "string";
	short?: string;
} {
	const type = definition.type === "boolean" ? "boolean" : "string";
	const alias = "alias" in definition ? definition.alias : undefined;
	return typeof alias === "string" ? { type, short: alias } : { type };
}

function flagsOf(args: ArgsDef): string[] {
	return Object.entries(args)
		.filter(([, { type }]) => type !== "positional")
		.map(([name, definition]) =>
			definition.default === true ? `--no-${name}` : `--${name}`,
		);
}

/** A word that is out of place, as it may be shown: the value of a flag, and an address, may be a secret. */
export function withoutValue(word: string): string {
	return word
		.replace(/^(-[\w-]*)[^\w-].*/s, "$1=…")
		.replace(/^(\w+:\/\/).+/s, "$1…");
}

/** The known word that was probably meant, or null. */
export function nearestOf(
	word: string,
	known: readonly string[],
): string | null {
	// --no-force is not a misspelt --force.
	const alike = known.filter(
		(name) => name.startsWith("--no-") === word.startsWith("--no-"),
	);
	const letter = /^-([a-z])$/i.exec(word)?.[1]?.toLowerCase();
	const start = letter === undefined ? word : `--${letter}`;
	const begun = alike.filter((name) => name.startsWith(start));
	if (start.length > 2 && begun[0] && begun.length === 1) return begun[0];
	const [first = "", ...others] = alike;
	const nearest = closest(word.toLowerCase(), [first, ...others]);
	const isNear =
		distance(word.toLowerCase(), nearest) <= Math.ceil(nearest.length / 4);
	return nearest !== "" && isNear ? nearest : null;
}

/** "did you mean --json?", or how to see all that there is. */
export function nearestHint(
	word: string,
	known: readonly string[],
	otherwise = "see --help",
): string {
	const nearest = nearestOf(word, known);
	return nearest === null ? otherwise : `did you mean ${nearest}?`;
}
