// A folder with all it holds, in a form that shows every change to it.

import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Path, kind, mode, time of the last change and content of everything in a folder, the folder itself included. */
export function treeOf(folder: string): Record<string, string> {
	const names = readdirSync(folder, { recursive: true }) as string[];
	return Object.fromEntries(
		["", ...names].map((name) => [name, describe(join(folder, name))]),
	);
}

function describe(path: string): string {
	const { mode, mtimeNs } = lstatSync(path, { bigint: true });
	return `${mode.toString(8)} ${mtimeNs} ${contentOf(path)}`;
}

function contentOf(path: string): string {
	const found = lstatSync(path);
	if (found.isSymbolicLink()) return readlinkSync(path);
	return found.isFile() ? String(Bun.hash(readFileSync(path))) : "";
}
