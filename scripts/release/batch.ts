// One release being made: where its files go, and what all of them have in common.

import type { Commit } from "./commit.ts";

export interface Batch {
	/** The project's folder. */
	readonly root: string;
	/** What is handed out. */
	readonly outDir: string;
	/** For what is made on the way; gone afterwards. */
	readonly workDir: string;
	readonly version: string;
	readonly commit: Commit;
	/** Whether size counts, or only that everything is there. */
	readonly isDraft: boolean;
}

/** "vpo-0.1.0-linux-x64": the version and what it is for. */
export function nameFor({ version }: Batch, what: string): string {
	return `vpo-${version}-${what}`;
}
