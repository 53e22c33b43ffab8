// Removes the backups that no retention rule keeps: a plan first, then exactly what the plan says and nothing else.

import { stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf, fileError } from "../../ground/errors.ts";
import { syncFolder } from "../../ground/files.ts";
import { isLink } from "../../ground/paths.ts";
import type { GzipPool } from "../archive/gzip.ts";
import { readArchive } from "../archive/unpack.ts";
import { type Backup, listBackups } from "../location/catalog.ts";
import { readMarks } from "../location/marks.ts";
import { PRE_RESTORE } from "../location/names.ts";
import {
	type Kept,
	type NotKept,
	planRetention,
	type RetentionCandidate,
	type RetentionRules,
} from "./retention.ts";

export interface PruneOptions {
	readonly folder: string;
	readonly rules: RetentionRules;
	/** An IANA name, or "UTC": where days and weeks begin. */
	readonly timeZone: string;
	readonly now: Date;
	/** Names of pinned backups. */
	readonly pinned: ReadonlySet<string>;
	/** Names of backups that a verification found damaged. */
	readonly knownDamaged: ReadonlySet<string>;
	readonly pool: GzipPool;
	readonly signal?: AbortSignal | undefined;
}

/** A file as it was when the plan was made. */
export interface PlannedFile extends NotKept {
	readonly path: string;
	readonly createdAt: string | null;
	readonly sizeBytes: number;
	readonly identity: string;
}

export interface PrunePlan {
	readonly folder: string;
	readonly keep: readonly Kept[];
	readonly remove: readonly PlannedFile[];
	/** Damaged and foreign files: reported, never removed. */
	readonly untouched: readonly NotKept[];
}

/**
 * Decides what to keep and what to remove. If anything would go, the newest good backup is read to its last byte first:
 * one that is damaged doesn't count, and the plan is made anew without it.
 * @throws AppError OPERATION_FAILED: the folder can't be read
 */
export async function planPrune(options: PruneOptions): Promise<PrunePlan> {
	const { folder, rules, now, timeZone, signal } = options;
	const damaged = new Map<string, string>();
	for (const name of options.knownDamaged)
		damaged.set(name, "a verification found it damaged");
	const backups = await listBackups(folder, signal);
	for (const { filename, path, error } of backups) {
		if (error !== null) damaged.set(filename, error);
		else if (await isLink(path))
			damaged.set(filename, "a link: what it leads to counts");
	}
	for (;;) {
		const candidates = backups.map((backup) =>
			toCandidate(backup, damaged, options),
		);
		const when = { now: now.toISOString(), timeZone };
		const plan = planRetention(candidates, rules, when);
		const newest = plan.remove.length > 0 ? newestGood(candidates, now) : null;
		const problem = newest && (await findDamage(join(folder, newest), options));
		if (newest && problem) {
			damaged.set(newest, problem);
			continue;
		}
		const untouched = plan.untouched.map(({ name, reason }) => ({
			name,
			reason: damaged.get(name) ?? reason,
		}));
		const remove = await Promise.all(
			plan.remove.map((file) => toPlannedFile(file, backups, folder)),
		);
		return { folder, keep: plan.keep, remove, untouched };
	}
}

function toCandidate(
	{ filename, createdAt, metadata }: Backup,
	damaged: ReadonlyMap<string, string>,
	{ pinned }: PruneOptions,
): RetentionCandidate {
	const isPinned = pinned.has(filename);
	return {
		name: filename,
		createdAt,
		kind: metadata?.own?.kind ?? "manual",
		valid: metadata !== null && !damaged.has(filename),
		pinned: isPinned,
		shrunk: !isPinned && (metadata?.own?.shrinkWarning ?? null) !== null,
	};
}

function newestGood(
	candidates: readonly RetentionCandidate[],
	now: Date,
): string | null {
	const good = candidates.filter(
		({ valid, shrunk, kind, createdAt }) =>
			valid &&
			!shrunk &&
			kind !== PRE_RESTORE &&
			Date.parse(createdAt ?? "") <= now.getTime(),
	);
	const time = ({ createdAt }: RetentionCandidate) => createdAt ?? "";
	good.sort((a, b) => (time(a) < time(b) ? 1 : -1));
	return good[0]?.name ?? null;
}

async function findDamage(
	path: string,
	{ pool, signal }: PruneOptions,
): Promise<string | null> {
	try {
		await readArchive(path, { pool, signal });
		return null;
	} catch (error) {
		signal?.throwIfAborted();
		if (error instanceof AppError) return error.message;
		throw error;
	}
}

async function toPlannedFile(
	{ name, reason }: NotKept,
	backups: readonly Backup[],
	folder: string,
): Promise<PlannedFile> {
	const path = join(folder, name);
	const createdAt =
		backups.find(({ filename }) => filename === name)?.createdAt ?? null;
	const { sizeBytes, identity } = await identify(path);
	return { name, reason, path, createdAt, sizeBytes, identity };
}

async function identify(
	path: string,
): Promise<{ sizeBytes: number; identity: string }> {
	try {
		const { dev, ino, size, mtimeMs } = await stat(path);
		return { sizeBytes: size, identity: [dev, ino, size, mtimeMs].join(":") };
	} catch (cause) {
		if (errnoOf(cause) === "ENOENT") return { sizeBytes: 0, identity: "gone" };
		throw fileError(`cannot look at ${path}`, cause);
	}
}

export interface Pruned {
	readonly removed: readonly PlannedFile[];
	/** What the plan would have removed, and why it is still there. */
	readonly left: readonly NotKept[];
	readonly freedBytes: number;
}

/**
 * Removes the plan's files by their exact names; one that changed or was pinned since the plan is left.
 * @throws AppError OPERATION_FAILED: a file can't be removed; the signal's reason
 */
export async function executePrune(
	{ folder, remove }: PrunePlan,
	signal?: AbortSignal,
): Promise<Pruned> {
	const removed: PlannedFile[] = [];
	const left: NotKept[] = [];
	const { pinned } = await readMarks(folder);
	for (const file of remove) {
		signal?.throwIfAborted();
		const { name, path, identity } = file;
		if (pinned.has(name)) {
			left.push({ name, reason: "pinned since the plan" });
			continue;
		}
		const now = (await identify(path)).identity;
		if (now === "gone") continue; // another run pruned as well
		if (now !== identity) {
			left.push({ name, reason: "changed since the plan" });
			continue;
		}
		await unlink(path).catch((cause) => {
			throw fileError(`cannot remove ${path}`, cause);
		});
		removed.push(file);
	}
	if (removed.length > 0) await syncFolder(folder);
	const freedBytes = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
	return { removed, left, freedBytes };
}
