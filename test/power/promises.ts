// What a run of the program promises, by what it reports.

/** A run, and what must be there once it has reported success. */
export interface Trial {
	readonly name: string;
	readonly args: readonly string[];
	/** Whether the library holds what it held before the run, or what it held after it. */
	readonly library: "old" | "new";
	/** How many archives have a new name. */
	readonly makes?: number;
	/** Backups that it may remove; all others stay. */
	readonly removes?: readonly string[];
	/** Backups that were pinned before it, and stay so. */
	readonly pinned?: readonly string[];
	/** Backups that it pins. */
	readonly pins?: readonly string[];
}
