// Where a thread of SQLite comes from. It stands beside its worker: the compiled program knows that by its name alone.

import { Thread } from "../work/thread.ts";
import type { SqliteOperations } from "./sqlite.worker.ts";

/** A thread in which SQLite works. */
export type Sqlite = Thread<SqliteOperations>;

/** @throws AppError OPERATION_FAILED: too few files can be opened */
export function startSqlite(): Sqlite {
	return new Thread(new URL("./sqlite.worker.ts", import.meta.url));
}
