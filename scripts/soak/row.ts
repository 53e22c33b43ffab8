// What a part of the soak reports.

/** One line of the table. */
export interface SoakRow {
	readonly what: string;
	readonly tried: number;
	/** Backups, rows or libraries that were lost, accepted wrongly, or left behind. */
	readonly lost: number;
}
