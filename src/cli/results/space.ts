// Whether there is room, as people read it.

import type { Space } from "../../core/library/space.ts";
import { formatBytes, printableLine } from "../format.ts";

/** "2.2 MB needed, 81.6 GB free in /data: enough" */
export function formatSpace({
	requiredBytes,
	freeBytes,
	...space
}: Space): string {
	const folder = printableLine(space.folder);
	const need = `${formatBytes(requiredBytes)} needed`;
	if (freeBytes === null) {
		return `${need}; ${folder} does not tell how much is free`;
	}
	const verdict = freeBytes >= requiredBytes ? "enough" : "not enough";
	return `${need}, ${formatBytes(freeBytes)} free in ${folder}: ${verdict}`;
}
