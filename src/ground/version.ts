// The program's version, as package.json has it, and what it was built from.

export { version } from "../../package.json";

/** What the build put into the executable. */
export interface Build {
	/** "+changes" behind it where the sources were not the commit's; null where they were in no repository. */
	readonly commit: string | null;
	/** "2026-02-05", of the commit. */
	readonly date: string | null;
	/** Such as "linux-x64-musl". */
	readonly target: string;
	readonly bun: string;
	readonly sqlite: string;
}

declare const VPO_BUILD: Build | undefined;

/** Null where the program runs from source. */
export const build: Build | null =
	typeof VPO_BUILD === "undefined" ? null : VPO_BUILD;
