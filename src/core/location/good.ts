// The good backups that a new one is compared with. Begins with what the names say is newest, and looks at no more than
// it must: ten thousand old ones cost the night's backup nothing.

import { AppError } from "../../ground/errors.ts";
import { inspectArchive } from "../archive/inspect.ts";
import type { Metadata } from "../archive/metadata.ts";
import { identityIn, type Location, type Stored } from "./location.ts";
import type { State } from "./memory/state.ts";
import { SALVAGE_PREFIX, timeInName } from "./names.ts";
import { doubtAbout, isAhead, type Viewer } from "./standing.ts";

/** A backup that the shrink alarm and "unchanged" may build on. */
export interface GoodBackup {
	readonly filename: string;
	readonly path: string;
	readonly archive: Stored;
	readonly metadata: Metadata;
}

const DAY_MS = 24 * 3600 * 1000;
const RECENT_DAYS = 30;
/** So many of the newest are compared with, and behind them the newest of each day. */
const NEWEST_COUNT = 30;
const AT_ONCE = 8;

/**
 * The newest of our own backups that nothing speaks against, as far as a look at its ends and the memory of its
 * location tell.
 */
export async function newestGoodBackup(
	location: Location,
	viewer: Viewer,
	signal?: AbortSignal,
): Promise<GoodBackup | null> {
	const [state, names] = await Promise.all([
		location.readState(signal),
		location.names(signal),
	]);
	let newest: GoodBackup | null = null;
	for (const { name, time } of newestFirst(names)) {
		signal?.throwIfAborted();
		if (newest && time !== null && newest.metadata.createdAt >= time) break;
		const good = await lookAtGood(location, name, state, viewer, signal);
		if (!good) continue;
		if (newest && newest.metadata.createdAt >= good.metadata.createdAt) {
			continue;
		}
		newest = good;
	}
	return newest;
}

/**
 * The good backup of the last 30 days with the most files, to notice what goes missing slowly. Of a shrunk one that
 * somebody accepted by a pin, what was before does not count. Of many, some are looked at: the newest, and one a day.
 */
export async function largestRecentBackup(
	location: Location,
	viewer: Viewer,
	signal?: AbortSignal,
): Promise<GoodBackup | null> {
	const [state, names] = await Promise.all([
		location.readState(signal),
		location.names(signal),
	]);
	const queue = sample(newestFirst(names), viewer.now).values();
	const found: GoodBackup[] = [];
	const work = async () => {
		for (const { name } of queue) {
			signal?.throwIfAborted();
			const good = await lookAtGood(location, name, state, viewer, signal);
			if (good) found.push(good);
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
	const accepted = found
		.filter(({ metadata }) => metadata.own?.shrinkWarning)
		.map(({ metadata }) => metadata.createdAt)
		.sort()
		.at(-1);
	const start = viewer.now.getTime() - RECENT_DAYS * DAY_MS;
	return found
		.filter(({ metadata: { createdAt } }) => Date.parse(createdAt) >= start)
		.filter(({ metadata }) => metadata.createdAt >= (accepted ?? ""))
		.reduce<GoodBackup | null>(
			(largest, backup) =>
				largest && largest.metadata.fileCount >= backup.metadata.fileCount
					? largest
					: backup,
			null,
		);
}

interface Dated {
	readonly name: string;
	/** As the name tells it; null: it tells none. */
	readonly time: string | null;
}

// Those that tell no time come first: they may be of any.
function newestFirst(names: readonly string[]): Dated[] {
	const dated = names
		.filter((name) => !name.startsWith(SALVAGE_PREFIX))
		.map((name) => ({ name, time: timeInName(name) }));
	const known = dated.filter(({ time }) => time !== null);
	known.sort((a, b) => ((a.time ?? "") < (b.time ?? "") ? 1 : -1));
	return [...dated.filter(({ time }) => time === null), ...known];
}

function sample(names: readonly Dated[], now: Date): Dated[] {
	const start = now.getTime() - RECENT_DAYS * DAY_MS;
	const recent = names.filter(
		({ time }) =>
			time === null || (Date.parse(time) >= start && !isAhead(time, now)),
	);
	const byDay = Map.groupBy(recent, ({ time }) => time?.slice(0, 10));
	const ofDays = [...byDay.values()].flatMap(([newest]) => newest ?? []);
	return [...new Set([...recent.slice(0, NEWEST_COUNT), ...ofDays])];
}

async function lookAtGood(
	location: Location,
	filename: string,
	state: State,
	viewer: Viewer,
	signal: AbortSignal | undefined,
): Promise<GoodBackup | null> {
	const archive = await location.find(filename, signal);
	if (archive === null || "problem" in archive) return null;
	const metadata = await inspectArchive(archive, signal).catch(nullIfBad);
	if (!metadata) return null;
	const { createdAt } = metadata;
	const { path } = archive;
	const remembered = state.of(filename, identityIn(archive));
	const facts = { path, createdAt, metadata, error: null, remembered };
	if (doubtAbout(facts, viewer) !== null) return null;
	return { filename, path, archive, metadata };
}

function nullIfBad(error: unknown): null {
	if (error instanceof AppError && error.code !== "INTERRUPTED") return null;
	throw error; // damaged, unreadable and just removed ones are no good ones; this is something else
}
