// A whole archive takes a damaged one's place in a folder, and the damaged one stays beside it: nothing is lost by a repair
// that was wrong.

import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { fileError } from "../../ground/errors.ts";
import { publishOver } from "../../ground/files.ts";
import { publishNew } from "../../ground/publish.ts";
import type { Scratch } from "../../ground/scratch.ts";
import { damagedName } from "./names.ts";

/**
 * Keeps the file at `name` under a name of its own, and puts the finished file in its place. What is kept counts as old
 * as this moment.
 * @param from in the scratch folder, which lies in `folder`
 * @returns the name under which it is kept
 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE
 */
export async function mendInFolder(
	folder: string,
	name: string,
	from: string,
	scratch: Scratch,
): Promise<string> {
	const path = join(folder, name);
	for (let attempt = 1; ; attempt++) {
		const keptName = damagedName(name, attempt);
		const kept = join(folder, keptName);
		// Where there are hard links both names stand for a moment; elsewhere it moves.
		if (!(await publishNew(path, kept, scratch))) continue;
		const now = new Date();
		await utimes(kept, now, now).catch((cause) => {
			throw fileError(`cannot set the time of ${kept}`, cause);
		});
		await publishOver(from, path);
		return keptName;
	}
}
