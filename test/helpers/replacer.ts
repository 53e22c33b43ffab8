// Replaces a library's content by that of a candidate which turns out to be damaged while its rows are moved.
// usage: replacer.ts LIBRARY CANDIDATE

import { SqliteThread } from "../../src/core/library/sqlite-thread.ts";

const [, , library = "", candidate = ""] = process.argv;
const FILLING_MS = 300;

using sqlite = new SqliteThread();
{
	await using lock = await sqlite.lock(library);
	const proof = Promise.withResolvers<void>();
	const replacing = lock.replace(candidate, proof.promise);
	const ended = replacing.catch((error) => console.log(error.message));
	await Bun.sleep(FILLING_MS);
	proof.reject(new Error("it is damaged"));
	await ended;
}
process.exit(7);
