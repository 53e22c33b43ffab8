// What every part of the benchmark is given: the program under test and a scratch folder.

/** The setting of one benchmark run. */
export type Bench = {
	/** The compiled program under test. */
	readonly vpo: string;
	readonly scratch: string;
	/** Ends the command that is running, and with it the benchmark. */
	readonly signal: AbortSignal;
	/** Timed rounds of each comparison, at least 1. */
	readonly rounds: number;
	/** The sizes of the libraries that cost is shown for, ascending. */
	readonly growthMb: readonly number[];
	/** The sizes of the two libraries whose peak memory is compared. */
	readonly memoryMb: readonly [number, number];
};
