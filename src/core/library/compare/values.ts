// Values of rows as they leave the database: as JSON has them.

import type { Database } from "bun:sqlite";
import { quoted } from "../sqlite.ts";
import type { Kinship } from "./kinship.ts";
import { column, type SideName, tableOf } from "./sql.ts";

/** Text and numbers as they are, whole numbers that JavaScript can't hold as text, bytes as SQLite writes them: x'00ff'. */
export type Value = string | number | null;

/** What a column said and says; null also where the row is not there. */
export interface ColumnChange {
	readonly column: string;
	readonly old: Value;
	readonly new: Value;
}

/** A column of what tells a row apart. */
export interface KeyPart {
	readonly column: string;
	readonly value: Value;
}

export type Change = "added" | "removed" | "changed" | "lookedAgain";

/** What happened to rows of one table that belong to a file. */
export interface BelongingChange {
	readonly table: string;
	readonly change: Change;
	readonly rows: number;
}

/** A row of a table, or a file with all that belongs to it. */
export interface RowChange {
	readonly change: Change;
	/** The path of the file that it is, or that it belongs to; null: none. */
	readonly path: string | null;
	/** What tells a table's rows apart below one file, or in all; empty for files. */
	readonly key: readonly KeyPart[];
	/** What differs; all that it says where only one side has it and that was asked for. */
	readonly columns: readonly ColumnChange[];
	/** Only of a file that both sides have. */
	readonly belongings: readonly BelongingChange[];
}

/** What a row is found by, as it came from the database. */
export type Handle = readonly Raw[];

export type Raw = string | number | bigint | Uint8Array | null;

/** A value of the database as JSON has it. */
export function plain(value: unknown): Value {
	if (typeof value === "bigint") {
		const number = Number(value);
		return Number.isSafeInteger(number) ? number : String(value);
	}
	if (value instanceof Uint8Array) {
		return `x'${Buffer.from(value).toString("hex")}'`;
	}
	if (typeof value === "number") {
		return Number.isFinite(value) ? value : String(value);
	}
	return value === null || value === undefined ? null : String(value);
}

/** Reads what differs in a pair of rows, or all of a row that only one side has. */
export class RowReader {
	readonly #database: Database;
	readonly #kinship: Kinship;

	constructor(database: Database, kinship: Kinship) {
		this.#database = database;
		this.#kinship = kinship;
	}

	/** What tells a row apart; its number, if nothing else does. */
	key(side: SideName, handle: Handle): KeyPart[] {
		const { key } = this.#kinship;
		const names =
			key.length > 0 ? key.map(({ name }) => name) : this.#kinship[side].handle;
		const values = this.#row(
			names.map((name) => column("t", name)),
			tableOf(this.#kinship, side, "t"),
			isAtValues(this.#kinship, side, "t", 1),
			handle,
		);
		return names.map((name, at) => ({
			column: name,
			value: plain(values[at]),
		}));
	}

	/** All ordinary columns of a row. */
	one(side: SideName, handle: Handle): ColumnChange[] {
		const { columns } = this.#kinship[side];
		const values = this.#row(
			columns.map(({ name }) => column("t", name)),
			tableOf(this.#kinship, side, "t"),
			isAtValues(this.#kinship, side, "t", 1),
			handle,
		);
		return columns.map(({ name }, at) => ({
			column: name,
			old: side === "old" ? plain(values[at]) : null,
			new: side === "new" ? plain(values[at]) : null,
		}));
	}

	/**
	 * The columns in which two rows differ, byte by byte; those of which the numbers mean nothing are left out.
	 * @param isChanged whether they differ in what they say; else what looking changed is told
	 */
	both(old: Handle, fresh: Handle, isChanged: boolean): ColumnChange[] {
		const { telling, looking } = this.#kinship;
		const compared = (isChanged ? telling : looking).filter(
			({ names }) => names === null,
		);
		const values = this.#row(
			compared.flatMap(({ name }) => {
				const [a, b] = [column("a", name), column("b", name)];
				return [`${a} COLLATE BINARY IS NOT ${b}`, a, b];
			}),
			`${tableOf(this.#kinship, "old", "a")} CROSS JOIN ${tableOf(this.#kinship, "new", "b")}`,
			`${isAtValues(this.#kinship, "old", "a", 1)} AND ${isAtValues(this.#kinship, "new", "b", 1 + old.length)}`,
			[...old, ...fresh],
		);
		return compared.flatMap(({ name }, at) =>
			Number(values[3 * at]) === 1
				? [
						{
							column: name,
							old: plain(values[3 * at + 1]),
							new: plain(values[3 * at + 2]),
						},
					]
				: [],
		);
	}

	#row(
		select: readonly string[],
		from: string,
		where: string,
		handle: Handle,
	): readonly unknown[] {
		if (select.length === 0) return [];
		const statement = this.#database
			.query(`SELECT ${select.join()} FROM ${from} WHERE ${where}`)
			.safeIntegers(true);
		return statement.values(...(handle as never[]))[0] ?? [];
	}
}

function isAtValues(
	kinship: Kinship,
	side: SideName,
	alias: string,
	first: number,
): string {
	return kinship[side].handle
		.map((name, at) => `${alias}.${quoted(name)} = ?${first + at}`)
		.join(" AND ");
}
