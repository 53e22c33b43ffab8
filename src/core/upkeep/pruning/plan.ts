// What prune would remove, decided before anything goes: by the rules, the clock, and proofs of what stays.

import { stat } from "node:fs/promises";
import { AppError } from "../../../ground/errors.ts";
import { resolveLinks } from "../../../ground/paths.ts";
import type { Settings } from "../../../ground/settings.ts";
import type { Workshop } from "../../archive/workshop.ts";
import { sidecars } from "../../library/library.ts";
import { type Backup, readCatalog } from "../../location/catalog.ts";
import { requireOneLibrary } from "../../location/latest.ts";
import {
	type Location,
	requireStored,
	type Stored,
} from "../../location/location.ts";
import { PRE_RESTORE } from "../../location/names.ts";
import type { Viewer } from "../../location/standing.ts";
import {
	type Kept,
	type NotKept,
	planRetention,
	type RetentionCandidate,
	type RetentionPlan,
	type RetentionRules,
} from "../retention.ts";
import { findClockProblem } from "./clock.ts";
import { Prover } from "./proof.ts";

const DAMAGED_PROTECTION_MS = 7 * 24 * 3600 * 1000;

export interface PruneOptions {
	readonly location: Location;
	readonly rules: RetentionRules;
	/** An IANA name, or "UTC": where days and weeks begin. */
	readonly timeZone: string;
	readonly viewer: Viewer;
	/** The library that looks, and where archives can be unpacked. */
	readonly settings: Settings;
	/** Whether the clock is right, whatever speaks against it. */
	readonly trustsClock: boolean;
	/** Nothing is remembered of what is found. */
	readonly isDryRun: boolean;
}

/** A file as it was when the plan was made. */
export interface PlannedFile extends NotKept {
	readonly createdAt: string | null;
	readonly file: Stored;
}

export interface PrunePlan {
	readonly location: Location;
	readonly keep: readonly Kept[];
	readonly remove: readonly PlannedFile[];
	/** Damaged and foreign files: reported, never removed. */
	readonly untouched: readonly NotKept[];
	/** Why nothing of that goes now; null: all of it does. */
	readonly obstacle: string | null;
}

/**
 * Decides what to keep and what to remove. If anything would go, what the rules keep is proven first, the newest good
 * backup each time anew: one that a restore would refuse doesn't count, and the plan is made anew without it. Where the
 * clock must be wrong, the plan says what the rules say, and that nothing goes now.
 * @throws AppError OPERATION_FAILED: the location or its pins can't be read; NOT_FOUND: it is not known which of several
 *   libraries this is
 */
export async function planPrune(
	options: PruneOptions,
	workshop: Workshop,
): Promise<PrunePlan> {
	const { location, rules, viewer, timeZone } = options;
	const { now } = viewer;
	const catalog = await readCatalog(location, viewer, workshop.signal);
	const { warning } = catalog.state;
	if (warning !== null) throw unreadablePins(warning);
	requireOneLibrary(catalog);
	const backups = catalog.backups.filter(isOwn);
	const byName = new Map(backups.map((backup) => [backup.filename, backup]));
	const damaged = new Map<string, string>();
	for (const { filename, entry, doubt } of backups) {
		if (doubt?.kind === "damaged") damaged.set(filename, doubt.reason);
		else if (entry.isLink)
			damaged.set(filename, "a link: what it leads to counts");
	}
	const prover = new Prover({ ...options, now }, workshop);
	const clockProblem = options.trustsClock
		? null
		: await problemOfClock(backups, options);
	for (;;) {
		const candidates = backups.map((backup) => toCandidate(backup, damaged));
		const when = { now: now.toISOString(), timeZone };
		const plan = planRetention(candidates, rules, when);
		const unproven =
			plan.remove.length === 0
				? null
				: await findUnproven(plan, candidates, byName, prover);
		if (unproven) {
			damaged.set(...unproven);
			continue;
		}
		const untouched = [
			...plan.untouched.map(({ name, reason }) => ({
				name,
				reason: damaged.get(name) ?? reason,
			})),
			...catalog.backups
				.filter((backup) => !isOwn(backup))
				.map(({ filename: name }) => ({ name, reason: "of another library" })),
		];
		const remove = plan.remove.flatMap(({ name, reason }) => {
			const backup = byName.get(name);
			if (!backup) return [];
			const { createdAt, entry } = backup;
			return { name, reason, createdAt, file: requireStored(entry) };
		});
		remove.push(...(await oldDamaged(options, workshop)));
		const isHeld = clockProblem !== null && remove.length > 0;
		const obstacle = isHeld
			? `nothing is removed, because the clock must be wrong: ${clockProblem}`
			: null;
		return { location, keep: plan.keep, remove, untouched, obstacle };
	}
}

/** The plan as it is carried out: where something holds it up, all stays. */
export function heldUp(plan: PrunePlan): PrunePlan {
	if (plan.obstacle === null) return plan;
	const reasons = ["the clock must be wrong"];
	const spared = plan.remove.map(({ name }) => ({ name, reasons }));
	return { ...plan, keep: [...plan.keep, ...spared], remove: [] };
}

// Those that take a place by which another goes: the newest good one first, then the others that rules keep.
async function findUnproven(
	{ keep }: RetentionPlan,
	candidates: readonly RetentionCandidate[],
	byName: ReadonlyMap<string, Backup>,
	prover: Prover,
): Promise<[name: string, problem: string] | null> {
	const kept = new Set(keep.map(({ name }) => name));
	const relied = candidates.filter(
		({ name, shrunk, kind }) =>
			kept.has(name) &&
			!shrunk &&
			kind !== PRE_RESTORE &&
			byName.get(name)?.doubt === null,
	);
	const time = ({ createdAt }: RetentionCandidate) => createdAt ?? "";
	relied.sort((a, b) => (time(a) < time(b) ? 1 : -1));
	for (const [index, { name }] of relied.entries()) {
		const backup = byName.get(name);
		const problem = backup && (await prover.problemOf(backup, index > 0));
		if (problem) return [name, problem];
	}
	return null;
}

async function problemOfClock(
	backups: readonly Backup[],
	{ settings, viewer }: PruneOptions,
): Promise<string | null> {
	const times = backups.flatMap(({ metadata, createdAt }) =>
		metadata && metadata.own?.kind !== PRE_RESTORE ? (createdAt ?? []) : [],
	);
	const libraryChangedAt = await changedAt(settings);
	return findClockProblem({ times, libraryChangedAt }, viewer.now);
}

async function changedAt({ databasePath }: Settings): Promise<Date | null> {
	const path = await resolveLinks(databasePath).catch(() => databasePath);
	const found = await Promise.all(
		[path, ...sidecars(path)].map((file) => stat(file).catch(() => null)),
	);
	const times = found.flatMap((file) => file?.mtimeMs ?? []);
	return times.length > 0 ? new Date(Math.max(...times)) : null;
}

// What a repair has kept had its time to be missed.
async function oldDamaged(
	{ location, viewer }: PruneOptions,
	{ signal }: Workshop,
): Promise<PlannedFile[]> {
	const kept = await location.listDamaged(signal);
	const isOld = ({ modifiedMs }: Stored) =>
		viewer.now.getTime() - modifiedMs > DAMAGED_PROTECTION_MS;
	return kept.filter(isOld).map((file) => ({
		name: file.name,
		reason: "repaired more than 7 days ago",
		createdAt: null,
		file,
	}));
}

function isOwn({ doubt }: Backup): boolean {
	return doubt?.kind !== "other library";
}

function toCandidate(
	{ filename, currentAt, metadata, remembered }: Backup,
	damaged: ReadonlyMap<string, string>,
): RetentionCandidate {
	const isPinned = remembered.pinned;
	return {
		name: filename,
		createdAt: currentAt,
		kind: metadata?.own?.kind ?? "manual",
		valid: metadata !== null && !damaged.has(filename),
		pinned: isPinned,
		shrunk: !isPinned && (metadata?.own?.shrinkWarning ?? null) !== null,
	};
}

/** Without its pins a backup that somebody wants to keep might go. */
export function unreadablePins(warning: string): AppError {
	return new AppError("OPERATION_FAILED", `pins can't be read: ${warning}`, {
		hint: "nothing was removed; remove that file if no pin matters, then try again",
	});
}
