// Where the process that examines a file can't work, or ends amid it: nobody waits for ever.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { SqliteThread } from "../../../../src/core/library/sqlite-thread.ts";
import { Home } from "../../../helpers/program.ts";

const { execPath } = process;
let home: Home;

beforeEach(() => {
	home = new Home();
});
afterEach(() => {
	process.execPath = execPath;
	home[Symbol.dispose]();
});

/** What is run in the examiner's place. */
function runInstead(script: string): void {
	const path = home.at("examiner.sh");
	writeFileSync(path, `#!/bin/sh\n${script}\n`);
	chmodSync(path, 0o755);
	process.execPath = path;
}

test("a file is examined in this process where no other can work, and its schema is no news", async () => {
	runInstead("exit 1");
	using sqlite = new SqliteThread();
	const news: unknown[] = [];
	const found = await sqlite.examine(home.library, 2, undefined, (one) =>
		news.push(one),
	);
	expect(found).toMatchObject({ damage: "", facts: { fileCount: 120 } });
	expect(news).toEqual([]);
});

test("a process that ends amid its work is not waited for with a thread that waits for it", async () => {
	runInstead(`read line; echo '{"news":{"schema":"x"}}'; exit 1`);
	using sqlite = new SqliteThread();
	const isTold = Promise.withResolvers<void>();
	const examining = sqlite.examine(home.library, 2, undefined, () =>
		isTold.resolve(),
	);
	await isTold.promise;
	await expect(examining).rejects.toMatchObject({
		code: "OPERATION_FAILED",
		message: "the process that checks library.db was ended before it was done",
	});
});
