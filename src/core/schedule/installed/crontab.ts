// The user's crontab, with a block of ours for each library in it. What is not between our marks is never touched.

import { AppError } from "../../../ground/errors.ts";
import type { Environment } from "../../../ground/settings.ts";
import { type Change, markOf } from "./change.ts";
import { callTool, requireTool } from "./tool.ts";

/**
 * Plans the crontab's block for a library.
 * @param lines what shall be in it; null: no block
 * @throws AppError NOT_FOUND: there is no cron here; OPERATION_FAILED: the crontab can't be read, or our marks in it are broken
 */
export async function planCrontab(
	libraryPath: string,
	lines: string | null,
	environment: Environment,
): Promise<Change> {
	const marks = marksOf(libraryPath);
	const table = await readTable(environment);
	const found = findBlock(table, marks);
	const block = lines === null ? null : bytesOf(`${lines}\n`);
	const before = found && textOf(found.block.trimEnd());
	return {
		where: "the crontab",
		before,
		after: lines,
		isNeeded: (found?.block ?? null) !== block,
		apply: async () => {
			await writeTable(replace(table, found, block, marks), environment);
			return [];
		},
	};
}

interface Marks {
	readonly begin: string;
	readonly end: string;
}

/** Where our lines stand, the marks left out of `block`. */
interface Found {
	readonly from: number;
	readonly to: number;
	readonly block: string;
}

function marksOf(libraryPath: string): Marks {
	const mark = markOf(libraryPath);
	return {
		begin: bytesOf(`# ${mark}: begin (schedule --uninstall takes it out)\n`),
		end: bytesOf(`# ${mark}: end\n`),
	};
}

async function readTable(environment: Environment): Promise<string> {
	const { exitCode, stdout, stderr } = await callTool(
		["crontab", "-l"],
		environment,
	);
	if (exitCode === 0) return stdout;
	if (/no crontab for/.test(stderr)) return "";
	const said = stderr || `exit code ${exitCode}`;
	throw new AppError("OPERATION_FAILED", `cannot read the crontab: ${said}`);
}

async function writeTable(
	table: string,
	environment: Environment,
): Promise<void> {
	if (table === "") await requireTool(["crontab", "-r"], environment);
	else await requireTool(["crontab", "-"], environment, table);
	if ((await readTable(environment)) === table) return;
	throw new AppError(
		"OPERATION_FAILED",
		"the crontab does not hold what was written to it",
		{ hint: "look at it: crontab -l" },
	);
}

function findBlock(table: string, { begin, end }: Marks): Found | null {
	const from = indexOfLine(table, begin);
	if (from < 0) return null;
	const to = indexOfLine(table, end, from);
	if (to < 0) {
		throw new AppError(
			"OPERATION_FAILED",
			"our block in the crontab has no end",
			{
				hint: "take its lines out by hand: crontab -e",
			},
		);
	}
	const block = table.slice(from + begin.length, to);
	return { from, to: to + end.length, block };
}

function indexOfLine(table: string, line: string, start = 0): number {
	const at = table.indexOf(line, start);
	if (at <= 0 || table[at - 1] === "\n") return at;
	return indexOfLine(table, line, at + 1);
}

function replace(
	table: string,
	found: Found | null,
	block: string | null,
	{ begin, end }: Marks,
): string {
	const ours = block === null ? "" : begin + block + end;
	if (found) return table.slice(0, found.from) + ours + table.slice(found.to);
	const isEnded = table === "" || table.endsWith("\n");
	return table + (isEnded ? "" : "\n") + ours;
}

// A crontab is bytes to us: each a character.
function bytesOf(text: string): string {
	return Buffer.from(text).toString("latin1");
}

function textOf(bytes: string): string {
	return Buffer.from(bytes, "latin1").toString();
}
