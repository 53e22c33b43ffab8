// The console blocks of a page: what is typed there is run, and what comes is compared with what the page shows. Times,
// sizes and ages are each time others and count as equal; every other word and number has to be there.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makePlace, type Place } from "./places.ts";

const ROOT = join(import.meta.dir, "..", "..");
/** All that a user reads. */
export const PAGES = [
	"README.md",
	...readdirSync(join(ROOT, "docs"))
		.filter((name) => name.endsWith(".md"))
		.sort()
		.map((name) => `docs/${name}`),
];
const PROMPT = "$ ";
const CONTINUED = "> ";
/** Stands in a page for lines that it leaves out. */
const ELLIPSIS = "…";
const QUESTION = "[y/N] ";
/** Printed behind each command, and by nothing else. */
const SEPARATOR = "\u001e";

/** What is typed, and the lines that come. */
export interface Step {
	readonly command: string;
	readonly shown: readonly string[];
}

/** A console block, or the scene in which those below it play. */
type Part =
	| { readonly scene: string }
	| { readonly steps: readonly Step[]; readonly line: number };

/** A step as the page has it, and as it went. */
export interface Played extends Step {
	/** Of the block, from 1. */
	readonly line: number;
	readonly came: readonly string[];
}

/** Runs all blocks of a page, in their order; a scene that the page names is where the next blocks start from. */
export async function playPage(page: string): Promise<Played[]> {
	const parts = partsOf(readFileSync(join(ROOT, page), "utf8"));
	const played: Played[] = [];
	let place: Place | null = null;
	try {
		for (const part of parts) {
			if ("scene" in part) {
				place?.[Symbol.dispose]();
				place = await makePlace(part.scene);
				continue;
			}
			place ??= await makePlace("a library");
			const outputs = await playBlock(part.steps, place);
			part.steps.forEach((step, index) => {
				const { line } = part;
				played.push({ ...step, line, came: outputs[index] ?? [] });
			});
		}
	} finally {
		place?.[Symbol.dispose]();
	}
	return played;
}

/** Whether what came is what the page shows. */
export function isAsShown({ shown, came }: Played): boolean {
	return matches(shown.map(masked), came.map(masked));
}

function matches(shown: readonly string[], came: readonly string[]): boolean {
	const [first, ...others] = shown;
	if (first === undefined) return came.length === 0;
	if (first !== ELLIPSIS) {
		return first === came[0] && matches(others, came.slice(1));
	}
	return (
		came.some((_, at) => matches(others, came.slice(at))) || others.length === 0
	);
}

/** A line without what is each time another: times, sizes, ages, checksums, ids, the width of columns. */
export function masked(line: string): string {
	return line
		.replaceAll(/\d{4}-\d\d-\d\d([T ]\d\d[:-]?\d\d([:-]?\d\d)?Z?)?/g, "TIME")
		.replaceAll(/(TIME(?:-pre-restore)?)-\d+(?=\.tar)/g, "$1") // the second one in a second
		.replaceAll(/\b\d{4}-(W?\d\d)\b/g, "MONTH")
		.replaceAll(/\b\d{10}\b/g, "TIME")
		.replaceAll(/\b\d{2}:\d{2}(:\d{2})?\b/g, "TIME")
		.replaceAll(/[\d,.]+ ([kKMGT]i?B|bytes|B)\b/g, "SIZE")
		.replaceAll(/<?\b[\d.]+ (ms|s|min|h|d|mo|y)\b|\bjust now\b/g, "AGE")
		.replaceAll(/\bAGE ago\b/g, "AGE")
		.replaceAll(/\b\d+%/g, "PERCENT")
		.replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "ID")
		.replaceAll(/\b[0-9a-f]{40,}\b/g, "CHECKSUM")
		.replaceAll(/\b\d{6,}\b/g, "NUMBER")
		.replaceAll(/\bpid \d+\b/g, "pid N")
		.replaceAll(/ {2,}/g, " ")
		.trimEnd();
}

function partsOf(text: string): Part[] {
	const parts: Part[] = [];
	const pattern = /^<!-- scene: (.*?) -->$|^```console\n([\s\S]*?)^```$/gm;
	for (const { 1: scene, 2: block, index } of text.matchAll(pattern)) {
		const line = text.slice(0, index).split("\n").length;
		if (scene !== undefined) parts.push({ scene });
		else parts.push({ line, steps: stepsOf(block ?? "") });
	}
	return parts;
}

function stepsOf(block: string): Step[] {
	const steps: { command: string; shown: string[] }[] = [];
	for (const line of block.trimEnd().split("\n")) {
		const last = steps.at(-1);
		if (line.startsWith(PROMPT)) {
			steps.push({ command: line.slice(PROMPT.length), shown: [] });
		} else if (last && line.startsWith(CONTINUED) && last.shown.length === 0) {
			last.command += `\n${line.slice(CONTINUED.length)}`;
		} else if (last) last.shown.push(line);
		else throw new Error(`a console block begins with "$ ", not "${line}"`);
	}
	return steps;
}

// One shell a block: where it went with cd, the next command is, too.
async function playBlock(
	steps: readonly Step[],
	place: Place,
): Promise<string[][]> {
	const script = steps
		.map(({ command }) => `${place.inside(command)}\nprintf '\\036'`)
		.join("\n");
	const question = steps.flatMap(({ shown }) =>
		shown.filter((line) => line.includes(QUESTION)),
	)[0];
	const answer = question?.split(QUESTION)[1];
	const text =
		answer === undefined
			? await runInPipe(script, place)
			: await runOnTerminal(script, answer, place);
	return text
		.split(SEPARATOR)
		.slice(0, steps.length)
		.map((output) => linesOf(place.outside(output)));
}

function linesOf(output: string): string[] {
	const lines = output.replaceAll("\r\n", "\n").split("\n");
	if (lines.at(-1) === "") lines.pop();
	return lines;
}

function environmentOf(place: Place): Record<string, string> {
	const { PATH = "" } = process.env;
	return {
		HOME: place.home,
		PATH: `${dirname(place.program)}:${PATH}`,
		TZ: "UTC",
		LC_ALL: "C.UTF-8",
		TERM: "dumb",
		USER: "me",
	};
}

async function runInPipe(script: string, place: Place): Promise<string> {
	const child = Bun.spawn(["bash", "-c", `exec 2>&1\n${script}`], {
		cwd: place.home,
		env: environmentOf(place),
		stdin: "ignore",
		stdout: "pipe",
		timeout: 60_000,
	});
	const text = await new Response(child.stdout).text();
	await child.exited;
	return text;
}

/** Types the answer as soon as the question is there. */
async function runOnTerminal(
	script: string,
	answer: string,
	place: Place,
): Promise<string> {
	const decoder = new TextDecoder();
	const ended = Promise.withResolvers<void>();
	let text = "";
	let isAnswered = false;
	const child = Bun.spawn(["bash", "-c", script], {
		cwd: place.home,
		env: environmentOf(place),
		timeout: 60_000,
		terminal: {
			cols: 120,
			rows: 40,
			data(terminal, bytes) {
				text += decoder.decode(bytes, { stream: true });
				if (isAnswered || !text.includes(QUESTION)) return;
				isAnswered = true;
				terminal.write(`${answer}\n`);
			},
			exit: () => ended.resolve(),
		},
	});
	await child.exited;
	await ended.promise;
	child.terminal?.close();
	return text;
}
