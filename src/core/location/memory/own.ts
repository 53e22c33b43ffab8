// The files that are the library's own, whether they are there yet or not: nothing else is ever written in their place.

import { AppError } from "../../../ground/errors.ts";
import { isSameFile, resolveLinks } from "../../../ground/paths.ts";
import type { Settings } from "../../../ground/settings.ts";
import { sidecars } from "../../library/library.ts";
import { memoryPath } from "./memory.ts";

/**
 * Lets pass what somebody wants to have written.
 * @param flag by which it was named
 * @throws AppError OPERATION_FAILED: it is the library, what SQLite or we keep beside it, or config.toml
 */
export async function requireForeign(
	path: string,
	{ databasePath, configPath }: Pick<Settings, "databasePath" | "configPath">,
	flag: string,
): Promise<void> {
	const real = await resolveLinks(databasePath).catch(() => databasePath);
	const own = [databasePath, real].flatMap((library) => [
		library,
		...sidecars(library),
		memoryPath(library),
	]);
	for (const file of [...own, configPath]) {
		if (!(await isSameFile(path, file))) continue;
		const what = file === configPath ? "config.toml" : "the library itself";
		throw new AppError(
			"OPERATION_FAILED",
			`${flag} would overwrite ${what}: ${path}`,
			{ hint: "name another file" },
		);
	}
}
