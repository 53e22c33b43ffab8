// Which cuts are tried: each change that is not settled lost or kept, alone and in pairs; all lost; names without data; torn writes.

import type { Cut, Disk } from "./disk.ts";

/** None: the file has grown, and what was written is zeros. */
const SECTORS = [0, 512, 4096];

export interface Effort {
	/** Of so many writes that are not settled at one time each is lost, kept and torn alone; of more, some from first to last. */
	readonly single: number;
	/** The same for pairs of any changes. */
	readonly paired: number;
	/** In a row of writes power is cut at so many of them. */
	readonly inRow: number;
}

export const SHORT: Effort = { single: 4, paired: 4, inRow: 4 };
export const MIDDLE: Effort = { single: 12, paired: 8, inRow: 12 };
export const LONG: Effort = { single: 60, paired: 24, inRow: 60 };

/** Where a worse program differs from the one that was recorded. */
export interface Focus {
	/** Between these numbers of calls, both included. */
	readonly from: number;
	readonly to: number;
	/** The changes that it leaves unsettled: they are lost as well wherever nothing else is. */
	readonly changes: readonly number[];
}

/** All cuts of a run, or those of a worse one that the run itself has not. */
export function* cutsOf(
	disk: Disk,
	effort: Effort,
	focus?: Focus,
): Generator<Cut> {
	const { from, to, changes } = focus ?? {
		from: 0,
		to: disk.callCount,
		changes: [],
	};
	function* simply(calls: number): Generator<Cut> {
		yield { calls, lost: new Set() };
		if (changes.length > 0) yield { calls, lost: new Set(changes) };
	}
	const isWrite = (at: number | undefined, call: number) => {
		const change = disk.changes[at ?? -1];
		return change?.kind === "data" && change.call === call;
	};
	let last: readonly number[] = [];
	let row: number[] = [];
	for (let calls = from; calls <= Math.min(to, disk.callCount); calls++) {
		const pending = disk.pendingAt(calls);
		const next = calls === disk.callCount ? [] : disk.pendingAt(calls + 1);
		const isPeak = pending.some((at) => !next.includes(at));
		const isSame = Bun.deepEquals(pending, last);
		last = pending;
		if (isWrite(pending.at(-1), calls - 1) && !isPeak) {
			if (!isSame) row.push(calls);
			continue;
		}
		for (const at of thinned(row, effort.inRow)) {
			yield* simply(at);
		}
		row = [];
		if (isSame && !isPeak) continue;
		yield* simply(calls);
		yield* wholesale(disk, calls, pending);
		if (!isPeak) continue;
		yield* singles(disk, calls, pending, effort.single);
		yield* pairs(calls, pending, effort.paired);
	}
}

/** All lost; names kept and data lost; data kept and names lost. */
function* wholesale(
	disk: Disk,
	calls: number,
	pending: readonly number[],
): Generator<Cut> {
	const kindOf = (at: number) => disk.changes[at]?.kind;
	yield { calls, lost: new Set(pending) };
	for (const kind of ["data", "name"]) {
		yield { calls, lost: new Set(pending.filter((at) => kindOf(at) === kind)) };
	}
}

function* singles(
	disk: Disk,
	calls: number,
	pending: readonly number[],
	most: number,
): Generator<Cut> {
	const isName = (at: number) => disk.changes[at]?.kind === "name";
	const writes = pending.filter((at) => !isName(at));
	for (const at of [...pending.filter(isName), ...thinned(writes, most)]) {
		yield { calls, lost: new Set([at]) };
		yield { calls, lost: without(pending, [at]) };
		const change = disk.changes[at];
		if (change?.kind !== "data") continue;
		for (const bytes of SECTORS.filter((it) => it < change.length)) {
			for (const kept of ["head", "tail"] as const) {
				const torn = { change: at, part: { kept, bytes } };
				yield { calls, lost: new Set(), torn };
				yield { calls, lost: without(pending, [at]), torn };
			}
		}
	}
}

function* pairs(
	calls: number,
	pending: readonly number[],
	most: number,
): Generator<Cut> {
	const chosen = thinned(pending, most);
	for (const [index, one] of chosen.entries()) {
		for (const other of chosen.slice(index + 1)) {
			yield { calls, lost: new Set([one, other]) };
			yield { calls, lost: without(pending, [one, other]) };
		}
	}
}

function without(all: readonly number[], some: readonly number[]): Set<number> {
	return new Set(all.filter((at) => !some.includes(at)));
}

function thinned(all: readonly number[], most: number): readonly number[] {
	if (all.length <= most) return all;
	const step = (all.length - 1) / (most - 1);
	return Array.from(
		{ length: most },
		(_, index) => all[Math.round(index * step)] as number,
	);
}
