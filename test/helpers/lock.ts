// A library that somebody else is writing to, until the end of the test.

import { Database } from "bun:sqlite";
import type { Home } from "./program.ts";

export function locked({ library }: Home): Disposable {
	const database = new Database(library);
	database.run("BEGIN IMMEDIATE");
	return { [Symbol.dispose]: () => database.close() };
}
