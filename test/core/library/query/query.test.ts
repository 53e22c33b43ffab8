// A library that nobody has open is asked without locks, and without a -wal and a -shm that would stay; who writes it
// meanwhile is noticed before a row leaves.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { watchBounds } from "../../../../src/core/library/query/bounds.ts";
import { ask } from "../../../../src/core/library/query/query.ts";
import { Home } from "../../../helpers/program.ts";

let home: Home;
beforeAll(() => {
	home = new Home();
});
afterAll(() => home[Symbol.dispose]());

const NUMBERS =
	"WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1500) SELECT x, (SELECT max(id) FROM files) FROM n";

/** Asks while somebody writes before the rows of this call are looked at. */
async function askWhileWritten(at: number | null) {
	let looks = 0;
	const rows: unknown[] = [];
	const isAsItWas = async () => {
		if (looks++ !== at) return true;
		using writer = new Database(home.library);
		writer.run("DELETE FROM files WHERE id = (SELECT max(id) FROM files)");
		writer.run("PRAGMA wal_checkpoint(TRUNCATE)");
		return false;
	};
	const asked = {
		path: home.library,
		isImmutable: true,
		isAsItWas,
		scratch: home.path,
	};
	const done = ask(asked, NUMBERS, 20_000, undefined, async ({ batches }) => {
		for await (const some of batches) rows.push(...some);
	});
	const error = await done.catch((thrown) => thrown);
	return { error, rows };
}

test("all rows are those of one moment", async () => {
	const { error, rows } = await askWhileWritten(null);
	expect([error, rows.length, rows[0]]).toEqual([undefined, 1500, [1, 120]]);
	expect(readdirSync(home.at(".vpo"))).toEqual(["library.db"]);
});

test("one that is written before the first rows left is asked again, as it is now", async () => {
	const { error, rows } = await askWhileWritten(0);
	expect([error, rows.length, rows[0]]).toEqual([undefined, 1500, [1, 119]]);
});

test("one that is written later is an error, and no row that may be wrong leaves", async () => {
	const { error, rows } = await askWhileWritten(1);
	expect(error).toMatchObject({ code: "DATABASE_LOCKED" });
	expect(rows).toHaveLength(500);
	expect(rows.at(-1)).toEqual([500, 119]);
});

test("what a sort writes into its scratch folder is bounded", async () => {
	using bounds = watchBounds(20_000, home.path, 20_000_000);
	const asked = {
		path: home.library,
		isImmutable: true,
		isAsItWas: async () => true,
		scratch: home.path,
	};
	// It has an end: its thread lives on in this process.
	const sql =
		"WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 40000) SELECT randomblob(9000) FROM n ORDER BY 1";
	const asking = ask(asked, sql, 20_000, bounds.signal, async () => undefined);
	await expect(asking).rejects.toThrow("more than 20.0 MB of disk space");
	expect(readdirSync(home.path)).toEqual([".vpo"]);
}, 30_000);
