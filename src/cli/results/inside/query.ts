// The rows of a question: a table for people, CSV by RFC 4180, or a document.

import { isatty } from "node:tty";
import type { Answer } from "../../../core/inside/query.ts";
import { AppError, errnoOf } from "../../../ground/errors.ts";
import {
	formatCount,
	formatTable,
	printable,
	printableLine,
} from "../../format.ts";
import type { Result } from "../../output.ts";
import { requireStdoutForArchive, writeArchive } from "../../pipes.ts";

type Value = string | number | null;
type Row = readonly Value[];

const STDOUT = 1;
/** In a table a longer one is cut: it is in the CSV and in the document. */
const MOST_CELL = 60;
/** Of a document, which has to be in memory as a whole. */
const MOST_CHARACTERS = 64 * 1024 * 1024;

/** A table of the first rows. */
export async function tableResult(
	{ columns, batches }: Answer,
	limit: number,
): Promise<Result> {
	const rows: Row[] = [];
	for await (const row of flat(batches)) {
		rows.push(row);
		if (rows.length > limit) break;
	}
	const shown = rows.slice(0, limit);
	const isNumber = columns.map((_, at) =>
		shown.every((row) => typeof row[at] === "number" || row[at] === null),
	);
	const table = formatTable(
		columns.map((name, at) => ({
			title: printableLine(name),
			align: isNumber[at] && shown.length > 0 ? "right" : "left",
		})),
		shown.map((row) => row.map(cell)),
	);
	const count = `${formatCount(shown.length)} ${shown.length === 1 ? "row" : "rows"}`;
	const more =
		rows.length > limit ? ", and there are more: --limit N, or --csv" : "";
	return { text: `${table}\n${count}${more}`, json: {} };
}

function cell(value: Value | undefined): string {
	if (value === null || value === undefined) return "";
	const text = printableLine(String(value));
	return text.length > MOST_CELL ? `${text.slice(0, MOST_CELL)}…` : text;
}

/**
 * A document of all rows.
 * @throws AppError OPERATION_FAILED: it would be too large
 */
export async function jsonRows(
	{ columns, batches }: Answer,
	limit: number | null,
): Promise<Result> {
	const names = distinct(columns);
	const rows: Record<string, Value>[] = [];
	let isCut = false;
	let characters = 0;
	for await (const row of flat(batches)) {
		isCut = rows.length === limit;
		if (isCut) break;
		for (const value of row) characters += String(value).length;
		if (characters > MOST_CHARACTERS) {
			throw new AppError(
				"OPERATION_FAILED",
				"the rows are too many for one document",
				{
					hint: "take them with --csv, or fewer of them with --limit N",
				},
			);
		}
		rows.push(
			Object.fromEntries(names.map((name, at) => [name, row[at] ?? null])),
		);
	}
	const json = {
		success: true,
		columns: names,
		row_count: rows.length,
		truncated: isCut,
		rows,
	};
	return { text: "", json };
}

// As SQLite itself names them in a subquery.
function distinct(columns: readonly string[]): string[] {
	const names: string[] = [];
	for (const column of columns) {
		let name = column;
		for (let copy = 1; names.includes(name); copy++) name = `${column}:${copy}`;
		names.push(name);
	}
	return names;
}

const CSV = { what: "result", flag: "--csv" } as const;

/** Writes CSV to stdout as the rows come. On a terminal what could steer it is made harmless. */
export async function csvResult(
	{ columns, batches }: Answer,
	limit: number | null,
	signal: AbortSignal,
): Promise<Result> {
	requireStdoutForArchive(false, { ...CSV, isForTerminals: true });
	const line = isatty(STDOUT) ? shownLine : csvLine;
	const encoder = new TextEncoder();
	let count = 0;
	const pieces = async function* () {
		yield encoder.encode(line(columns));
		for await (const rows of batches) {
			const wanted = rows.slice(
				0,
				limit === null ? rows.length : limit - count,
			);
			count += wanted.length;
			yield encoder.encode(wanted.map(line).join(""));
			if (count === limit) return;
		}
	};
	await writeArchive(pieces(), signal, CSV).catch((error) => {
		// `… --csv | head`: the reader has what it wanted.
		if (errnoOf((error as { cause?: unknown }).cause) !== "EPIPE") throw error;
	});
	return {
		text: `${formatCount(count)} ${count === 1 ? "row" : "rows"}`,
		json: {},
		isAside: true,
	};
}

// https://www.rfc-editor.org/rfc/rfc4180
function csvLine(values: readonly Value[]): string {
	return `${values.map(field).join(",")}\r\n`;
}

function shownLine(values: readonly Value[]): string {
	return `${printable(values.map(field).join(","))}\n`;
}

function field(value: Value): string {
	if (value === null) return "";
	const text = String(value);
	return /[",\r\n]/.test(text) || text === ""
		? `"${text.replaceAll('"', '""')}"`
		: text;
}

async function* flat(batches: Answer["batches"]): AsyncGenerator<Row> {
	for await (const rows of batches) yield* rows;
}
