// Whether the clock can be right. Rules of retention count from it, so that one night at a wrong time could cost the whole
// history: where anything contradicts it, nothing is removed.

import type { Viewer } from "../../location/standing.ts";
import { isAhead } from "../../location/standing.ts";

const DAY_MS = 24 * 3600 * 1000;
/** A gap of so many usual ones, and of more than a month, is no rhythm any more. */
const MOST_USUAL_GAPS = 20;
const SHORTEST_JUMP_MS = 30 * DAY_MS;
/** Of fewer gaps none is usual. */
const FEWEST_GAPS = 3;
const UNKNOWN_JUMP_MS = 366 * DAY_MS;
/** So long backups must have gone on after a jump, before it is believed. */
const TRUST_MS = 7 * DAY_MS;

/** What the clock is held against. */
export interface Evidence {
	/** When ordinary backups of this library were made, in any order, those dated ahead of the clock included. ISO 8601. */
	readonly times: readonly string[];
	/** When the library's own files were changed; null where there is none. */
	readonly libraryChangedAt: Date | null;
}

/**
 * Says why the clock must be wrong, or null. A single backup that stands far ahead of all others was dated by a clock
 * that ran ahead once, and is no reason; one that goes on with their rhythm is: then the clock is behind.
 */
export function findClockProblem(
	{ times, libraryChangedAt }: Evidence,
	now: Viewer["now"],
): string | null {
	const changedAt = libraryChangedAt?.toISOString() ?? null;
	if (changedAt !== null && isAhead(changedAt, now)) {
		return `the library was changed ${seconds(changedAt)}, later than now`;
	}
	const past = times
		.filter((at) => !isAhead(at, now))
		.map((at) => Date.parse(at))
		.sort((a, b) => a - b);
	const [ahead] = times.filter((at) => isAhead(at, now)).sort();
	const last = past.at(-1);
	if (ahead !== undefined) {
		const isGoingOn =
			last === undefined || Date.parse(ahead) - last <= jumpAfter(past);
		if (isGoingOn)
			return `there is a backup of ${seconds(ahead)}, later than now`;
	}
	return findJump([...past, now.getTime()]);
}

// The last entry is now: a jump just before it, or before a few backups that were made since, is no reason to forget.
function findJump(moments: readonly number[]): string | null {
	const now = moments.at(-1) ?? 0;
	for (let index = moments.length - 1; index > 0; index--) {
		const [before = 0, after = 0] = moments.slice(index - 1, index + 1);
		if (now - after >= TRUST_MS) return null;
		const gap = after - before;
		// What is usual takes a look at all of them: not for each of ten thousand that were made in one week.
		const mayBeJump = gap > SHORTEST_JUMP_MS;
		if (mayBeJump && gap > jumpAfter(moments.slice(0, index))) {
			const from = seconds(new Date(before).toISOString());
			const to = seconds(new Date(after).toISOString());
			return `it jumped from ${from}, when the newest backup before was made, to ${to}, against their rhythm; if that is right, prune with --trust-clock, or a week later`;
		}
	}
	return null;
}

/** How long a gap behind these must be, to be a jump. */
function jumpAfter(sorted: readonly number[]): number {
	const gaps = sorted.slice(1).map((at, index) => at - (sorted[index] ?? at));
	if (gaps.length < FEWEST_GAPS) return UNKNOWN_JUMP_MS;
	gaps.sort((a, b) => a - b);
	const median = gaps[gaps.length >> 1] ?? 0;
	return Math.max(MOST_USUAL_GAPS * median, SHORTEST_JUMP_MS);
}

function seconds(iso: string): string {
	return `${iso.slice(0, 19)}Z`;
}
