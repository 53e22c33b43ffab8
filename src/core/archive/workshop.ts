// What the work on one archive needs, whoever asks for it: threads, a signal, somebody to report to.

import type { SqliteThread } from "../library/sqlite-thread.ts";
import type { OnProgress } from "../work/progress.ts";
import type { GzipPool } from "./gzip.ts";

/** Set up by who starts the work, and taken down by him. */
export interface Workshop {
	readonly sqlite: SqliteThread;
	readonly pool: GzipPool;
	readonly signal?: AbortSignal | undefined;
	readonly onProgress?: OnProgress | undefined;
}
