// What every command gets besides its flags, and how its core work is set up and taken down.

import { GzipPool } from "../core/archive/gzip.ts";
import type { Workshop } from "../core/archive/workshop.ts";
import { SqliteThread } from "../core/library/sqlite-thread.ts";
import type { Environment } from "../ground/settings.ts";
import type { ListedCommand } from "./manual/command.ts";
import type { Output } from "./output.ts";
import { showProgress } from "./progress.ts";

export interface Context {
	readonly environment: Environment;
	readonly output: Output;
	readonly signal: AbortSignal;
	readonly now: Date;
	/** What is told with the result, whatever that is; who finds something adds it. */
	readonly warnings: string[];
	/** What all commands tell about themselves; one that tells of the others asks for it here. */
	readonly describeCommands: () => Promise<readonly ListedCommand[]>;
}

/** Runs `work` with threads and a progress line that are gone afterwards. */
export async function withWorkshop<T>(
	{ environment, signal }: Context,
	work: (workshop: Workshop & { pause: () => void }) => Promise<T>,
): Promise<T> {
	using progress = showProgress(environment);
	using sqlite = new SqliteThread();
	using pool = new GzipPool();
	const { onProgress, pause } = progress;
	return await work({ sqlite, pool, signal, onProgress, pause });
}
