// The good backups that a new one is compared with. Begins with what the names say is newest, and looks at no more than
// it must: ten thousand old ones cost the night's backup nothing.

import { AppError } from "../../ground/errors.ts";
import { inspectArchive } from "../archive/inspect.ts";
import { isoSeconds, type Metadata } from "../archive/metadata.ts";
import {
	identityIn,
	type Location,
	type Named,
	type Stored,
} from "./location.ts";
import { type Look, Looks } from "./memory/looks.ts";
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

interface Asked {
	readonly location: Location;
	readonly state: State;
	readonly viewer: Viewer;
	readonly signal: AbortSignal | undefined;
}

/** The good backups of one location; each archive is looked at once at the most. */
export class GoodBackups {
	readonly #asked: Asked;
	readonly #dated: readonly Dated[];
	readonly #looks = new Map<string, Promise<GoodBackup | null>>();
	/** What lists have seen; null: not asked yet. */
	#seen: Looks | null = null;

	private constructor(asked: Asked, names: readonly Named[]) {
		this.#asked = asked;
		this.#dated = newestFirst(names);
	}

	/** @throws AppError OPERATION_FAILED: the location can't be read */
	static async in(
		location: Location,
		viewer: Viewer,
		signal?: AbortSignal,
	): Promise<GoodBackups> {
		const [state, names] = await Promise.all([
			location.readState(signal),
			location.names(signal),
		]);
		return new GoodBackups({ location, state, viewer, signal }, names);
	}

	/**
	 * The newest of our own backups that nothing speaks against, as far as a look at its ends and the memory of its
	 * location tell.
	 */
	async newest(): Promise<GoodBackup | null> {
		let newest: GoodBackup | null = null;
		for (const [index, dated] of this.#dated.entries()) {
			const { time } = dated;
			if (newest && time !== null && newest.metadata.createdAt >= time) break;
			if (index > 0) await this.#lookAhead(index);
			newest = laterOf(newest, await this.#lookAt(dated));
		}
		return newest;
	}

	/** Good backups of the last 30 days. Of many, some are looked at: the newest, and one a day. */
	async recent(): Promise<GoodBackup[]> {
		const found: GoodBackup[] = [];
		const queue = sample(this.#dated, this.#asked.viewer.now).values();
		const work = async () => {
			for (const dated of queue) {
				const good = await this.#lookAt(dated);
				if (good) found.push(good);
			}
		};
		await Promise.all(Array.from({ length: AT_ONCE }, work));
		return found;
	}

	// The first one does, as a rule. Where it does not, all may be another library's.
	async #lookAhead(index: number): Promise<void> {
		if (index === AT_ONCE) {
			this.#seen = await Looks.read(this.#asked.location.looksFile);
		}
		for (const dated of this.#dated.slice(index, index + AT_ONCE)) {
			this.#lookAt(dated).catch(() => undefined); // whoever needs it fails with it
		}
	}

	#lookAt({ named }: Dated): Promise<GoodBackup | null> {
		this.#asked.signal?.throwIfAborted();
		const look =
			this.#looks.get(named.name) ?? lookAtGood(named, this.#asked, this.#seen);
		this.#looks.set(named.name, look);
		return look;
	}
}

/** The later one; of the same time the first one. */
export function laterOf(
	a: GoodBackup | null,
	b: GoodBackup | null,
): GoodBackup | null {
	if (a === null || b === null) return a ?? b;
	return a.metadata.createdAt >= b.metadata.createdAt ? a : b;
}

/**
 * Of the last 30 days the one with the most files, to notice what goes missing slowly. Of a shrunk one that somebody
 * accepted by a pin, what was before does not count.
 */
export function largestOf(
	recent: readonly GoodBackup[],
	now: Date,
): GoodBackup | null {
	const accepted = recent
		.filter(({ metadata }) => metadata.own?.shrinkWarning)
		.map(({ metadata }) => metadata.createdAt);
	const monthAgo = isoSeconds(new Date(now.getTime() - RECENT_DAYS * DAY_MS));
	const start = [monthAgo, ...accepted].sort().at(-1) ?? monthAgo;
	return recent
		.filter(({ metadata }) => metadata.createdAt >= start)
		.reduce<GoodBackup | null>(
			(largest, backup) =>
				largest && largest.metadata.fileCount >= backup.metadata.fileCount
					? largest
					: backup,
			null,
		);
}

interface Dated {
	readonly named: Named;
	/** As the name tells it; null: it tells none. */
	readonly time: string | null;
}

// Those that tell no time come first: they may be of any.
function newestFirst(names: readonly Named[]): Dated[] {
	const dated = names
		.filter(({ name }) => !name.startsWith(SALVAGE_PREFIX))
		.map((named) => ({ named, time: timeInName(named.name) }));
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
	{ name: filename, look }: Named,
	{ state, viewer, signal }: Asked,
	seen: Looks | null,
): Promise<GoodBackup | null> {
	const archive = await look(signal);
	if (archive === null || "problem" in archive) return null;
	const { path } = archive;
	const remembered = state.of(filename, identityIn(archive));
	const isGood = (found: Look) => {
		const { metadata } = found;
		const error = "error" in found ? found.error : null;
		const createdAt = metadata?.createdAt ?? null;
		const facts = { path, createdAt, metadata, error, remembered };
		return doubtAbout(facts, viewer) === null;
	};
	// To be passed over, an archive need not be read again.
	const known = seen?.recall(archive);
	if (known && !isGood(known)) return null;
	const metadata = await inspectArchive(archive, signal).catch(nullIfBad);
	if (!metadata || !isGood({ metadata })) return null;
	return { filename, path, archive, metadata };
}

function nullIfBad(error: unknown): null {
	if (error instanceof AppError && error.code !== "INTERRUPTED") return null;
	throw error; // damaged, unreadable and just removed ones are no good ones; this is something else
}
