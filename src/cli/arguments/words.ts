// The few words of argv that concern every call. Loads next to nothing.

import { build, version } from "../../ground/version.ts";
import type { Result } from "../output.ts";

/** What --version says. */
export const versionResult: Result = {
	text: `vpo ${version}`,
	json: {
		version,
		commit: build?.commit ?? null,
		target: build?.target ?? null,
		bun: Bun.version,
		sqlite: build?.sqlite ?? null,
	},
};

/** VPO's older and newer names for the same group of commands. */
export const GROUPS = ["library", "db"];

/** The words before `end`, all if it is not among them. */
export function before(
	words: readonly string[],
	end: string,
): readonly string[] {
	const at = words.indexOf(end);
	return at < 0 ? words : words.slice(0, at);
}
