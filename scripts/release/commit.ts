// Which sources these are: the commit that is checked out, and when it was made.

import { $ } from "bun";

export interface Commit {
	/** 40 digits; "+changes" behind them where the files are not the commit's. */
	readonly id: string;
	/** Seconds since 1970; the time of all that is made from it. */
	readonly epochSeconds: number;
	/** "2026-02-05", UTC */
	readonly date: string;
	readonly isClean: boolean;
}

/** The commit of the sources in a folder; null where that is no git work tree, or there is no git. */
export async function readCommit(root: string): Promise<Commit | null> {
	const git = $`git log -1 ${"--format=%H %ct"} && git status --porcelain`;
	const { exitCode, stdout } = await git.cwd(root).quiet().nothrow();
	if (exitCode !== 0) return null;
	const [first = "", ...changes] = stdout.toString().trim().split("\n");
	const [id = "", seconds] = first.split(" ");
	const isClean = changes.length === 0;
	return {
		id: isClean ? id : `${id}+changes`,
		epochSeconds: Number(seconds),
		date: new Date(Number(seconds) * 1000).toISOString().slice(0, 10),
		isClean,
	};
}
