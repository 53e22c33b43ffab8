// The pure plan of prune: which backups stay, which go, and why. A backup stays if anything picks it and goes
// only if nothing does; every protection is one more pick, so a rule can never take one away.

import {
	applyRules,
	type Dated,
	hasRules,
	isAfter,
	type Picked,
	pick,
	type RetentionRules,
} from "./policy.ts";

export type { RetentionRules } from "./policy.ts";

/** What the plan needs to know of one file in a location. */
export interface RetentionCandidate {
	/** Unique within the location. */
	readonly name: string;
	/** ISO 8601 with `Z` or an offset; null where unknown, which counts as damaged. */
	readonly createdAt: string | null;
	/** "pre-restore" is a class of its own; every other kind is an ordinary backup. */
	readonly kind: string;
	/** False for damaged and foreign files. */
	readonly valid: boolean;
	readonly pinned: boolean;
	/** Marked by the shrink alarm. */
	readonly shrunk: boolean;
}

/** Newest first; backups of the same instant by name, so that `…Z-2` stands before `…Z`. */
export interface RetentionPlan {
	readonly keep: readonly Kept[];
	readonly remove: readonly NotKept[];
	/** Damaged and foreign files, by name: neither removed nor counted as kept. */
	readonly untouched: readonly NotKept[];
}

export interface Kept {
	readonly name: string;
	/** At least one, none twice. */
	readonly reasons: readonly string[];
}

export interface NotKept {
	readonly name: string;
	readonly reason: string;
}

type Usable = RetentionCandidate & { readonly createdAt: string };
type Backup = Usable & Dated;

/** How far the clocks of two machines that share a location may differ unnoticed. */
const CLOCK_TOLERANCE = { minutes: 5 };
const PRE_RESTORE_PROTECTION = { hours: 7 * 24 };

/**
 * Decides what to keep and what to remove; reads nothing but its arguments.
 *
 * - Good is a backup that is valid, ordinary, not shrunk and not in the future. The rules are applied to the good ones
 *   alone, then to the good and the shrunk ones together, and both choices stay: shrunk backups age like any other
 *   but never push out a good one. Pinned ones take slots like any other, as tagged ones do in restic.
 * - `keepWithin` counts back from the newest of the backups it is applied to, as in restic, not from the clock.
 * - A backup more than 5 minutes ahead of `now` stays and takes part in nothing.
 * - A pre-restore one takes no slot. It goes once it is 7 days (168 hours) old and a good backup 7 days newer than it
 *   stands: neither a clock that runs ahead nor a restore that shrank the library costs it.
 * - Without a rule everything stays.
 *
 * @param when `now`: ISO 8601 with `Z` or an offset. `timeZone`: an IANA name or "UTC"; it decides where days begin.
 * @throws RangeError (a bug of the caller) on a count below 1, an empty duration, an unknown zone, a malformed time
 */
export function planRetention(
	candidates: readonly RetentionCandidate[],
	rules: RetentionRules,
	when: { readonly now: string; readonly timeZone: string },
): RetentionPlan {
	const zoned = (at: string) =>
		Temporal.Instant.from(at).toZonedDateTimeISO(when.timeZone);
	const backups = candidates
		.filter(isUsable)
		.map((usable) => ({ ...usable, time: zoned(usable.createdAt) }))
		.sort(newestFirst);
	const picks = hasRules(rules)
		? choose(backups, rules, zoned(when.now))
		: pick(backups, "no rule is given");
	const reasons = new Map(backups.map((backup) => [backup, new Set<string>()]));
	for (const { backup, reason } of picks) reasons.get(backup)?.add(reason);
	const judged = [...reasons];
	return {
		keep: judged
			.filter(([, why]) => why.size > 0)
			.map(([{ name }, why]) => ({ name, reasons: [...why] })),
		remove: judged
			.filter(([, why]) => why.size === 0)
			.map(([backup]) => ({
				name: backup.name,
				reason: isPreRestore(backup)
					? "pre-restore, older than 7 days"
					: "no rule keeps it",
			})),
		untouched: candidates
			.filter((candidate) => !isUsable(candidate))
			.sort(byName)
			.map(({ name }) => ({ name, reason: "damaged: not touched" })),
	};
}

function choose(
	backups: readonly Backup[],
	rules: RetentionRules,
	now: Temporal.ZonedDateTime,
): Picked<Backup>[] {
	const horizon = now.add(CLOCK_TOLERANCE);
	const pinned = backups.filter((backup) => backup.pinned);
	const future = backups.filter(({ time }) => isAfter(time, horizon));
	const past = backups.filter(({ time }) => !isAfter(time, horizon));
	const ordinary = past.filter((backup) => !isPreRestore(backup));
	const good = ordinary.filter(({ shrunk }) => !shrunk);
	return [
		...pick(good.slice(0, 1), "newest good backup"),
		...pick(pinned, "pinned"),
		...pick(future, "in the future"),
		...protectPreRestore(past.filter(isPreRestore), now, good[0]),
		...applyRules(good, rules),
		...applyRules(ordinary, rules),
	];
}

function protectPreRestore(
	backups: readonly Backup[],
	now: Temporal.ZonedDateTime,
	newestGood: Backup | undefined,
): Picked<Backup>[] {
	return backups.flatMap((backup) => {
		const end = backup.time.add(PRE_RESTORE_PROTECTION);
		if (isAfter(end, now)) {
			return pick([backup], "pre-restore, younger than 7 days");
		}
		return newestGood === undefined || isAfter(end, newestGood.time)
			? pick([backup], "pre-restore, no good backup 7 days newer")
			: [];
	});
}

function isPreRestore({ kind }: RetentionCandidate): boolean {
	return kind === "pre-restore";
}

function isUsable(candidate: RetentionCandidate): candidate is Usable {
	return candidate.valid && candidate.createdAt !== null;
}

function newestFirst(a: Backup, b: Backup): number {
	return Temporal.ZonedDateTime.compare(b.time, a.time) || byName(a, b);
}

function byName(a: RetentionCandidate, b: RetentionCandidate): number {
	return a.name < b.name ? -1 : Number(a.name > b.name);
}
