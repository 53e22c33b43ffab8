// Worse programs, out of a recorded run: each forgets one sync, or changes one name before the sync that must come first.

import type { Effort, Focus } from "./cuts.ts";
import type { Disk } from "./disk.ts";
import type { Call } from "./recording.ts";
import type { Recorded } from "./trial.ts";

/** What becomes of a worse program. */
export interface Verdict {
	/** "in place: no sync of .vpo/library.db-wal after write .vpo/library.db-wal". */
	readonly name: string;
	/** What is lost; null: nothing. */
	readonly lost: string | null;
	/** Where nothing is: what is lost if no later sync of the same file or folder does this one's work either. */
	readonly lostForGood: string | null;
}

/** Locks and claims: no change of theirs says what a sync is for. */
const OWN = /SCRATCH(\/(lock|claim|lock\.new))?$|\.claim(\/|$)/;

/** Tries all of them. */
export async function* tryMutants(
	recorded: Recorded,
	effort: Effort,
): AsyncGenerator<Verdict> {
	for (const [at, call] of recorded.calls.entries()) {
		if (call.does === "sync") yield await tryWithout(recorded, at, effort);
		else yield* tryEarly(recorded, at, effort);
	}
}

async function tryWithout(
	recorded: Recorded,
	at: number,
	effort: Effort,
): Promise<Verdict> {
	const { disk, calls } = recorded;
	const changes = disk.settledBy(at);
	const lostWithout = async (isForever: boolean) => {
		const worse = disk.withoutSync(at, isForever);
		const until = changes.map((change) => worse.changes[change]?.settledAt);
		const to = Math.max(at, ...until.map((call) => call ?? at));
		const focus = { from: at + 1, to, changes };
		return firstLoss(recorded, effort, worse, focus);
	};
	const lost = await lostWithout(false);
	const lostForGood = lost ?? (await lostWithout(true));
	const settled = changes.map((change) =>
		recorded.plain(disk.changes[change]?.what ?? ""),
	);
	const after = [...new Set(settled.filter((what) => !OWN.test(what)))];
	const path = recorded.plain((calls[at] as Call).path);
	const what = `no sync of ${path} after ${after.join(", ") || "nothing"}`;
	return { name: `${recorded.name}: ${what}`, lost, lostForGood };
}

async function* tryEarly(
	recorded: Recorded,
	at: number,
	effort: Effort,
): AsyncGenerator<Verdict> {
	const { calls } = recorded;
	const call = calls[at] as Call;
	const due = dueBefore(call);
	const from = calls.findLastIndex(
		({ does, path }, index) => index < at && does === "sync" && path === due,
	);
	if (from < 0 || due === null) return;
	const path = call.does === "rename" ? call.path : due;
	const late: Call = { does: "sync", path };
	const worse = recorded.replay(
		calls.toSpliced(at + 1, 0, late).toSpliced(from, 1),
	);
	const focus = { from, to: at, changes: worse.settledBy(at) };
	const lost = await firstLoss(recorded, effort, worse, focus);
	const what = `${call.does} ${call.path} before the sync of ${due}`;
	const name = `${recorded.name}: ${recorded.plain(what)}`;
	yield { name, lost, lostForGood: lost };
}

async function firstLoss(
	recorded: Recorded,
	effort: Effort,
	worse: Disk,
	focus: Focus,
): Promise<string | null> {
	const limits = { mostProblems: 1, focus };
	const { problems } = await recorded.try(effort, worse, limits);
	return problems[0] ?? null;
}

// What must be on the disk first: what is given a name, and the library before what would repair it goes.
function dueBefore(call: Call): string | null {
	if (call.does === "link" || call.does === "rename") return call.source;
	const isGoing = call.does === "remove" || call.does === "truncate";
	return isGoing && /\.db-(wal|journal)$/.test(call.path)
		? call.path.replace(/-\w+$/, "")
		: null;
}
