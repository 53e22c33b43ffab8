// How many files a library has at a path.

import { withConnection } from "../sqlite.ts";
import { asking } from "../sqlite-error.ts";
import { isUnder, underArgs } from "./scope.ts";

/** What a library has at a path. */
export interface FilesUnder {
	readonly count: number;
	/** Whether the path itself is a file. */
	readonly isFile: boolean;
}

/** Counts the file of this path, or the files below this folder. */
export function countUnder(
	path: string,
	isImmutable: boolean,
	under: string,
): FilesUnder {
	return withConnection(path, isImmutable, (database) =>
		asking(path, () => {
			const [count = 0, own = 0] = (
				database
					.query(
						`SELECT count(*), total(t.path = ?1) FROM files AS t WHERE ${isUnder("t.path")}`,
					)
					.values(...underArgs(under))[0] ?? []
			).map(Number);
			return { count, isFile: own > 0 };
		}),
	);
}
