// Newer backups that "latest" did not mean, as people and programs read it.

import type { PassedOver } from "../../core/location/latest.ts";
import { shortName } from "../../core/location/names.ts";
import { formatCount, printableLine } from "../format.ts";

/** So many of those that nobody misses are named; the rest is in the document. */
const MOST_ORDINARY = 3;

/** What may have been meant comes first and in full: damaged, shrunk, dated in the future. */
export function passedOverFields(
	passedOver: readonly PassedOver[],
): (readonly [string, string])[] {
	const named = [
		...passedOver.filter((backup) => !isOrdinary(backup)),
		...passedOver.filter(isOrdinary).slice(0, MOST_ORDINARY),
	];
	const more = passedOver.length - named.length;
	const lines = [
		...named.map(({ filename, doubt }) =>
			printableLine(`${shortName(filename)}: ${doubt.reason}`),
		),
		...(more > 0
			? [
					`${formatCount(more)} more of another library or replaced by a restore`,
				]
			: []),
	];
	return lines.map((line) => ["Passed over", line] as const);
}

export function passedOverJson(passedOver: readonly PassedOver[]): object[] {
	return passedOver.map(({ filename, path, createdAt, doubt }) => ({
		filename,
		path,
		created_at: createdAt,
		reason: doubt.reason,
	}));
}

// Where libraries share a place, and wherever something was restored, these are newer as a matter of course.
function isOrdinary({ doubt }: PassedOver): boolean {
	return doubt.kind === "other library" || doubt.kind === "pre-restore";
}
