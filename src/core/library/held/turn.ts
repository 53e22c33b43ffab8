// Between the thread that changes a library and the one that lets it, or stops it: one word in memory that both share.

/** Whose word counts: who wants to stop and who commits take the turn, and only one gets it. Nobody commits before it is free. */
export const TURN = { notYet: 0, free: 1, stop: 2, commit: 3 } as const;

/** Takes the last step, once it is allowed. @returns whether it may be taken */
export function takeLastStep(turn: Int32Array): boolean {
	Atomics.wait(turn, 0, TURN.notYet);
	return Atomics.compareExchange(turn, 0, TURN.free, TURN.commit) === TURN.free;
}

/** Says whether the last step may be taken, unless that was said already. @returns what the word was */
export function giveTurn(turn: Int32Array, isAllowed: boolean): number {
	const next = isAllowed ? TURN.free : TURN.stop;
	const before = Atomics.compareExchange(turn, 0, TURN.notYet, next);
	Atomics.notify(turn, 0);
	return before;
}

/** Keeps who did not commit yet from doing so. @returns whether it was too late */
export function takeBack(turn: Int32Array): boolean {
	if (giveTurn(turn, false) === TURN.notYet) return false;
	const before = Atomics.compareExchange(turn, 0, TURN.free, TURN.stop);
	return before === TURN.commit;
}
