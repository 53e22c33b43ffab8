// Before the proof only a schema counts as the library's own that says what that says, word for word.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { SqliteThread } from "../../../src/core/library/sqlite-thread.ts";
import {
	type Bytes,
	makeLibrary,
	rewriteLibrary,
} from "../../helpers/hostile.ts";
import { Home } from "../../helpers/program.ts";

let home: Home;
beforeEach(() => {
	home = new Home(null);
});
afterEach(() => home[Symbol.dispose]());

async function digest(library: Bytes): Promise<string> {
	const path = home.at("made.db");
	writeFileSync(path, library);
	using sqlite = new SqliteThread();
	return await sqlite.schemaDigest(path);
}

test("what a stranger wrote under a name of SQLite's own is another schema", async () => {
	const sql = ["CREATE INDEX by_path ON files (path)", "ANALYZE"];
	const plain = makeLibrary(home.path, { sql });
	const stranger = rewriteLibrary(
		home.path,
		plain,
		"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE sqlite_stat1(tbl, idx, stat AS (hex(tbl)))' WHERE name = 'sqlite_stat1'",
	);
	expect(await digest(stranger)).not.toBe(await digest(plain));
	const again = makeLibrary(home.path, { sql });
	expect(await digest(again)).toBe(await digest(plain));
});
