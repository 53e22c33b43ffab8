// Between the thread that replaces a library and the one that was told to stop: one word in memory that both share.

/** Whose word counts: who wants to stop and who commits take the turn, and only one gets it. */
export const TURN = { free: 0, stop: 1, commit: 2 } as const;
